"""Congruent geometries: equal but for a motion or a mirror, so that all their numbers are equal."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.symmetry import site_kinds

SAME_DISTANCE = 1e-3
"""Å, by which no two atoms of congruent geometries may be nearer or farther."""

T = TypeVar("T")


class Congruent(Generic[T]):
    """What belongs to geometries, once for all that are congruent."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: list[tuple[NDArray[np.float64], T]] = []

    def first(self, structure: Structure, own: T) -> T:
        """What belongs to the first geometry congruent with this one: ``own`` if it is the first.

        Args:
            structure: all are of one cell.
            own: what belongs to it.
        """
        distances = _distances(structure)
        for others, same in self._known:
            if len(others) == len(distances) and np.allclose(
                others, distances, rtol=0, atol=SAME_DISTANCE
            ):
                return same
        self._known.append((distances, own))
        return own


def _distances(structure: Structure) -> NDArray[np.float64]:
    """All distances in Å, those between atoms of like kinds together, ascending; shape (pairs,)."""
    kinds = site_kinds(structure)
    one, other = np.triu_indices(len(structure), 1)
    low, high = np.minimum(kinds[one], kinds[other]), np.maximum(kinds[one], kinds[other])
    distances = structure.distance_matrix[one, other]
    return np.asarray(distances[np.lexsort((distances, high, low))])
