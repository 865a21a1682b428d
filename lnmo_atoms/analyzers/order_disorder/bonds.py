"""Interactions of a supercell as the moves of a Monte Carlo read them.

The energy is linear in every single spin. What flipping σ_i changes is the field
h_i = ∂E/∂σ_i; what it does to the field of a partner j is the bond
C_ij = ∂²E/∂σ_i∂σ_j = J_ij + Σ_k J_ijk σ_k. Both hold after clusters are freed of squares σ² = 1,
which arise in small cells, where a cluster holds a site and its own image.

Energies are whole multiples of a unit 2⁻⁴⁰ of the largest interaction: sums are exact, and fields
that are kept up to date never drift.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.clusters import ClusterOrbit

UNITS = 2.0**40
"""In the largest interaction."""


class Bonds(NamedTuple):
    """Partners of every site, and the third sites that change their bonds.

    Partners of site i are ``to[first[i] : first[i + 1]]``, ascending; third sites of bond b are
    ``third[third_first[b] : third_first[b + 1]]``.

    Attributes:
        unit: eV.
        constant: in units, what no spin changes.
        single: in units, shape (n,), J_i of single sites.
        first: shape (n + 1,).
        to: shape (bonds,), every bond from both its ends.
        energy: in units, shape (bonds,), J_ij.
        third_first: shape (bonds + 1,).
        third: shape (thirds,).
        third_energy: in units, shape (thirds,), J_ijk.
    """

    unit: float
    constant: int
    single: NDArray[np.int64]
    first: NDArray[np.int64]
    to: NDArray[np.int32]
    energy: NDArray[np.int64]
    third_first: NDArray[np.int64]
    third: NDArray[np.int32]
    third_energy: NDArray[np.int64]


def bonds_of(sites: int, orbits: Sequence[ClusterOrbit], energies: Sequence[float]) -> Bonds:
    """Bonds of all sites.

    Args:
        sites: number of them.
        orbits: of pairs and triangles.
        energies: eV per cluster of each orbit.
    """
    unit = max((abs(energy) for energy in energies), default=0.0) / UNITS or 1.0
    whole = [round(energy / unit) for energy in energies]
    clusters = [
        _reduced(orbit.members, energy) for orbit, energy in zip(orbits, whole, strict=True)
    ]
    constant, single, pairs, triangles = (_joined(clusters, order) for order in range(4))
    alone = np.zeros(sites, dtype=np.int64)
    np.add.at(alone, single[0][:, 0], single[1])
    pair, pair_energy = _from_every_end(*pairs)
    three, three_energy = _from_every_end(*triangles)
    ends = pair[:, 0] * sites + pair[:, 1]
    third_ends = three[:, 0] * sites + three[:, 1]
    codes = np.unique(np.concatenate([ends, third_ends]))
    energy = np.zeros(len(codes), dtype=np.int64)
    np.add.at(energy, np.searchsorted(codes, ends), pair_energy)
    order = np.argsort(third_ends, kind="stable")
    return Bonds(
        unit=unit,
        constant=int(constant[1].sum()),
        single=alone,
        first=np.searchsorted(codes, np.arange(sites + 1) * sites).astype(np.int64),
        to=(codes % sites).astype(np.int32),
        energy=energy,
        third_first=np.searchsorted(third_ends[order], np.append(codes, sites**2)).astype(np.int64),
        third=three[order, 2].astype(np.int32),
        third_energy=three_energy[order],
    )


Clusters = tuple[NDArray[np.int_], NDArray[np.int64]]
"""Sites, shape (n, order), and energies in units, shape (n,)."""


def _reduced(members: NDArray[np.int_], energy: int) -> list[Clusters]:
    """Clusters of 0, 1, 2 and 3 different sites that are left once squares are taken out."""
    left: list[list[NDArray[np.int_]]] = [[], [], [], []]
    ordered = np.sort(members, axis=1)
    if ordered.shape[1] == 2:
        twice = ordered[:, 0] == ordered[:, 1]
        left[0].append(ordered[twice, :0])
    else:
        twice = ordered[:, 0] == ordered[:, 1]
        left[1].append(ordered[twice, 2:])
        ordered = ordered[~twice]
        twice = ordered[:, 1] == ordered[:, 2]
        left[1].append(ordered[twice, :1])
    left[members.shape[1]].append(ordered[~twice])
    found = [
        np.concatenate([*parts, np.empty((0, order), dtype=int)])
        for order, parts in enumerate(left)
    ]
    return [(sites, np.full(len(sites), energy, dtype=np.int64)) for sites in found]


def _joined(clusters: Sequence[list[Clusters]], order: int) -> Clusters:
    """The clusters of so many sites, of all orbits."""
    empty = np.empty((0, order), dtype=int), np.empty(0, dtype=np.int64)
    sites, energies = zip(empty, *(found[order] for found in clusters), strict=True)
    return np.concatenate(sites), np.concatenate(energies)


def _from_every_end(sites: NDArray[np.int_], energies: NDArray[np.int64]) -> Clusters:
    """Each cluster as seen by every ordered pair of its sites; equal ones, images, are added up."""
    order = sites.shape[1]
    turns = [(i, j, *({0, 1, 2} - {i, j})) for i in range(order) for j in range(order) if i != j]
    turns = [turn[:order] for turn in turns]
    seen = np.concatenate([sites[:, turn] for turn in turns])
    distinct, which = np.unique(seen, axis=0, return_inverse=True)
    total = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(total, which.ravel(), np.tile(energies, len(turns)))
    return distinct, total
