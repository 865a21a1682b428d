"""Which points of a crystal lie close to which, under periodic boundaries."""

import itertools

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure
from scipy.spatial import cKDTree

from lnmo_atoms.builders.errors import RequestError

Neighbours = tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]]
"""Centres i, points j, both shape (m,), and cells, shape (m, 3): point j moved by its cell is near
centre i."""

OVERLAP = 0.5
"""Å, atoms closer than this cannot be two (the shortest bond there is, H–H, measures 0.74 Å)."""


def neighbours(
    lattice: Lattice, centres: NDArray[np.float64], points: NDArray[np.float64], reach: float
) -> Neighbours:
    """Every image of a point within reach of a centre.

    Args:
        lattice: its three vectors repeat the points.
        centres: fractional, shape (n, 3), in any cell.
        points: fractional, shape (k, 3), in any cell.
        reach: Å.

    Returns:
        sorted by centre.
    """
    images, origins, cells = periodic_images(lattice, points, reach)
    home = np.floor(centres).astype(int)
    pairs = cKDTree((centres - home) @ lattice.matrix).sparse_distance_matrix(
        cKDTree(images @ lattice.matrix), reach, output_type="ndarray"
    )
    pairs = pairs[np.lexsort((pairs["j"], pairs["i"]))]
    i, j = pairs["i"], pairs["j"]
    return i, origins[j], cells[j] + home[i]


def periodic_images(
    lattice: Lattice, points: NDArray[np.float64], margin: float
) -> tuple[NDArray[np.float64], NDArray[np.int_], NDArray[np.int_]]:
    """The images of points in the home cell and within a margin of it.

    Args:
        lattice: its three vectors repeat the points.
        points: fractional, shape (k, 3), in any cell.
        margin: Å.

    Returns:
        fractional coordinates, shape (n, 3); the point that each is an image of, shape (n,); the
        cell that it was moved by, shape (n, 3).
    """
    home = np.floor(points).astype(int)
    reach = margin * np.array(lattice.reciprocal_lattice_crystallographic.abc)
    spans = [range(-most, most + 1) for most in np.ceil(reach).astype(int).tolist()]
    steps = np.array(list(itertools.product(*spans)))
    images = (points - home)[:, None] + steps
    inside = ((images >= -reach) & (images <= 1 + reach)).all(axis=-1)
    origins, which = np.nonzero(inside)
    return images[inside], origins, steps[which] - home[origins]


def require_apart(structure: Structure) -> None:
    """Refuse a crystal with two atoms in one place.

    Raises:
        RequestError: naming the two atoms.
    """
    coords = structure.frac_coords
    i, j, cells = neighbours(structure.lattice, coords, coords, OVERLAP)
    overlapping = np.flatnonzero(i < j)
    if len(overlapping):
        first = overlapping[0]
        a, b = int(i[first]), int(j[first])
        gap = np.linalg.norm((coords[b] + cells[first] - coords[a]) @ structure.lattice.matrix)
        raise RequestError(
            f"atoms {a} ({structure[a].species_string}) and {b} ({structure[b].species_string}) "
            f"lie {gap:.2f} Å apart: remove one of them"
        )
