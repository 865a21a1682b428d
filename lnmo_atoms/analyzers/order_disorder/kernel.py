"""Swaps of nickel with manganese, compiled.

A nickel and a manganese drawn at random change places with probability min(1, exp(−ΔE/kT))
(Metropolis, Rosenbluth, Rosenbluth, Teller and Teller, J. Chem. Phys. 21, 1087, 1953). The swap
keeps σ_i σ_j, so that ΔE = −2 (h_i − h_j) − 4 C_ij with the fields h and the bond C of
:mod:`~lnmo_atoms.analyzers.order_disorder.bonds`: an attempt costs the search for one bond,
however many clusters there are; only a swap that happens changes fields.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lnmo_atoms.analyzers.order_disorder.bonds import Bonds


class State(NamedTuple):
    """An arrangement; changed in place.

    Attributes:
        spin: shape (n,), +1 for nickel, −1 for manganese.
        field: shape (n,), ∂E/∂σ in units.
        nickel: shape (nickels,), their sites.
        manganese: shape (manganeses,), their sites.
        energy: shape (1,), in units.
    """

    spin: NDArray[np.int8]
    field: NDArray[np.int64]
    nickel: NDArray[np.int32]
    manganese: NDArray[np.int32]
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
    return State(
        spin=spins.astype(np.int8),
        field=bonds.single + by_pairs + by_triangles // 2,
        nickel=np.nonzero(spins > 0)[0].astype(np.int32),
        manganese=np.nonzero(spins < 0)[0].astype(np.int32),
        energy=np.array([energy], dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def sweep(
    bonds: Bonds,
    state: State,
    attempts: int,
    beta: float,
    rng: np.random.Generator,
    probes: Probes,
    samples: Samples,
) -> int:
    """Attempt so many swaps before each row of the samples.

    All in one function: for every array handed on, numba counts a reference, which would cost more
    than an attempt.

    Args:
        bonds: what does not change.
        state: changed in place.
        attempts: for each row.
        beta: 1/kT, per unit of energy.
        rng: of the random numbers.
        probes: what is measured on.
        samples: filled.

    Returns:
        swaps that happened.
    """
    first, to, energy = bonds.first, bonds.to, bonds.energy
    third_first, third, third_energy = bonds.third_first, bonds.third, bonds.third_energy
    spin, field, nickel, manganese = state.spin, state.field, state.nickel, state.manganese
    total, done = state.energy[0], 0
    for row in range(len(samples.energy)):
        for _ in range(attempts):
            a = int(rng.random() * len(nickel))
            b = int(rng.random() * len(manganese))
            i, j = nickel[a], manganese[b]
            low, high = first[i], first[i + 1]
            while low < high:
                middle = (low + high) // 2
                if to[middle] < j:
                    low = middle + 1
                else:
                    high = middle
            bond = 0
            if low < first[i + 1] and to[low] == j:
                bond = energy[low]
                for t in range(third_first[low], third_first[low + 1]):
                    bond += third_energy[t] * spin[third[t]]
            change = 2 * (field[j] - field[i]) - 4 * bond
            if change > 0 and rng.random() >= np.exp(-beta * change):
                continue
            nickel[a], manganese[b] = j, i
            total += change
            done += 1
            for site in (i, j):
                step = -2 * spin[site]
                spin[site] = -spin[site]
                for p in range(first[site], first[site + 1]):
                    bond = energy[p]
                    for t in range(third_first[p], third_first[p + 1]):
                        bond += third_energy[t] * spin[third[t]]
                    field[to[p]] += step * bond
        samples.energy[row] = total
        for k in range(len(nickel)):
            for v in range(probes.variants.shape[1]):
                samples.nickel[row, probes.variants[nickel[k], v]] += 1
        begin = 0
        for shell in range(len(probes.last)):
            for p in range(begin, probes.last[shell]):
                product = spin[probes.pairs[p, 0]] * spin[probes.pairs[p, 1]]
                samples.products[row, shell] += product
            begin = probes.last[shell]
    state.energy[0] = total
    return done
