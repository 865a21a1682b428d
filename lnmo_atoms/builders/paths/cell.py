"""The cell of a defect: the smallest whose periodic images of it lie far enough apart."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.symmetry import symmetry_operations

LEAST_SEPARATION = 8.0
"""Å between periodic images of a defect; the 56-atom cubic cell of spinel keeps it."""
MOST_ATOMS = 1000
"""Atoms of the largest cell that a defect is put into."""
EQUAL = 1e-3
"""Å, lengths closer than this are one."""


@dataclass(frozen=True)
class DefectCell:
    """A crystal enlarged until the periodic images of one defect hardly feel each other.

    Attributes:
        structure: all sites filled; charges, moments and site properties as in the bulk.
        bulk: what was enlarged.
        matrix: shape (3, 3), integers; its rows are the new lattice vectors in the old ones.
        separation: Å between a defect and its nearest periodic image.
    """

    structure: Structure
    bulk: Structure
    matrix: NDArray[np.int_]
    separation: float

    def hop(self, hop: Hop) -> Hop:
        """A hop of the bulk with the sites, cells and octahedron of the enlarged crystal.

        Its multiplicity, bottleneck and equivalents remain those of the bulk's own cell.
        """
        smaller = np.linalg.inv(self.matrix)
        ideal = self.bulk.frac_coords
        start, home = self._site(ideal[hop.start] @ smaller)
        end, away = self._site((ideal[hop.end] + hop.end_image) @ smaller)
        return replace(
            hop,
            start=start,
            end=end,
            end_image=away - home,
            octahedron=hop.octahedron @ smaller - home,
        )

    def _site(self, point: NDArray[np.float64]) -> tuple[int, NDArray[np.int_]]:
        """The site at a fractional point, and the cell that the point lies in."""
        delta = point - self.structure.frac_coords
        cells = np.rint(delta)
        far = np.linalg.norm((delta - cells) @ self.structure.lattice.matrix, axis=1)
        return int(far.argmin()), cells[far.argmin()].astype(int)


def defect_cell(bulk: Structure, separation: float = LEAST_SEPARATION) -> DefectCell:
    """The bulk, enlarged where need be, so that images of a defect are so far apart.

    Args:
        bulk: a crystal with whole atoms; a cell that is large enough is taken as it is.
        separation: Å, at least.

    Raises:
        RequestError: where more than 1000 atoms would be needed.
    """
    require_bulk(bulk)
    matrix = defect_matrix(bulk, separation)
    structure = bulk.copy()
    if (matrix != np.eye(3)).any():
        structure.make_supercell(matrix.tolist())
    return DefectCell(structure, bulk, matrix, least_image_distance(structure.lattice))


def defect_matrix(bulk: Structure, separation: float = LEAST_SEPARATION) -> NDArray[np.int_]:
    """The smallest supercell whose lattice vectors are all so long.

    Every sublattice of the crystal's lattice is tried, by its Hermite normal form, those of fewest
    atoms first (Hart and Forcade, Phys. Rev. B 77, 224115, 2008). Of equally many atoms the one
    that keeps most operations of the crystal is taken, of these the one with the longest shortest
    vector, of these the one with most right angles.

    Args:
        bulk: the crystal; identity where its own cell is large enough.
        separation: Å, of the shortest lattice vector, at least.

    Returns:
        shape (3, 3); rows are the new lattice vectors, as short as can be, in the old ones.

    Raises:
        RequestError: where more than 1000 atoms would be needed.
    """
    if not 0 < separation < math.inf:
        raise RequestError(f"a separation of {separation:g} Å is none: give Å, such as 8")
    lattice = bulk.lattice
    if least_image_distance(lattice) > separation - EQUAL:
        return np.eye(3, dtype=int)
    fewest = math.ceil((separation - EQUAL) ** 3 / math.sqrt(2) / lattice.volume)
    most = MOST_ATOMS // len(bulk)
    if fewest <= most:
        near = _short_vectors(lattice, separation - EQUAL)
        for number in range(max(2, fewest), most + 1):
            wide = _without(sublattices(number), near[: len(near) // 2])
            if len(wide):
                return _best(wide, bulk)
    raise RequestError(
        f"images of a defect {separation:g} Å apart need a cell of more than {MOST_ATOMS} atoms: "
        "ask for a smaller separation"
    )


def least_image_distance(lattice: Lattice) -> float:
    """Å, the shortest lattice vector: from a defect to its nearest periodic image."""
    reduced = lattice.get_lll_reduced_lattice()
    vectors = _short_vectors(reduced, min(reduced.abc) + EQUAL)
    return float(np.linalg.norm(vectors @ reduced.matrix, axis=1).min())


def sublattices(number: int) -> NDArray[np.int_]:
    """Hermite normal forms of every sublattice with so many times the volume, shape (m, 3, 3)."""
    return np.array(
        [
            [[a, x, y], [0, b, z], [0, 0, number // (a * b)]]
            for a in _divisors(number)
            for b in _divisors(number // a)
            for x in range(b)
            for y, z in itertools.product(range(number // (a * b)), repeat=2)
        ]
    )


def _divisors(number: int) -> list[int]:
    return [d for d in range(1, number + 1) if number % d == 0]


def _short_vectors(lattice: Lattice, reach: float) -> NDArray[np.int_]:
    """Lattice vectors up to a length in Å, but zero, as integers, v and −v mirrored in the list."""
    reduced = lattice.get_lll_reduced_lattice()
    steps = np.floor(reach * np.array(reduced.reciprocal_lattice_crystallographic.abc) + 1e-9)
    grid = itertools.product(*(range(-int(n), int(n) + 1) for n in steps))
    points = np.array([point for point in grid if any(point)]).reshape(-1, 3)
    points = points[np.linalg.norm(points @ reduced.matrix, axis=1) <= reach]
    to_given = np.rint(reduced.matrix @ lattice.inv_matrix).astype(int)
    vectors: NDArray[np.int_] = points @ to_given
    return vectors


def _without(forms: NDArray[np.int_], vectors: NDArray[np.int_]) -> NDArray[np.int_]:
    """The sublattices that hold none of the vectors."""
    inverse, number = _inverse(forms)
    left = np.arange(len(forms))
    for vector in vectors:
        left = left[((vector @ inverse[left]) % number).any(axis=1)]
    return forms[left]


def _inverse(forms: NDArray[np.int_]) -> tuple[NDArray[np.int_], int]:
    """Inverses as whole numbers over their common determinant."""
    number = round(float(np.linalg.det(forms[0])))
    return np.rint(np.linalg.inv(forms) * number).astype(int), number


def _best(forms: NDArray[np.int_], bulk: Structure) -> NDArray[np.int_]:
    """The sublattice of most symmetry, in a compact basis."""
    rotations = np.unique(symmetry_operations(bulk).rotations, axis=0)
    inverse, number = _inverse(forms)
    turned = np.einsum("mij,rkj,mkl->mril", forms, rotations, inverse)
    kept = (turned % number == 0).all(axis=(2, 3)).sum(axis=1)
    bases = [_compact(form, bulk.lattice) for form in forms[kept == kept.max()]]

    def width_and_angles(basis: NDArray[np.int_]) -> tuple[float, int]:
        cell = Lattice(basis @ bulk.lattice.matrix)
        square = np.isclose(cell.angles, 90, atol=0.01).sum()
        return round(least_image_distance(cell) / EQUAL), int(square)

    return max(bases, key=width_and_angles)


def _compact(form: NDArray[np.int_], lattice: Lattice) -> NDArray[np.int_]:
    """The three shortest vectors that span a sublattice, of equal ones the most upright.

    In three dimensions vectors that reach the successive minima are a basis.
    """
    cell = Lattice(form @ lattice.matrix)
    longest = max(cell.get_lll_reduced_lattice().abc)
    vectors = _short_vectors(cell, longest + EQUAL) @ form
    arms = vectors @ lattice.matrix
    lengths = np.linalg.norm(arms, axis=1)
    arms = np.round(arms / lengths[:, None], 6)
    chosen: list[int] = []
    for rank in (1, 2, 3):
        upright = [
            (
                round(lengths[i] / EQUAL),
                round(float(np.abs(arms[chosen] @ arms[i]).sum()), 4),
                *-arms[i],
                i,
            )
            for i in range(len(arms))
            if np.linalg.matrix_rank(vectors[[*chosen, i]]) == rank
        ]
        chosen.append(int(min(upright)[-1]))
    basis: NDArray[np.int_] = vectors[chosen]
    return basis if np.linalg.det(basis) > 0 else basis[[0, 2, 1]]
