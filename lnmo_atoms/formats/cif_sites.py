"""The sites of a cell from the rows of a CIF and its symmetry operations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.symmetry import SymmetryOperations

SAME_SITE = 2e-3
"""Fractional distance up to which two positions are one site: 1/3 may be written 0.333."""
SAME_SITE_LIMIT = 0.2
"""Å, cap on the same in large cells."""
MOST_IMAGES = 2_000_000


@dataclass(frozen=True)
class Site:
    """One site of the cell: fractional coordinates and the rows of the CIF that share it."""

    position: NDArray[np.float64]
    rows: tuple[int, ...]


def symmetric_sites(
    coordinates: NDArray[np.float64], operations: SymmetryOperations | None, lattice: Lattice
) -> list[Site]:
    """Apply all operations; images that coincide are one site, at their mean position.

    The mean puts a rounded coordinate back onto its special position. Sites come in the order of
    their first row, then of the operations; only coordinates that operations moved are wrapped.
    """
    if operations is None or len(operations) == 1:
        images = coordinates
    elif len(coordinates) * len(operations) > MOST_IMAGES:
        raise RequestError(f"{len(coordinates)} atoms times {len(operations)} operations: too many")
    else:
        moved = np.einsum("oij,nj->noi", operations.rotations, coordinates)
        images = (moved + operations.translations).reshape(-1, 3)
    count = len(images) // len(coordinates)
    number = _coincident(images, min(SAME_SITE, SAME_SITE_LIMIT / max(lattice.abc)))
    _, first, number = np.unique(number, return_index=True, return_inverse=True)
    shifts = images - images[first][number]
    shifts -= np.round(shifts)
    mean = np.array([np.bincount(number, weights=axis) for axis in shifts.T]).T
    positions = images[first] + mean / np.bincount(number)[:, None]
    if count > 1:
        positions = np.mod(np.round(positions, 12), 1.0)
    rows: list[dict[int, None]] = [{} for _ in first]
    for image, site in enumerate(number):
        rows[site][image // count] = None
    return [Site(positions[i], tuple(rows[i])) for i in np.argsort(first)]


def _coincident(points: NDArray[np.float64], radius: float) -> NDArray[np.int_]:
    """Number the points, shape (n, 3), so that those within a radius in a unit torus share one."""
    wrapped = np.mod(points, 1.0)
    wrapped[wrapped >= 1.0] = 0.0
    tree = cKDTree(wrapped, boxsize=1.0)
    if tree.count_neighbors(tree, radius) > 10 * MOST_IMAGES:
        raise RequestError("very many atoms lie on top of each other: check the coordinates")
    pairs = tree.query_pairs(radius, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
    return np.asarray(connected_components(graph, directed=False)[1])
