"""Swaps of nickel and manganese until sums over clusters lie where they should, compiled.

Every sum of products of σ = ±1 over an orbit is an integer, kept up to date swap by swap: nothing
drifts. The cost of a sum is its distance from the interval given for it. Swaps are accepted as
Metropolis et al. do (J. Chem. Phys. 21, 1087, 1953), at one temperature: solutions are so many that
the walk meets one long before it would have to be cooled.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

TEMPERATURE = 1.0
"""In units of the cost; one pair of nearest nickel neighbours too many costs 4/3."""


class Problem(NamedTuple):
    """What the walk does not change.

    Attributes:
        first: shape (sites + 1,), where each site's clusters begin in ``cluster``.
        cluster: clusters that a site belongs to, once for each time it does.
        orbit: shape (clusters,), the orbit of each.
        lower: shape (orbits,), the least sum that is free of cost.
        upper: shape (orbits,), the largest.
        weight: shape (orbits,), cost of a unit beyond.
    """

    first: NDArray[np.int64]
    cluster: NDArray[np.int64]
    orbit: NDArray[np.int64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    weight: NDArray[np.float64]


def problem(
    members: list[NDArray[np.int_]],
    sites: int,
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> Problem:
    """Clusters as the walk wants them; a deviation costs its correlation times the sites.

    Args:
        members: for each orbit, its clusters' sites, shape (clusters, order).
        sites: how many there are.
        lower: shape (orbits,), see :class:`Problem`.
        upper: shape (orbits,).
    """
    counts = [len(clusters) for clusters in members]
    site = np.concatenate([clusters.ravel() for clusters in members])
    starts = np.cumsum([0, *counts])
    cluster = np.concatenate(
        [
            np.repeat(np.arange(start, start + len(clusters)), clusters.shape[1])
            for start, clusters in zip(starts[:-1], members, strict=True)
        ]
    )
    return Problem(
        first=np.concatenate([[0], np.cumsum(np.bincount(site, minlength=sites))]),
        cluster=cluster[np.argsort(site, kind="stable")],
        orbit=np.repeat(np.arange(len(members)), counts),
        lower=lower,
        upper=upper,
        weight=sites / np.array(counts),
    )


@njit(cache=True)
def _flip(problem: Problem, site: int, product: NDArray[np.int8], total: NDArray[np.int64]) -> None:
    """The other species on a site: every cluster's product changes sign once for each time."""
    for e in range(problem.first[site], problem.first[site + 1]):
        c = problem.cluster[e]
        product[c] = -product[c]
        total[problem.orbit[c]] += 2 * product[c]


@njit(cache=True)
def _cost(problem: Problem, total: NDArray[np.int64]) -> float:
    """How far the sums lie outside their intervals, weighted."""
    cost = 0.0
    for o in range(len(total)):
        beyond = max(problem.lower[o] - total[o], total[o] - problem.upper[o], 0.0)
        cost += problem.weight[o] * beyond
    return cost


@njit(cache=True)
def _partner(blocks: NDArray[np.int64], k: int, rng: np.random.Generator) -> int:
    """A place in the block of ``k`` with the other species; ``k`` where there is none."""
    b = 0
    while k >= blocks[b, 2]:
        b += 1
    begin, middle, end = blocks[b]
    if k < middle:
        begin, middle = middle, end
    return int(begin + rng.random() * (middle - begin)) if begin < middle else k


@njit(cache=True)
def walk(
    problem: Problem,
    sites: NDArray[np.int64],
    blocks: NDArray[np.int64],
    rng: np.random.Generator,
    steps: int,
) -> tuple[NDArray[np.int64], float]:
    """Swap within blocks of sites until nothing costs any more.

    Args:
        problem: the clusters and their intervals.
        sites: shape (n,), all sites, block by block, in each block those with nickel first; swapped
            in place.
        blocks: shape (blocks, 3), where a block begins, where its manganese begins, where it ends.
        rng: of the random numbers.
        steps: swaps to be tried at most.

    Returns:
        the best sites found, in the same arrangement, and their cost.
    """
    product = np.ones(len(problem.orbit), dtype=np.int8)
    total = np.zeros(len(problem.lower), dtype=np.int64)
    for c in range(len(product)):
        total[problem.orbit[c]] += 1
    for b in range(len(blocks)):
        for k in range(blocks[b, 1], blocks[b, 2]):
            _flip(problem, sites[k], product, total)
    cost = _cost(problem, total)
    best, least = sites.copy(), cost
    for _ in range(steps):
        if least == 0.0:
            break
        k = int(rng.random() * len(sites))
        other = _partner(blocks, k, rng)
        if other == k:
            continue
        _flip(problem, sites[k], product, total)
        _flip(problem, sites[other], product, total)
        new = _cost(problem, total)
        if new > cost and rng.random() >= np.exp((cost - new) / TEMPERATURE):
            _flip(problem, sites[k], product, total)
            _flip(problem, sites[other], product, total)
            continue
        sites[k], sites[other] = sites[other], sites[k]
        cost = new
        if cost < least:
            best[:], least = sites, cost
    return best, least
