"""Moves of nickel and manganese, compiled.

Some nickel and manganese change places with probability min(1, exp(−ΔE/kT)) (Metropolis,
Rosenbluth, Rosenbluth, Teller and Teller, J. Chem. Phys. 21, 1087, 1953):

- a nickel and a manganese drawn at random;
- two nearest neighbours, if they are unlike;
- all six metals of a ring, if nickel and manganese alternate around it.

Each move is proposed as often as the one that takes it back. At low temperature nearly every
tetrahedron holds one nickel, and a swap breaks that rule at up to four of them, so that it hardly
ever happens. A ring keeps the rule, like the loops of ice models (Barkema and Newman, Phys. Rev. E
57, 1155, 1998), and neighbours let the few tetrahedra wander that break it.

A site that changes its metal adds −2σ_i h_i to the energy and −2σ_i C_ij to the field h_j of every
other, with the fields and bonds of :mod:`~lnmo_atoms.analyzers.order_disorder.bonds`. A proposal
costs the search for a few bonds, however many clusters there are; only a move that happens changes
fields.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lnmo_atoms.analyzers.order_disorder.bonds import Bonds

SWAP, NEIGHBOURS, RING = range(3)
TURNS = np.array([SWAP, NEIGHBOURS, RING, NEIGHBOURS])
"""The moves, one after the other."""


class Moves(NamedTuple):
    """What is attempted.

    Attributes:
        turns: shape (n,), kinds of moves that take turns.
        rings: shape (rings, 6), sites of each ring, neighbours next to each other.
    """

    turns: NDArray[np.int64]
    rings: NDArray[np.int32]


class State(NamedTuple):
    """An arrangement; changed in place.

    Attributes:
        spin: shape (n,), +1 for nickel, −1 for manganese.
        field: shape (n,), ∂E/∂σ in units.
        sites: shape (n,), all sites, those of nickel first.
        slot: shape (n,), where in ``sites`` each site is.
        energy: shape (1,), in units.
    """

    spin: NDArray[np.int8]
    field: NDArray[np.int64]
    sites: NDArray[np.int32]
    slot: NDArray[np.int32]
    energy: NDArray[np.int64]


class Samples(NamedTuple):
    """What is measured, a row for every sweep.

    Attributes:
        energy: shape (sweeps,), in units.
        nickel: shape (sweeps, variants), nickel on the nickel sites of each variant.
        products: shape (sweeps, shells), Σ σσ over the pairs of each shell.
    """

    energy: NDArray[np.int64]
    nickel: NDArray[np.int32]
    products: NDArray[np.int32]


class Probes(NamedTuple):
    """What is measured on.

    Attributes:
        variants: shape (n, 2), the variants of the ordered crystal that put nickel on a site.
        pairs: shape (pairs, 2), sites of all pairs, one shell after the other.
        last: shape (shells,), where the pairs of each shell end.
    """

    variants: NDArray[np.int8]
    pairs: NDArray[np.int32]
    last: NDArray[np.int64]


def state_of(bonds: Bonds, spins: NDArray[np.int8]) -> State:
    """Fields and energy of spins, from scratch."""
    begin = np.repeat(np.arange(len(spins)), np.diff(bonds.first))
    bond = np.repeat(np.arange(len(bonds.to)), np.diff(bonds.third_first))
    pair_part = bonds.energy * spins[bonds.to]
    triangle_part = bonds.third_energy * spins[bonds.third] * spins[bonds.to[bond]]
    by_pairs, by_triangles = (np.zeros(len(spins), dtype=np.int64) for _ in range(2))
    np.add.at(by_pairs, begin, pair_part)
    np.add.at(by_triangles, begin[bond], triangle_part)
    pairs, triangles = (int((part * spins).sum()) for part in (by_pairs, by_triangles))
    energy = bonds.constant + int((bonds.single * spins).sum()) + pairs // 2 + triangles // 6
    sites = np.argsort(-spins, kind="stable")
    sites = np.argsort(-spins, kind="stable")
    return State(
        spin=spins.astype(np.int8),
        field=bonds.single + by_pairs + by_triangles // 2,
        sites=sites.astype(np.int32),
        slot=np.argsort(sites).astype(np.int32),
        energy=np.array([energy], dtype=np.int64),
    )


@njit(inline="always")
def _search(values: NDArray[np.int32], begin: int, end: int, value: int) -> int:
    """Where a value is in an ascending part of an array, −1 if it is not there."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low if low < end and values[low] == value else -1


