"""The event loop of the Monte Carlo, compiled.

Every jump is chosen in proportion to its rate and happens (Bortz, Kalos and Lebowitz, J. Comput.
Phys. 17, 10, 1975). Rates of sites are the leaves of a binary tree of sums, so that a site is found
and its rate changed in log₂ n steps. Sums are formed anew from their two parts, never by
differences, and rates from the occupation: nothing drifts, however long the run. Functions of the
loop take arrays one by one: taken out of a named tuple, each would be counted as one more reference,
which costs ten times as much as the physics.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lnmo_atoms.analyzers.kinetics.lattice_gas import Jumps, LatticeGas

Ints = NDArray[np.int32]
Small = NDArray[np.int8]
Floats = NDArray[np.float64]


class State(NamedTuple):
    """Where the ions are; changed in place.

    Attributes:
        ion: shape (n,), which ion is on each site, -1 where none is.
        site: shape (ions,), where each ion is.
        winding: shape (ions, 3), cell each ion has come to.
        neighbours: shape (n, shells), ions in the shells around each site.
        tree: s⁻¹, shape (2 · leaves,): sums of rates, the total at 1, sites from ``leaves`` on.
    """

    ion: NDArray[np.int32]
    site: NDArray[np.int32]
    winding: NDArray[np.int32]
    neighbours: NDArray[np.int8]
    tree: NDArray[np.float64]


@njit(cache=True)
def fill(gas: LatticeGas, filled: Ints) -> State:
    """The state with ions on the given sites."""
    n = len(gas.first) - 1
    leaves = 1
    while leaves < n:
        leaves *= 2
    ion = np.full(n, np.int32(-1))
    neighbours = np.zeros((n, len(gas.boltzmann)), np.int8)
    tree = np.zeros(2 * leaves)
    for p in range(len(filled)):
        ion[filled[p]] = p
        _count(neighbours, gas.pair_first, gas.pair_to, gas.pair_shell, filled[p], 1)
    for i in range(n):
        tree[leaves + i] = _site_rate(
            ion, neighbours, gas.first, gas.jumps, gas.bonds, gas.boltzmann, i
        )
    for node in range(leaves - 1, 0, -1):
        tree[node] = tree[2 * node] + tree[2 * node + 1]
    return State(ion, filled.copy(), np.zeros((len(filled), 3), np.int32), neighbours, tree)


@njit(cache=True)
def run(
    gas: LatticeGas, state: State, events: int, rng: np.random.Generator, seconds: Floats
) -> tuple[float, float, int]:
    """Let so many jumps happen; each takes its mean time, one over the sum of all rates.

    Args:
        gas: what does not change.
        state: changed in place.
        events: jumps.
        rng: of the random numbers.
        seconds: shape (n,), to which the time is added that each site is filled; shape (0,) where
            nobody asks.

    Returns:
        time in s, sum of the squared lengths of all jumps in Å², jumps done: fewer than asked for
        where no ion can jump any more.
    """
    first, jumps, bonds, boltzmann = gas.first, gas.jumps, gas.bonds, gas.boltzmann
    pair_first, pair_to, pair_shell = gas.pair_first, gas.pair_to, gas.pair_shell
    touch_first, touch = gas.touch_first, gas.touch
    ion, neighbours, tree = state.ion, state.neighbours, state.tree
    site, winding = state.site, state.winding
    time, squares = 0.0, 0.0
    for event in range(events):
        total = tree[1]
        if total <= 0.0:
            return time, squares, event
        time += 1.0 / total
        if len(seconds) > 0:
            for p in range(len(site)):
                seconds[site[p]] += 1.0 / total
        i, share = _find(tree, rng.random() * total)
        e = _choose(ion, neighbours, first, jumps, bonds, boltzmann, i, share)
        j = jumps[e].to
        squares += jumps[e].length2
        p = ion[i]
        ion[i], ion[j], site[p] = -1, p, j
        for axis in range(3):
            winding[p, axis] += jumps[e].image[axis]
        _count(neighbours, pair_first, pair_to, pair_shell, i, -1)
        _count(neighbours, pair_first, pair_to, pair_shell, j, 1)
        for end in range(2):
            centre = i if end == 0 else int(j)
            rate = _site_rate(ion, neighbours, first, jumps, bonds, boltzmann, centre)
            _renew(tree, centre, rate)
            for s in range(touch_first[centre], touch_first[centre + 1]):
                k = touch[s]
                if ion[k] >= 0:
                    rate = _site_rate(ion, neighbours, first, jumps, bonds, boltzmann, k)
                    _renew(tree, k, rate)
    return time, squares, events


@njit(cache=True)
def _find(tree: Floats, share: float) -> tuple[int, float]:
    """The site whose interval of the summed rates holds the share, and what is left of it."""
    leaves = len(tree) // 2
    node = 1
    while node < leaves:
        node *= 2
        if share >= tree[node] and tree[node + 1] > 0.0:
            share -= tree[node]
            node += 1
    return node - leaves, share


@njit(cache=True)
def _choose(
    ion: Ints,
    neighbours: Small,
    first: Ints,
    jumps: Jumps,
    bonds: Small,
    boltzmann: Floats,
    i: int,
    share: float,
) -> int:
    """The jump of site i whose interval holds the share."""
    jump = -1
    for e in range(first[i], first[i + 1]):
        rate = _jump_rate(ion, neighbours, jumps, bonds, boltzmann, i, e)
        if rate > 0.0:
            jump = e
            if share < rate:
                break
            share -= rate
    return jump


@njit(cache=True)
def _jump_rate(
    ion: Ints,
    neighbours: Small,
    jumps: Jumps,
    bonds: Small,
    boltzmann: Floats,
    i: int,
    e: int,
) -> float:
    """Rate in s⁻¹ of jump e of the ion on site i: 0 where the site it leads to is filled."""
    jump = jumps[e]
    j = jump.to
    if ion[j] >= 0:
        return 0.0
    half = 1.0
    for s in range(len(boltzmann)):
        more = neighbours[j, s] - bonds[e, s] - neighbours[i, s]
        half *= boltzmann[s, more + boltzmann.shape[1] // 2]
    return min(jump.rate * half, jump.limit * min(1.0, jump.uphill * half * half))


@njit(cache=True)
def _site_rate(
    ion: Ints,
    neighbours: Small,
    first: Ints,
    jumps: Jumps,
    bonds: Small,
    boltzmann: Floats,
    i: int,
) -> float:
    """Summed rate in s⁻¹ of the jumps of the ion on site i, 0 where there is none."""
    rate = 0.0
    if ion[i] >= 0:
        for e in range(first[i], first[i + 1]):
            rate += _jump_rate(ion, neighbours, jumps, bonds, boltzmann, i, e)
    return rate


@njit(cache=True)
def _count(
    neighbours: Small, pair_first: Ints, pair_to: Ints, pair_shell: Small, i: int, change: int
) -> None:
    """An ion came to (1) or left (-1) site i: its neighbours count it."""
    for s in range(pair_first[i], pair_first[i + 1]):
        neighbours[pair_to[s], pair_shell[s]] += change


@njit(cache=True)
def _renew(tree: Floats, i: int, rate: float) -> None:
    """The rate of one site and the sums it is part of."""
    node = len(tree) // 2 + i
    if tree[node] == rate:
        return
    tree[node] = rate
    while node > 1:
        node //= 2
        tree[node] = tree[2 * node] + tree[2 * node + 1]
