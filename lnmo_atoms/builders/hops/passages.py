"""Every way of a cell from one mobile ion over an empty octahedron to another."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.neighbours import neighbours
from lnmo_atoms.builders.octahedra import Octahedra

REACH = 1.12
"""A mobile ion this many radii from an octahedron's centre can enter it (8a–16c is 0.82 in LNMO,
0.87 where the anions are close-packed; an octahedral site behind an edge is 1.41 away)."""


@dataclass(frozen=True)
class Passages:
    """Undirected hops, each once per cell, before symmetry sorts them.

    Attributes:
        ions: sites of all mobile ions, shape (n,).
        octahedra: which one is passed, in the home cell, shape (m,).
        ends: which of the ions are the two ends, shape (m, 2).
        cells: of the two ends, shape (m, 2, 3).
        lengths: Å, end to octahedron to end, shape (m,).
    """

    ions: NDArray[np.int_]
    octahedra: NDArray[np.int_]
    ends: NDArray[np.int_]
    cells: NDArray[np.int_]
    lengths: NDArray[np.float64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.octahedra)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "Passages":
        """Some of them."""
        return Passages(
            self.ions,
            self.octahedra[chosen],
            self.ends[chosen],
            self.cells[chosen],
            self.lengths[chosen],
        )


def find_passages(bulk: Structure, ions: NDArray[np.int_], octahedra: Octahedra) -> Passages:
    """Every pair of mobile ions around each octahedron.

    Args:
        bulk: the crystal.
        ions: sites of the mobile ions.
        octahedra: the empty ones.
    """
    centres, radii, coords = octahedra.centres, octahedra.radii, bulk.frac_coords[ions]
    i, j, cells = neighbours(bulk.lattice, centres, coords, REACH * radii.max(initial=0.0))
    legs = np.linalg.norm((coords[j] + cells - centres[i]) @ bulk.lattice.matrix, axis=1)
    near = legs < REACH * radii[i]
    i, j, cells, legs = i[near], j[near], cells[near], legs[near]
    order = np.lexsort((*cells.T[::-1], j, i))
    bounds = np.searchsorted(i[order], np.arange(len(centres) + 1))
    pairs = [
        pair
        for a, b in itertools.pairwise(bounds)
        for pair in itertools.combinations(order[a:b], 2)
    ]
    ends = np.array(pairs, dtype=int).reshape(-1, 2)
    return Passages(ions, i[ends[:, 0]], j[ends], cells[ends], legs[ends].sum(axis=1))
