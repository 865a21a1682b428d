"""A crystal seen along a facet's normal: smallest in-plane cell, stacking vector, operations."""

import itertools
from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.facet import Facet
from lnmo_atoms.builders.symmetry import SymmetryOperations, site_kinds

Vectors = NDArray[np.float64]

MATCH = 0.1
"""Å within which an operation must bring an atom onto another."""


@dataclass(frozen=True)
class OrientedCrystal:
    """The infinite crystal in a frame whose third axis stacks lattice planes of one facet.

    Fractional coordinates refer to ``basis``: rows 0 and 1 span the in-plane cell, row 2 leads
    from one lattice plane to the next. Operations are those that keep or flip the normal and
    preserve the in-plane cell; they act on fractional coordinates.

    Attributes:
        basis: Å, shape (3, 3); x along row 0, z along the normal.
        coords: shape (n, 3), atoms of one repeat, heights in [0, 1).
        species: index of each atom's species, charge and moment, shape (n,): atoms of one species
            with opposite moments count apart, so that a slab keeps the bulk's net moment.
        bulk_sites: index in the bulk of a translation-equivalent of each atom, shape (n,).
        rotations: shape (m, 3, 3).
        translations: shape (m, 3).
    """

    basis: Vectors
    coords: Vectors
    species: NDArray[np.int_]
    bulk_sites: NDArray[np.int_]
    rotations: Vectors
    translations: Vectors

    @property
    def spacing(self) -> float:
        """Å, one repeat along the normal."""
        return float(self.basis[2, 2])

    def positions(self, atoms: NDArray[np.int_], repeats: NDArray[np.int_]) -> Vectors:
        """Å, shape (k, 3), where atoms of given repeats sit."""
        lifted = self.coords[atoms]
        lifted[:, 2] += repeats
        return np.asarray(lifted @ self.basis)

    @cached_property
    def kept(self) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """What operations that keep the normal make of atoms of repeat 0: atoms and repeats.

        Shape (operations, n) each.
        """
        return self._images(np.flatnonzero(self.rotations[:, 2, 2] > 0))

    def flipped(self, operation: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """What one operation makes of atoms of repeat 0: atoms and repeats."""
        atoms, repeats = self._images(np.array([operation]))
        return atoms[0], repeats[0]

    def _images(self, chosen: NDArray[np.int_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        turned = self.coords @ self.rotations[chosen].transpose(0, 2, 1)
        points = turned + self.translations[chosen][:, None]
        atoms, repeats = self.locate(points.reshape(-1, 3))
        return atoms.reshape(turned.shape[:2]), repeats.reshape(turned.shape[:2])

    def locate(self, points: Vectors) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """Which atom sits at each fractional point, and in which repeat.

        Args:
            points: shape (k, 3), in any repeat and any in-plane cell.

        Returns:
            atom indices, shape (k,), and repeats along the normal, shape (k,).
        """
        delta = points[:, None] - self.coords[None]
        repeats = np.round(delta[..., 2])
        delta[..., 2] -= repeats
        delta[..., :2] -= np.round(delta[..., :2])
        distances = np.linalg.norm(delta @ self.basis, axis=-1)
        atoms = distances.argmin(axis=1)
        rows = np.arange(len(points))
        if (distances[rows, atoms] > MATCH).any():
            raise RequestError("the bulk's atoms do not obey its own symmetry: relax it first")
        return atoms, repeats[rows, atoms].astype(int)


def orient(bulk: Structure, operations: SymmetryOperations, facet: Facet) -> OrientedCrystal:
    """See the crystal along the facet's normal, with the smallest in-plane cell.

    Args:
        bulk: an ordered crystal, in any cell.
        operations: its space-group operations.
        facet: Miller indices in the cell of ``bulk``.

    Raises:
        RequestError: for a cell too skewed to find its shortest vectors.
    """
    primitive = _primitive_basis(bulk.lattice.matrix, operations)
    indices = np.rint(primitive @ np.linalg.inv(bulk.lattice.matrix) @ np.array(facet) * 24)
    basis = _facet_basis(indices.astype(int)) @ primitive
    basis = _reduce_in_plane(basis)
    kinds = site_kinds(bulk)
    atoms = _primitive_atoms(bulk, kinds, primitive)
    # column vectors: x_facet = change · x_bulk
    change = np.linalg.inv(basis.T) @ bulk.lattice.matrix.T
    rotations = change @ operations.rotations @ np.linalg.inv(change)
    translations = operations.translations @ change.T
    keep = np.flatnonzero(np.abs(np.abs(rotations[:, 2, 2]) - 1) < 1e-6)
    keep = keep[np.abs(rotations[keep, 2, :2]).max(axis=1) < 1e-6]
    rotations, translations = np.rint(rotations[keep]), translations[keep]
    translations -= np.floor(translations + 1e-9)
    _, first = np.unique(
        np.round(np.concatenate([rotations.reshape(-1, 9), translations], axis=1), 5),
        axis=0,
        return_index=True,
    )
    coords = bulk.frac_coords[atoms] @ change.T
    return OrientedCrystal(
        _standard_frame(basis),
        coords - np.floor(coords + 1e-9),
        kinds[atoms] - 1,
        atoms,
        rotations[first],
        translations[first],
    )


def enlarge(crystal: OrientedCrystal, multiple: NDArray[np.int_]) -> OrientedCrystal:
    """The same crystal with a larger in-plane cell.

    Operations must map the lattice of the new cell onto itself. The stacking vector is therefore
    the one, of all that lead to the next lattice plane, that keeps most of them; where each loses
    some and a flip is among the operations, it leads to the next plane but one, and keeps all.

    Args:
        crystal: as oriented.
        multiple: shape (2, 2), the new in-plane vectors in terms of the old.
    """
    sideways = _cosets(multiple)
    cells = np.tile(np.eye(3), (len(sideways) + 1, 1, 1))
    cells[:, :2, :2] = multiple
    cells[:-1, 2, :2] = sideways[:, :2]
    cells[-1, 2, 2] = 2.0
    changes = np.linalg.inv(cells.transpose(0, 2, 1))
    turned = changes[:, None] @ crystal.rotations @ cells.transpose(0, 2, 1)[:, None]
    kept = np.abs(turned - np.round(turned)).max(axis=(2, 3)) < 1e-6
    if (crystal.rotations[:, 2, 2] > 0).all():
        kept[-1] = False
    best = int(kept.sum(axis=1).argmax())
    change, keep = changes[best], kept[best]
    upwards = np.arange(cells[best, 2, 2])
    shifts = np.concatenate([sideways + np.array([0, 0, layer]) for layer in upwards])
    coords = ((crystal.coords[None] + shifts[:, None]) @ change.T).reshape(-1, 3)
    coords[:, :2] -= np.floor(coords[:, :2] + 1e-9)
    translations = (crystal.translations[keep][None] + shifts[:, None]) @ change.T
    return OrientedCrystal(
        _standard_frame(cells[best] @ crystal.basis),
        coords,
        np.tile(crystal.species, len(shifts)),
        np.tile(crystal.bulk_sites, len(shifts)),
        np.tile(np.rint(turned[best, keep]), (len(shifts), 1, 1)),
        translations.reshape(-1, 3),
    )


def doublings(crystal: OrientedCrystal) -> list[NDArray[np.int_]]:
    """The three ways to double the in-plane cell, most compact first."""
    ways = [np.array(m) for m in ([[2, 0], [0, 1]], [[1, 0], [0, 2]], [[1, 1], [-1, 1]])]
    return sorted(ways, key=lambda m: round(float(np.linalg.norm(m @ crystal.basis[:2])), 6))


def _primitive_basis(matrix: Vectors, operations: SymmetryOperations) -> Vectors:
    """Three shortest independent lattice vectors; in three dimensions they are a basis."""
    pure = (operations.rotations == np.eye(3, dtype=int)).all(axis=(1, 2))
    centrings = operations.translations[pure]
    cells = np.array(list(itertools.product(range(-3, 4), repeat=3)))
    vectors = (cells[:, None] + centrings[None]).reshape(-1, 3) @ matrix
    lengths = np.linalg.norm(vectors, axis=1)
    vectors = vectors[np.lexsort((*vectors.T, np.round(lengths, 6)))]
    chosen: list[Vectors] = []
    for vector in vectors:
        trial = np.array([*chosen, vector])
        if np.linalg.matrix_rank(trial, tol=1e-3) == len(trial):
            chosen.append(vector)
        if len(chosen) == 3:
            break
    basis = np.array(chosen)
    wanted = abs(np.linalg.det(matrix)) / len(centrings)
    if abs(abs(np.linalg.det(basis)) - wanted) > 1e-3 * wanted:
        raise RequestError("the bulk's cell is too skewed: reduce it (Niggli) first")
    return basis


def _facet_basis(indices: NDArray[np.int_]) -> NDArray[np.int_]:
    """Integer basis: two vectors in the plane (h·v = 0) and one on the next plane (h·v = 1)."""
    h, k, m = (int(i) for i in indices // np.gcd.reduce(indices))
    if h == k == 0:
        return np.array([[1, 0, 0], [0, 1, 0], [0, 0, m]])
    d = gcd(h, k)
    x, y = _bezout(h, k)
    p, q = _bezout(d, m)
    return np.array([[k // d, -h // d, 0], [-x * m, -y * m, d], [p * x, p * y, q]])


def _bezout(a: int, b: int) -> tuple[int, int]:
    """Two integers x and y with a x + b y = gcd(a, b) > 0."""
    if b == 0:
        return (1 if a > 0 else -1), 0
    x, y = _bezout(b, a % b)
    return y, x - (a // b) * y


def _reduce_in_plane(basis: Vectors) -> Vectors:
    """Gauss-reduce rows 0 and 1, then make row 2 as upright as the lattice allows."""
    a, b, c = basis
    while True:
        if a @ a > b @ b + 1e-9:
            a, b = b, a
        step = np.round(a @ b / (a @ a) - 1e-9)
        if step == 0:
            break
        b = b - step * a
    if np.linalg.det([a, b, c]) < 0:
        b = -b
    plane = np.array([a, b])
    along = np.linalg.solve(plane @ plane.T, plane @ c)
    return np.array([a, b, c - np.round(along - 1e-9) @ plane])


def _primitive_atoms(
    bulk: Structure, kinds: NDArray[np.int_], primitive: Vectors
) -> NDArray[np.int_]:
    """One bulk atom out of each set of lattice-translation equivalents."""
    coords = bulk.cart_coords @ np.linalg.inv(primitive)
    chosen: list[int] = []
    for i, point in enumerate(coords):
        delta = coords[chosen] - point
        delta -= np.round(delta)
        same = [j for j, d in zip(chosen, np.abs(delta).max(axis=1), strict=True) if d < 0.01]
        if not any(kinds[j] == kinds[i] for j in same):
            chosen.append(i)
    return np.array(chosen)


def _cosets(multiple: NDArray[np.int_]) -> Vectors:
    """Old in-plane lattice points inside the new in-plane cell, shape (det, 3)."""
    size = abs(round(float(np.linalg.det(multiple))))
    span = range(-size, size + 1)
    points = np.array([(i, j, 0) for i in span for j in span])
    inside = points[:, :2] @ np.linalg.inv(multiple)
    return points[((inside > -1e-9) & (inside < 1 - 1e-9)).all(axis=1)].astype(float)


def _standard_frame(basis: Vectors) -> Vectors:
    """The basis turned so that row 0 lies along x and the plane's normal along z."""
    x = basis[0] / np.linalg.norm(basis[0])
    z = np.cross(basis[0], basis[1])
    z /= np.linalg.norm(z)
    turned: Vectors = basis @ np.array([x, np.cross(z, x), z]).T
    return turned
