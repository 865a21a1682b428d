"""What surrounds an octahedron: the ring of cations and the faces that an ion passes."""

import itertools

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.hops.passages import REACH
from lnmo_atoms.builders.neighbours import neighbours
from lnmo_atoms.builders.octahedra import Octahedra, is_anion

RING = 1.55
"""Cations this many radii from an octahedron's centre, beyond its ends, may be in the ring around
it (16c–16d is 1.34 in LNMO; √2 where the anions are close-packed)."""
BESIDE = np.cos(np.radians(60))
"""Those of the ring lie beside the way, at 60° or more from it: 16d at 90°, but 16c at 35°."""

Arms = tuple[NDArray[np.int_], NDArray[np.float64]]
"""Cations around an octahedron, shape (n,), and the way to each in Å, shape (n, 3)."""


def cations_around(bulk: Structure, octahedra: Octahedra) -> list[Arms]:
    """For every octahedron the cations that may be in its ring."""
    cations = np.flatnonzero(~is_anion(bulk))
    coords, radii = bulk.frac_coords[cations], octahedra.radii
    i, j, cells = neighbours(bulk.lattice, octahedra.centres, coords, RING * radii.max())
    arms = (coords[j] + cells - octahedra.centres[i]) @ bulk.lattice.matrix
    far = np.linalg.norm(arms, axis=1) / radii[i]
    inside = (far > REACH) & (far < RING)
    i, j, arms = i[inside], j[inside], arms[inside]
    bounds = np.searchsorted(i, np.arange(len(radii) + 1))
    return [(cations[j[a:b]], arms[a:b]) for a, b in itertools.pairwise(bounds)]


def ring(around: Arms, axis: NDArray[np.float64]) -> NDArray[np.int_]:
    """The cations beside a hop's way, in cyclic order about it.

    Args:
        around: the octahedron.
        axis: from start to end, of any length, shape (3,).
    """
    cations, arms = around
    axis = axis / np.linalg.norm(axis)
    along = arms @ axis
    beside = np.abs(along) <= BESIDE * np.linalg.norm(arms, axis=1)
    if not beside.any():
        return np.zeros(0, dtype=int)
    across = (arms - along[:, None] * axis)[beside]
    x = across[0] / np.linalg.norm(across[0])
    angles = np.arctan2(across @ np.cross(axis, x), across @ x) % (2 * np.pi - 1e-6)
    ordered: NDArray[np.int_] = cations[beside][np.argsort(angles)]
    return ordered


def smallest_face(
    arms: NDArray[np.float64], ends: NDArray[np.float64]
) -> tuple[NDArray[np.int_], float]:
    """The smallest face that an ion passes on its way into an octahedron and out of it.

    Args:
        arms: Å, from the centre to the six corners, shape (6, 3).
        ends: Å, from the centre to start and end of the hop, shape (2, 3).

    Returns:
        the three corners and the area in Å².
    """
    to_corners = np.linalg.norm(arms - ends[:, None], axis=-1)
    faces = np.argsort(to_corners, axis=1)[:, :3]
    a, b, c = arms[faces].transpose(1, 0, 2)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    smallest = int(np.argmin(np.round(areas, 6)))
    return faces[smallest], float(areas[smallest])
