"""Rings of the metal sites: 16d of Fd-3m is a pyrochlore lattice of corner-sharing tetrahedra."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.clusters import QUARTERS, fd3m_operations, site_numbers

RING = ((1, -1, 0), (1, 0, -1), (0, 1, -1), (-1, 1, 0), (-1, 0, 1), (0, -1, 1))
"""Around 16c at (0, 0, 0), in units of a/4."""


def rings(supercell: Sequence[int]) -> NDArray[np.int_]:
    """The six sites around every empty 16c, nearest neighbours next to each other.

    Args:
        supercell: repeats of the cubic cell along its three axes.

    Returns:
        shape (16 · cells, 6), numbered as in ``metal_sites``. Two nearest neighbours follow each
        other in two rings.
    """
    rotations, translations = fd3m_operations()
    moved = np.einsum("oij,kj->oki", rotations, RING) + translations[:, None]
    centres = moved.sum(axis=1) // len(RING) % QUARTERS
    _, first = np.unique(centres, axis=0, return_index=True)
    cells = QUARTERS * np.indices(supercell).reshape(3, -1).T[:, None, None]
    return site_numbers(moved[first] + cells, supercell).reshape(-1, len(RING))
