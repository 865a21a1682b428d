"""Which hops of a cell symmetry makes equal, and by which operation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from scipy.spatial import cKDTree

from lnmo_atoms.builders.hops.hop import Equivalent
from lnmo_atoms.builders.hops.passages import Passages
from lnmo_atoms.builders.octahedra import Octahedra
from lnmo_atoms.builders.symmetry import SymmetryOperations, symmetry_operations

NO_TRANSLATION = 1e-3
"""Fractional, a translation nearer to whole numbers than this moves no atom to another."""


@dataclass(frozen=True)
class Images:
    """Where n operations send k points that they permute.

    Attributes:
        to: point i goes to an image of point ``to[o, i]``, shape (n, k).
        cells: the cell of that image, shape (n, k, 3).
    """

    to: NDArray[np.int_]
    cells: NDArray[np.int_]


def images_of(coords: NDArray[np.float64], operations: SymmetryOperations) -> Images:
    """Where operations send fractional points, shape (k, 3), that they permute."""
    moved = np.einsum("oij,nj->oni", operations.rotations, coords)
    moved += operations.translations[:, None]
    home = coords % 1.0
    home[home >= 1.0] = 0.0
    _, to = cKDTree(home, boxsize=1.0).query(moved)
    return Images(to, np.rint(moved - coords[to]).astype(int))


@dataclass(frozen=True)
class Action:
    """What the space group does to a crystal's mobile ions and empty octahedra."""

    operations: SymmetryOperations
    sites: Images
    centres: Images


def orbits(
    bulk: Structure, octahedra: Octahedra, passages: Passages
) -> dict[int, tuple[Equivalent, ...]]:
    """The passages that the space group's operations map onto each other.

    Returns:
        for the first passage of each orbit all members of it, itself in front, each once.
    """
    operations = _identity_first(symmetry_operations(bulk))
    action = Action(
        operations,
        images_of(bulk.frac_coords[passages.ions], operations),
        images_of(octahedra.centres, operations),
    )
    numbers = _numbers(action, passages)
    new = np.zeros(numbers.max() + 1, dtype=bool)
    new[numbers[0]] = True
    found = {}
    for m, number in enumerate(numbers[0]):
        if new[number]:
            reached, by = np.unique(numbers[:, m], return_index=True)
            by = np.sort(by[new[reached]])
            new[reached] = False
            found[m] = _members(action, octahedra, passages, m, by)
    return found


def _identity_first(operations: SymmetryOperations) -> SymmetryOperations:
    """The operations, the one that leaves every point in place in front."""
    rotations, translations = operations.rotations.astype(int), operations.translations
    turned = (rotations != np.eye(3, dtype=int)).any(axis=(1, 2))
    moved = np.abs(translations - np.rint(translations)).max(axis=1) > NO_TRANSLATION
    order = np.argsort(turned | moved, kind="stable")
    return SymmetryOperations(rotations[order], translations[order])


def _numbers(action: Action, passages: Passages) -> NDArray[np.int_]:
    """A number for the image of each passage by each operation; one number for one passage.

    The images are compared with their octahedra moved into the home cell.

    Returns:
        shape (operations, passages).
    """
    cells = np.einsum("oij,mej->omei", action.operations.rotations, passages.cells)
    cells += action.sites.cells[:, passages.ends]
    cells -= action.centres.cells[:, passages.octahedra, None]
    cells -= cells.min(axis=(0, 1, 2))
    kinds = (len(passages.ions), *(cells.max(axis=(0, 1, 2)) + 1).tolist())
    ends = np.ravel_multi_index(
        (action.sites.to[:, passages.ends], *np.moveaxis(cells, -1, 0)), kinds
    )
    pairs = _numbered(ends.min(axis=-1) * np.prod(kinds) + ends.max(axis=-1))
    octahedra = action.centres.to
    return _numbered(pairs * octahedra.shape[1] + octahedra[:, passages.octahedra])


def _numbered(keys: NDArray[np.int_]) -> NDArray[np.int_]:
    """Small numbers instead of large ones, equal for equal."""
    numbers: NDArray[np.int_] = np.unique(keys, return_inverse=True)[1].reshape(keys.shape)
    return numbers


def _members(
    action: Action, octahedra: Octahedra, passages: Passages, m: int, by: NDArray[np.int_]
) -> tuple[Equivalent, ...]:
    """The images of one passage by some operations, each with its start in the home cell."""
    octahedron, (start, end) = passages.octahedra[m], passages.ends[m]
    start_cell, end_cell = passages.cells[m]
    sites, centres = action.sites, action.centres
    rotations, home = action.operations.rotations[by], sites.cells[by, start]
    ends = rotations @ (end_cell - start_cell) + sites.cells[by, end] - home
    middles = octahedra.centres[centres.to[by, octahedron]] + centres.cells[by, octahedron]
    middles -= rotations @ start_cell + home
    translations = action.operations.translations[by] - home
    return tuple(
        Equivalent(
            start=int(passages.ions[sites.to[o, start]]),
            end=int(passages.ions[sites.to[o, end]]),
            end_image=ends[k],
            octahedron=middles[k],
            rotation=rotations[k],
            translation=translations[k],
        )
        for k, o in enumerate(by)
    )
