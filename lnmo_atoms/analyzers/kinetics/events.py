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


class State(NamedTuple):
    """Where the ions are; changed in place.

    Attributes:
        ion: shape (n,), which ion is on each site, -1 where none is.
        site: shape (ions,), where each ion is.
        winding: shape (ions, 3), cell each ion has come to.
        neighbours: shape (n, shells), ions in the shells around each site.
        rate: s⁻¹, shape (jumps,), 0 where the jump is not possible now.
        tree: s⁻¹, shape (2 · leaves,): sums of rates, the total at 1, sites from ``leaves`` on.
    """

    ion: NDArray[np.int32]
    site: NDArray[np.int32]
    winding: NDArray[np.int32]
    neighbours: NDArray[np.int8]
    rate: NDArray[np.float64]
    tree: NDArray[np.float64]


def fill(gas: LatticeGas, filled: NDArray[np.int32]) -> State:
    """The state with ions on the given sites, its rates not yet known."""
    n = len(gas.first) - 1
    ion = np.full(n, -1, dtype=np.int32)
    ion[filled] = np.arange(len(filled))
    neighbours = np.zeros((n, len(gas.boltzmann)), dtype=np.int8)
    begin = np.repeat(np.arange(n), np.diff(gas.pair_first))
    with_ion = ion[begin] >= 0
    np.add.at(neighbours, (gas.pair_to[with_ion], gas.pair_shell[with_ion]), 1)
    return State(
        ion=ion,
        site=filled.copy(),
        winding=np.zeros((len(filled), 3), dtype=np.int32),
        neighbours=neighbours,
        rate=np.zeros(len(gas.to)),
        tree=np.zeros(2 << (n - 1).bit_length()),
    )


@njit(cache=True)
def run(
    gas: LatticeGas,
    state: State,
    events: int,
    rng: np.random.Generator,
    seconds: NDArray[np.float64],
) -> tuple[float, float, int]:
    """Let so many jumps happen; each takes its mean time, one over the sum of all rates.

    All in one function: for every array handed on, numba counts a reference, which would cost
    several times as much as the jump.

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
    first, to, bare, jumps = gas.first, gas.to, gas.rate, gas.jumps
    bonds, boltzmann = gas.bonds, gas.boltzmann
    pair_first, pair_to, pair_shell = gas.pair_first, gas.pair_to, gas.pair_shell
    touch_first, touch = gas.touch_first, gas.touch
    ion, site, winding = state.ion, state.site, state.winding
    neighbours, rate, tree = state.neighbours, state.rate, state.tree
    shells, zero = boltzmann.shape[0], boltzmann.shape[1] // 2
    leaves = len(tree) // 2
    stale = np.arange(max(len(ion), 2 * np.diff(touch_first).max()))
    stale_count = len(ion)
    time, squares, done = 0.0, 0.0, 0
    while True:
        for s in range(stale_count):
            # the rates of a site whose surroundings have changed, and the sums they are part of
            i = stale[s]
            of_site = 0.0
            for e in range(first[i], first[i + 1]):
                j = to[e]
                new = 0.0
                if ion[i] >= 0 and ion[j] < 0:
                    new = bare[e]
                    if shells > 0:
                        half = 1.0
                        for shell in range(shells):
                            more = neighbours[j, shell] - bonds[e, shell] - neighbours[i, shell]
                            half *= boltzmann[shell, zero + more]
                        climb = min(1.0, jumps[e].uphill * half * half)
                        new = min(new * half, jumps[e].limit * climb)
                rate[e] = new
                of_site += new
            node = leaves + i
            if tree[node] != of_site:
                tree[node] = of_site
                while node > 1:
                    node >>= 1
                    tree[node] = tree[2 * node] + tree[2 * node + 1]
        total = tree[1]
        if done == events or total <= 0.0:
            return time, squares, done

        # a site, then one of its jumps, whose interval of the summed rates holds the share
        share = rng.random() * total
        node = 1
        while node < leaves:
            node *= 2
            if share >= tree[node] and tree[node + 1] > 0.0:
                share -= tree[node]
                node += 1
        i = node - leaves
        jump = -1
        for e in range(first[i], first[i + 1]):
            if rate[e] > 0.0:
                jump = e
                if share < rate[e]:
                    break
                share -= rate[e]

        j, p = to[jump], ion[i]
        time += 1.0 / total
        for k in range(min(len(seconds), len(site))):
            seconds[site[k]] += 1.0 / total
        squares += jumps[jump].length2
        ion[i], ion[j], site[p] = -1, p, j
        for axis in range(3):
            winding[p, axis] += jumps[jump].image[axis]
        for s in range(pair_first[i], pair_first[i + 1]):
            neighbours[pair_to[s], pair_shell[s]] -= 1
        for s in range(pair_first[j], pair_first[j + 1]):
            neighbours[pair_to[s], pair_shell[s]] += 1
        stale_count = 0
        for s in range(touch_first[i], touch_first[i + 1]):
            stale[stale_count] = touch[s]
            stale_count += 1
        for s in range(touch_first[j], touch_first[j + 1]):
            stale[stale_count] = touch[s]
            stale_count += 1
        done += 1