@njit(cache=True, nogil=True)
def sweep(
    bonds: Bonds,
    moves: Moves,
    state: State,
    attempts: int,
    beta: float,
    rng: np.random.Generator,
    probes: Probes,
    samples: Samples,
) -> int:
    """Attempt so many moves before each row of the samples.

    All in one function: for every array handed on, numba counts a reference, which would cost more
    than an attempt.

    Args:
        bonds: what does not change.
        moves: what is attempted.
        state: changed in place.
        attempts: for each row.
        beta: 1/kT, per unit of energy.
        rng: of the random numbers.
        probes: what is measured on.
        samples: filled.

    Returns:
        moves that happened.
    """
    first, to, energy = bonds.first, bonds.to, bonds.energy
    third_first, third, third_energy = bonds.third_first, bonds.third, bonds.third_energy
    turns, rings = moves.turns, moves.rings
    spin, field, sites, slot = state.spin, state.field, state.sites, state.slot
    nickels = (spin > 0).sum()
    moving, shift = np.empty(6, dtype=np.int32), np.empty(6, dtype=np.int64)
    total, done = state.energy[0], 0
    for row in range(len(samples.energy)):
        for attempt in range(attempts):
            kind = turns[attempt % len(turns)]
            number = 2
            if kind == SWAP:
                moving[0] = sites[int(rng.random() * nickels)]
                moving[1] = sites[nickels + int(rng.random() * (len(sites) - nickels))]
            elif kind == NEIGHBOURS:
                r, k = divmod(int(rng.random() * rings.size), 6)
                moving[0], moving[1] = rings[r, k], rings[r, (k + 1) % 6]
            else:
                r, number = int(rng.random() * len(rings)), 6
                for k in range(6):
                    moving[k] = rings[r, k]
            alternate = True
            for k in range(number - 1):
                alternate &= spin[moving[k]] != spin[moving[k + 1]]
            if not alternate:
                continue

            # ΔE, the sites changed one after the other, and then back again
            change = 0
            shift[:] = 0
            for k in range(number):
                i = moving[k]
                step = -2 * spin[i]
                change += step * (field[i] + shift[k])
                for other in range(k + 1, number):
                    p = _search(to, first[i], first[i + 1], moving[other])
                    if p >= 0:
                        bond = energy[p]
                        for t in range(third_first[p], third_first[p + 1]):
                            bond += third_energy[t] * spin[third[t]]
                        shift[other] += step * bond
                spin[i] = -spin[i]
            for k in range(number):
                spin[moving[k]] = -spin[moving[k]]
            if change > 0 and rng.random() >= np.exp(-beta * change):
                continue

            total += change
            done += 1
            for k in range(0, number, 2):
                i, j = moving[k], moving[k + 1]
                slot[i], slot[j] = slot[j], slot[i]
                sites[slot[i]], sites[slot[j]] = i, j
            for k in range(number):
                i = moving[k]
                step = -2 * spin[i]
                spin[i] = -spin[i]
                for p in range(first[i], first[i + 1]):
                    bond = energy[p]
                    for t in range(third_first[p], third_first[p + 1]):
                        bond += third_energy[t] * spin[third[t]]
                    field[to[p]] += step * bond
        state.energy[0] = total
        _measure(state, probes, samples, row)
    return done


@njit(cache=True, nogil=True)
def _measure(state: State, probes: Probes, samples: Samples, row: int) -> None:
    """Fill a row of the samples."""
    samples.energy[row] = state.energy[0]
    for site, spin in enumerate(state.spin):
        if spin > 0:
            for variant in probes.variants[site]:
                samples.nickel[row, variant] += 1
    begin = 0
    for shell, end in enumerate(probes.last):
        for p in range(begin, end):
            i, j = probes.pairs[p]
            samples.products[row, shell] += state.spin[i] * state.spin[j]
        begin = end
