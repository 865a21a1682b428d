"""The event loop of the Monte Carlo, compiled.

Every jump is chosen in proportion to its rate and happens (Bortz, Kalos and Lebowitz, J. Comput.
Phys. 17, 10, 1975). Rates of sites are the leaves of a binary tree of sums, so that a site is found
and its rate changed in log₂ n steps. Sums are formed anew from their two parts, never by
differences, and rates from the occupation: nothing drifts, however long the run.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lnmo_atoms.analyzers.kinetics.lattice_gas import LatticeGas

lean = njit(cache=True, _nrt=False)
"""Compiles what allocates nothing. Counting the references to every array of a named tuple would
take ten times as long as the physics."""


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
def fill(gas: LatticeGas, filled: NDArray[np.int32]) -> State:
    """The state with ions on the given sites."""
    n = len(gas.first) - 1
    leaves = 1
    while leaves < n:
        leaves *= 2
    shells = len(gas.boltzmann)
    state = State(
        np.full(n, np.int32(-1)),
        filled.copy(),
        np.zeros((len(filled), 3), np.int32),
        np.zeros((n, shells), np.int8),
        np.zeros(2 * leaves),
    )
    for p in range(len(filled)):
        state.ion[filled[p]] = p
        _count(gas, state, filled[p], 1)
    for i in range(n):
        state.tree[leaves + i] = _site_rate(gas, state, i)
    for node in range(leaves - 1, 0, -1):
        state.tree[node] = state.tree[2 * node] + state.tree[2 * node + 1]
    return state


@lean
def run(
    gas: LatticeGas, state: State, events: int, rng: np.random.Generator
) -> tuple[float, float, int]:
    """Let so many jumps happen; each takes its mean time, one over the sum of all rates.

    Returns:
        time in s, sum of the squared lengths of all jumps in Å², jumps done: fewer than asked for
        where no ion can jump any more.
    """
    time, squares = 0.0, 0.0
    for event in range(events):
        total = state.tree[1]
        if total <= 0.0:
            return time, squares, event
        time += 1.0 / total
        i, left = _find(state.tree, rng.random() * total)
        jump = _choose(gas, state, i, left)
        squares += gas.length2[jump]
        _move(gas, state, i, jump)
    return time, squares, events


@njit(cache=True)
def residence(
    gas: LatticeGas, state: State, events: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Seconds that each site is filled in the course of so many jumps, shape (n,)."""
    seconds = np.zeros(len(state.ion))
    for _ in range(events):
        total = state.tree[1]
        for i in state.site:
            seconds[i] += 1.0 / total
        i, left = _find(state.tree, rng.random() * total)
        _move(gas, state, i, _choose(gas, state, i, left))
    return seconds


@lean
def _find(tree: NDArray[np.float64], share: float) -> tuple[int, float]:
    """The site whose interval of the summed rates holds the share, and what is left of it."""
    leaves = len(tree) // 2
    node = 1
    while node < leaves:
        node *= 2
        if share >= tree[node] and tree[node + 1] > 0.0:
            share -= tree[node]
            node += 1
    return node - leaves, share


@lean
def _choose(gas: LatticeGas, state: State, i: int, share: float) -> int:
    """The jump of site i whose interval holds the share."""
    jump = -1
    for e in range(gas.first[i], gas.first[i + 1]):
        rate = _jump_rate(gas, state, i, e)
        if rate > 0.0:
            jump = e
            if share < rate:
                break
            share -= rate
    return jump


@lean
def _jump_rate(gas: LatticeGas, state: State, i: int, e: int) -> float:
    """Rate in s⁻¹ of one jump of the ion on site i: 0 where the site it leads to is filled."""
    j = gas.to[e]
    if state.ion[j] >= 0:
        return 0.0
    shells = len(gas.boltzmann)
    if shells == 0:
        return gas.rate[e]
    half = 1.0
    for s in range(shells):
        more = state.neighbours[j, s] - gas.bonds[e, s] - state.neighbours[i, s]
        half *= gas.boltzmann[s, more + gas.boltzmann.shape[1] // 2]
    slowest = gas.limit[e] * min(1.0, gas.uphill[e] * half * half)
    return min(gas.rate[e] * half, slowest)


@lean
def _site_rate(gas: LatticeGas, state: State, i: int) -> float:
    """Summed rate in s⁻¹ of the jumps of the ion on site i, 0 where there is none."""
    rate = 0.0
    if state.ion[i] >= 0:
        for e in range(gas.first[i], gas.first[i + 1]):
            rate += _jump_rate(gas, state, i, e)
    return rate


@lean
def _count(gas: LatticeGas, state: State, i: int, change: int) -> None:
    """An ion came to (1) or left (-1) site i: its neighbours count it."""
    for s in range(gas.pair_first[i], gas.pair_first[i + 1]):
        state.neighbours[gas.pair_to[s], gas.pair_shell[s]] += change


@lean
def _move(gas: LatticeGas, state: State, i: int, jump: int) -> None:
    """Carry the ion on site i over, and renew the rates that depend on it."""
    j = gas.to[jump]
    p = state.ion[i]
    state.ion[i], state.ion[j], state.site[p] = -1, p, j
    for axis in range(3):
        state.winding[p, axis] += gas.image[jump, axis]
    if len(gas.boltzmann) > 0:
        _count(gas, state, i, -1)
        _count(gas, state, j, 1)
    _renew_around(gas, state, i)
    _renew_around(gas, state, j)


@lean
def _renew_around(gas: LatticeGas, state: State, i: int) -> None:
    """All rates that depend on whether site i is filled."""
    _renew(gas, state, i)
    for s in range(gas.touch_first[i], gas.touch_first[i + 1]):
        _renew(gas, state, gas.touch[s])


@lean
def _renew(gas: LatticeGas, state: State, i: int) -> None:
    """The rate of one site and the sums it is part of."""
    tree = state.tree
    node = len(tree) // 2 + i
    rate = _site_rate(gas, state, i)
    if tree[node] == rate:
        return
    tree[node] = rate
    while node > 1:
        node //= 2
        tree[node] = tree[2 * node] + tree[2 * node + 1]
