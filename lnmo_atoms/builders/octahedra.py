"""Empty oxygen octahedra, found by geometry: 16c of Fd-3m; 4a and 12d of P4_332."""

import itertools

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from scipy.spatial import cKDTree

CORNER = 2.7
"""Å, farthest corner from the centre of an octahedron."""
OPPOSITE = (3.4, 4.9)
"""Å, between opposite corners of an octahedron (in LNMO 3.8 to 4.3)."""
OCCUPIED = 1.3
"""Å, an octahedron with a cation closer to its centre is not empty (an 8a site is 1.77 away)."""
STRAIGHT = np.cos(np.radians(150))
"""Opposite corners are seen from the centre under at least 150°."""
UNEVEN = 1.3
"""Longest over shortest distance from centre to corner."""


def empty_octahedra(structure: Structure) -> NDArray[np.float64]:
    """Centres of octahedra of oxygen that hold no cation.

    Args:
        structure: bulk or slab; atoms in any cell.

    Returns:
        fractional coordinates in [0, 1), shape (k, 3), sorted.
    """
    oxygen = np.array([all(sp.symbol == "O" for sp in site.species) for site in structure])
    corners, cations = structure.frac_coords[oxygen], structure.frac_coords[~oxygen]
    if not len(corners):
        return np.zeros((0, 3))
    matrix = structure.lattice.matrix
    corner_cloud = cKDTree(padded(corners, structure) @ matrix)
    cation_cloud = cKDTree(padded(cations, structure) @ matrix) if len(cations) else None
    found: list[NDArray[np.float64]] = []
    for middle in _middles(corners, structure):
        near = corner_cloud.data[corner_cloud.query_ball_point(middle, CORNER)]
        if len(near) != 6:
            continue
        centre = near.mean(axis=0)
        if not _is_octahedron(near - centre):
            continue
        if cation_cloud is None or not cation_cloud.query_ball_point(centre, OCCUPIED):
            found.append(centre)
    return _distinct(np.array(found).reshape(-1, 3), structure)


def _is_octahedron(arms: NDArray[np.float64]) -> bool:
    """Six arms of similar length, each with another one opposite."""
    lengths = np.linalg.norm(arms, axis=1)
    directions = arms / lengths[:, None]
    straightest = (directions @ directions.T).min(axis=1)
    return bool(lengths.max() < UNEVEN * lengths.min() and (straightest < STRAIGHT).all())


def padded(
    coords: NDArray[np.float64], structure: Structure, margin: float = 6.0
) -> NDArray[np.float64]:
    """Fractional points with all their periodic images within ``margin`` Å of the cell."""
    reach = margin * np.array(structure.lattice.reciprocal_lattice_crystallographic.abc)
    span = [range(-int(np.ceil(r)), int(np.ceil(r)) + 1) for r in reach]
    images = (coords % 1.0)[:, None] + np.array(list(itertools.product(*span)))[None]
    images = images.reshape(-1, 3)
    kept: NDArray[np.float64] = images[((images > -reach) & (images < 1 + reach)).all(axis=1)]
    return kept


def _middles(corners: NDArray[np.float64], structure: Structure) -> NDArray[np.float64]:
    """Å, midpoints between oxygens that may be opposite corners, shape (m, 3)."""
    matrix = structure.lattice.matrix
    home, cloud = (corners % 1.0) @ matrix, padded(corners, structure) @ matrix
    pairs = cKDTree(home).sparse_distance_matrix(cKDTree(cloud), OPPOSITE[1], output_type="ndarray")
    pairs = pairs[pairs["v"] > OPPOSITE[0]]
    return np.unique(np.round((home[pairs["i"]] + cloud[pairs["j"]]) / 2, 3), axis=0)


def _distinct(centres: NDArray[np.float64], structure: Structure) -> NDArray[np.float64]:
    """One point of each group closer than 0.5 Å under periodic boundaries."""
    coords = structure.lattice.get_fractional_coords(centres) % 1.0
    coords[coords > 1 - 1e-6] = 0.0
    coords = coords[np.lexsort(np.round(coords.T[::-1], 4))]
    kept: list[NDArray[np.float64]] = []
    for point in coords:
        delta = np.array(kept).reshape(-1, 3) - point
        delta -= np.round(delta)
        if not (np.linalg.norm(delta @ structure.lattice.matrix, axis=1) < 0.5).any():
            kept.append(point)
    return np.array(kept).reshape(-1, 3)
