"""Subsets of equivalent sites that no symmetry operation turns into each other.

Representatives are built site by site, and only from representatives (orderly generation: Read,
Ann. Discrete Math. 2, 107, 1978). Without its last site, the lexicographically least subset of an
orbit is the least of its own orbit: whatever is not least is dropped with all that it would grow
into. Their number is known beforehand (Burnside's lemma, Pólya's cycle index).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lnmo_atoms.builders.errors import RequestError

BATCH = 8192
"""Subsets that are found at a time."""


@dataclass(frozen=True)
class Subsets:
    """Subsets of sites, one of each orbit.

    Attributes:
        members: shape (k, size), ascending site indices of the lexicographically least subset of
            each orbit.
        degeneracies: shape (k,), subsets in each orbit.
    """

    members: NDArray[np.int_]
    degeneracies: NDArray[np.int_]

    def __len__(self) -> int:
        """Number of orbits."""
        return len(self.members)


def distinct_subsets(permutations: NDArray[np.int_], size: int) -> Subsets:
    """Every orbit of the subsets of so many sites, in lexicographic order.

    Time grows with the number of all smaller subsets too: of a subset and its complement, ask for
    the smaller.

    Args:
        permutations: shape (g, n), all operations of a group: site i goes to
            ``permutations[o, i]``.
        size: sites in a subset.

    Raises:
        RequestError: where a subset cannot have this size.
    """
    batches = list(subset_batches(permutations, size))
    return Subsets(
        np.concatenate([batch.members for batch in batches]),
        np.concatenate([batch.degeneracies for batch in batches]),
    )


def subset_batches(permutations: NDArray[np.int_], size: int) -> Iterator[Subsets]:
    """The same as :func:`distinct_subsets`, a batch at a time: memory does not grow.

    Args:
        permutations: shape (g, n), all operations of a group.
        size: sites in a subset.

    Raises:
        RequestError: where a subset cannot have this size.
    """
    operations, n = permutations.shape
    _check_size(size, n)
    if size == 0:
        yield Subsets(np.empty((1, 0), dtype=int), np.ones(1, dtype=int))
        return
    words = -(-n // 64)
    search = _Search(
        targets=np.ascontiguousarray(permutations.T, dtype=np.int64),
        members=np.full(size, -1),
        own=np.zeros((size + 1, words), dtype=np.uint64),
        images=np.zeros((size + 1, operations, words), dtype=np.uint64),
    )
    depth = 0
    while depth >= 0:
        found, degeneracies = np.empty((BATCH, size), dtype=int), np.empty(BATCH, dtype=int)
        number, depth = _grow(search, depth, found, degeneracies)
        yield Subsets(found[:number], degeneracies[:number])


class _Search(NamedTuple):
    """Where the search for subsets stands; all but the targets are changed in place.

    A subset is a row of bits, site 0 the highest of the first word: of two subsets, the one with
    the greater number is lexicographically less.

    Attributes:
        targets: shape (n, g), where each operation sends each site.
        members: shape (size,), settled members, then the one last tried.
        own: shape (size + 1, words), bits of the first so many members.
        images: shape (size + 1, g, words), the same under every operation.
    """

    targets: NDArray[np.int64]
    members: NDArray[np.int_]
    own: NDArray[np.uint64]
    images: NDArray[np.uint64]


@njit(cache=True)
def _grow(
    search: _Search, depth: int, found: NDArray[np.int_], degeneracies: NDArray[np.int_]
) -> tuple[int, int]:
    """Go on with the search until it ends or the batch is full.

    Args:
        search: where it stands.
        depth: members that are settled; the next one is sought.
        found: shape (batch, size), filled with least subsets.
        degeneracies: shape (batch,), filled with subsets in their orbits.

    Returns:
        subsets found, and the depth to go on from, -1 at the end.
    """
    targets, members, own, images = search
    (n, operations), size, words = targets.shape, len(members), own.shape[1]
    highest = np.uint64(1) << np.uint64(63)
    number = 0
    while depth >= 0 and number < len(found):
        members[depth] += 1
        site = members[depth]
        if site > n - (size - depth):
            depth -= 1
            continue
        own[depth + 1] = own[depth]
        own[depth + 1, site // 64] |= highest >> np.uint64(site % 64)
        fixed = 0
        for o in range(operations):
            target = targets[site, o]
            equal, less = True, False
            for w in range(words):
                image = images[depth, o, w]
                if w == target // 64:
                    image |= highest >> np.uint64(target % 64)
                images[depth + 1, o, w] = image
                if equal and image != own[depth + 1, w]:
                    equal, less = False, image > own[depth + 1, w]
            if less:
                fixed = 0
                break
            fixed += equal
        if fixed == 0:
            continue
        if depth + 1 < size:
            depth += 1
            members[depth] = site
        else:
            found[number] = members
            degeneracies[number] = operations // fixed
            number += 1
    return number, depth


def orbit_of_subset(
    permutations: NDArray[np.int_], members: Sequence[int] | NDArray[np.int_]
) -> tuple[NDArray[np.int_], int]:
    """The lexicographically least subset that is equivalent to the given one, and the orbit's size.

    Args:
        permutations: shape (g, n), all operations of a group.
        members: sites of the subset.
    """
    images = np.sort(permutations[:, members], axis=1)
    orbit = np.unique(images, axis=0)
    return orbit[0], len(orbit)


def count_subsets(permutations: NDArray[np.int_], size: int) -> int:
    """How many orbits the subsets of so many sites form, exactly, without listing them.

    The mean over all operations of the subsets that one leaves as they are (Burnside's lemma):
    those are unions of its cycles, counted by the coefficient of x^size in Π (1 + x^length)
    (Pólya's cycle index).

    Args:
        permutations: shape (g, n), all operations of a group.
        size: sites in a subset.

    Raises:
        RequestError: where a subset cannot have this size.
    """
    _check_size(size, permutations.shape[1])
    lengths = np.sort(_cycle_lengths(permutations), axis=1)
    kinds, numbers = np.unique(lengths, axis=0, return_counts=True)
    fixed = sum(
        int(number) * _unions_of_cycles(kind, size)
        for kind, number in zip(kinds, numbers, strict=True)
    )
    return fixed // len(permutations)


def _check_size(size: int, n: int) -> None:
    if not 0 <= size <= n:
        raise RequestError(f"{size} of {n} sites cannot be chosen: ask for 0 to {n}")


def _cycle_lengths(permutations: NDArray[np.int_]) -> NDArray[np.int_]:
    """Length of the cycle that each site is in, shape (g, n)."""
    home = np.arange(permutations.shape[1])
    lengths, reached, step = np.zeros_like(permutations), permutations, 1
    while not lengths.all():
        lengths[(lengths == 0) & (reached == home)] = step
        reached, step = np.take_along_axis(permutations, reached, axis=1), step + 1
    return lengths


def _unions_of_cycles(lengths: NDArray[np.int_], size: int) -> int:
    """Ways to choose cycles with so many sites together, from the cycle length of every site."""
    ways = [1] + [0] * size
    for length, sites in zip(*np.unique(lengths, return_counts=True), strict=True):
        cycles, step = int(sites // length), int(length)
        ways = [
            sum(comb(cycles, k) * ways[total - k * step] for k in range(total // step + 1))
            for total in range(size + 1)
        ]
    return ways[size]
