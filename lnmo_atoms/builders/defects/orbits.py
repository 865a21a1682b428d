"""Sets of sites that no operation turns into each other, each with its own operations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Orbit:
    """A set of sites that stands for all equivalent ones.

    Attributes:
        sites: ascending indices, shape (k,).
        multiplicity: equivalent sets.
        permutations: the operations that leave the set as it is, shape (s, n).
    """

    sites: NDArray[np.int_]
    multiplicity: int
    permutations: NDArray[np.int_]


def distinct_sets(permutations: NDArray[np.int_], sets: NDArray[np.int_]) -> Iterator[Orbit]:
    """The first set of each orbit; its size follows from those operations that keep it.

    Unlike :func:`~lnmo_atoms.builders.subsets.distinct_subsets` it takes the sets from a list.

    Args:
        permutations: all operations of a group, shape (g, n): site i goes to
            ``permutations[o, i]``.
        sets: sites in each, shape (m, k).
    """
    known: set[bytes] = set()
    for sites in np.sort(sets, axis=1):
        images = np.sort(permutations[:, sites], axis=1)
        if np.ascontiguousarray(sites).tobytes() in known:
            continue
        known.update(image.tobytes() for image in images)
        keeping = (images == sites).all(axis=1)
        yield Orbit(sites, len(permutations) // int(keeping.sum()), permutations[keeping])
