"""Ions on the sites of a network: rates and neighbours as the event loop reads them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.analyzers.kinetics.rates import checked_frequency, thermal_energy
from lnmo_atoms.builders.errors import RequestError

SHELL = 0.05
"""Å, distances this close belong to one shell of neighbours."""

JUMP = np.dtype(
    [
        ("limit", np.float64),
        ("uphill", np.float64),
        ("length2", np.float64),
        ("image", np.int16, (3,)),
    ],
    align=True,
)
"""Of a jump: the attempt frequency in s⁻¹, for no barrier is below
zero; exp(−(E_to − E_from)/kT), for none is below what it climbs; squared length in Å²; the cell
it leads to."""
Jumps = NDArray[Any]
"""Of the type ``JUMP``."""


class LatticeGas(NamedTuple):
    """Everything that does not change while ions hop; memory grows with the sites.

    Jump e of site i is one of ``first[i] … first[i + 1]``; pairs of i with sites of its shells are
    ``pair_first[i] … pair_first[i + 1]``; sites whose rate changes with the occupation of i are
    ``touch_first[i] … touch_first[i + 1]``.

    Attributes:
        first: shape (n + 1,).
        to: shape (jumps,), site the jump leads to.
        rate: s⁻¹, shape (jumps,), without pair energies.
        jumps: shape (jumps,), of type ``JUMP``.
        pair_first: shape (n + 1,).
        pair_to: shape (pairs,).
        pair_shell: shape (pairs,).
        bonds: shape (jumps, shells), pairs of the jump's two sites.
        boltzmann: shape (shells, 2c + 1), exp(−k w/2kT) at k + c for k more pairs of the shell.
        touch_first: shape (n + 1,).
        touch: shape (touches,).
    """

    first: NDArray[np.int32]
    to: NDArray[np.int32]
    rate: NDArray[np.float64]
    jumps: Jumps
    pair_first: NDArray[np.int32]
    pair_to: NDArray[np.int32]
    pair_shell: NDArray[np.int8]
    bonds: NDArray[np.int8]
    boltzmann: NDArray[np.float64]
    touch_first: NDArray[np.int32]
    touch: NDArray[np.int32]


def lattice_gas(
    network: HopNetwork,
    temperature: float,
    pair_energies: Sequence[float] = (),
    attempt_frequency: ArrayLike = 1e13,
) -> LatticeGas:
    """Rates of all jumps of ions that exclude each other and interact in pairs.

    With ΔP the change of pair energy and ΔE = E_to − E_from + ΔP, the barrier is
    max(S − E_from + ΔP/2, 0, ΔE) (kinetically resolved: Van der Ven et al., Phys. Rev. B 64,
    184307, 2001). That of the way back is less by ΔE, whichever of the three is largest, so that
    detailed balance is exact.

    Args:
        network: of ions.
        temperature: K.
        pair_energies: eV, of the pairs of ions in each shell, nearest first.
        attempt_frequency: s⁻¹, a number or one per edge.

    Raises:
        RequestError: for a temperature or frequency that is not above zero, or a cell in which a
            site is its own neighbour.
    """
    kt = thermal_energy(temperature)
    n = len(network)
    frequency = np.broadcast_to(checked_frequency(attempt_frequency), network.start.shape)
    source = np.concatenate([network.start, network.end])
    order = np.argsort(source, kind="stable")
    source = source[order]
    to = np.concatenate([network.end, network.start])[order]
    image = np.concatenate([network.image, -network.image])[order]
    saddle = np.tile(network.saddle_energies, 2)[order]
    limit = np.tile(frequency, 2)[order]
    energy = network.site_energies
    pairs, shells = neighbour_shells(network, len(pair_energies))
    bonds = _bonds(source, to, pairs, shells, len(pair_energies))
    touching = _touching(n, source, to, pairs)
    jumps = np.empty(len(to), dtype=JUMP)
    jumps["limit"] = limit
    jumps["uphill"] = np.exp(-(energy[to] - energy[source]) / kt)
    jumps["length2"] = (np.tile(network.steps, (2, 1))[order] ** 2).sum(axis=1)
    jumps["image"] = image
    return LatticeGas(
        first=_rows(source, n),
        to=to.astype(np.int32),
        rate=limit * np.exp(-np.maximum(saddle - energy[source], 0) / kt),
        jumps=jumps,
        pair_first=_rows(pairs[:, 0], n),
        pair_to=pairs[:, 1].astype(np.int32),
        pair_shell=shells.astype(np.int8),
        bonds=bonds,
        boltzmann=_boltzmann(pairs, shells, np.asarray(pair_energies, dtype=float), kt),
        touch_first=_rows(touching[:, 0], n),
        touch=touching[:, 1].astype(np.int32),
    )


def neighbour_shells(network: HopNetwork, shells: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """All pairs of sites in the nearest shells of neighbours, periodic images counted one by one.

    Args:
        network: whose sites.
        shells: how many.

    Returns:
        shape (pairs, 2), every pair from both its sites, the first site ascending; shape (pairs,),
        shell of each.

    Raises:
        RequestError: where a site is its own neighbour in one of them.
    """
    if shells == 0:
        return np.empty((0, 2), dtype=int), np.empty(0, dtype=int)
    home = network.sites - np.floor(network.sites)
    reach = float(np.linalg.norm(network.steps, axis=1).min())
    distances = np.empty(0)
    while len(distances) < shells:
        reach *= 1.3
        pairs, lengths = _within(home, network.lattice, reach + SHELL)
        distances = _distinct(lengths[lengths < reach])
    near = np.abs(lengths[:, None] - distances[:shells]) < SHELL
    kept = near.any(axis=1)
    pairs, shell = pairs[kept], near[kept].argmax(axis=1)
    if (pairs[:, 0] == pairs[:, 1]).any():
        raise RequestError("a site interacts with its own image: take more repeats of the cell")
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], shell[order]


def _within(
    home: NDArray[np.float64], lattice: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Pairs of sites no farther apart than the reach, and their distances."""
    heights = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    around = [np.arange(-k, k + 1) for k in np.ceil(reach / heights).astype(int)]
    cells = np.stack(np.meshgrid(*around, indexing="ij"), axis=-1).reshape(-1, 3)
    points = home[:, None] + cells
    margin = reach / heights
    inside = ((points > -margin) & (points < 1 + margin)).all(axis=-1)
    number = np.nonzero(inside)[0]
    found = cKDTree(home @ lattice).sparse_distance_matrix(
        cKDTree(points[inside] @ lattice), reach, output_type="coo_matrix"
    )
    apart = found.data > SHELL
    return np.column_stack([found.row[apart], number[found.col[apart]]]), found.data[apart]


def _distinct(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """One length for each shell, ascending."""
    ordered = np.sort(lengths)
    if not len(ordered):
        return ordered
    return np.asarray(ordered[np.concatenate([[True], np.diff(ordered) > SHELL])])


def _rows(index: NDArray[np.int_], n: int) -> NDArray[np.int32]:
    """Where each number's run begins in an ascending index, and where the last one ends."""
    return np.searchsorted(index, np.arange(n + 1)).astype(np.int32)


def _bonds(
    source: NDArray[np.int_],
    to: NDArray[np.int_],
    pairs: NDArray[np.int_],
    shells: NDArray[np.int_],
    count: int,
) -> NDArray[np.int8]:
    """Pairs of each shell between the two sites of each jump."""
    bonds = np.zeros((len(source), count), dtype=np.int8)
    size = int(max(source.max(), to.max())) + 1
    jumps = source * size + to
    for shell in range(count):
        found, times = np.unique(
            pairs[shells == shell, 0] * size + pairs[shells == shell, 1], return_counts=True
        )
        at = np.searchsorted(found, jumps).clip(max=len(found) - 1)
        bonds[:, shell] = np.where(found[at] == jumps, times[at], 0)
    return bonds


def _boltzmann(
    pairs: NDArray[np.int_], shells: NDArray[np.int_], energies: NDArray[np.float64], kt: float
) -> NDArray[np.float64]:
    """Factors of a rate by the change in the number of pairs of each shell."""
    sizes = [np.bincount(pairs[shells == s, 0]).max() for s in range(len(energies))]
    most = int(max(sizes, default=0))
    return np.asarray(np.exp(-np.arange(-most, most + 1) * energies[:, None] / (2 * kt)))


def _touching(
    n: int, source: NDArray[np.int_], to: NDArray[np.int_], pairs: NDArray[np.int_]
) -> NDArray[np.int_]:
    """Pairs (i, k): the rate of k depends on whether i is filled, that of i itself included.

    Through the jumps of k that end at i, and through the pairs that i makes with k or with the
    sites that jumps of k end at.
    """
    jumps = source * n + to
    codes = [to * n + source, np.arange(n) * (n + 1)]
    if len(pairs):
        partners = pairs[:, 0] * n + pairs[:, 1]
        codes += [partners, _joined(pairs[:, 0], pairs[:, 1], jumps, n)]
    code = np.unique(np.concatenate(codes))
    return np.column_stack([code // n, code % n])


def _joined(
    left: NDArray[np.int_], middle: NDArray[np.int_], jumps: NDArray[np.int_], n: int
) -> NDArray[np.int_]:
    """Codes (i, k) for all pairs (i, m) and jumps m – k, which go both ways."""
    source, to = jumps // n, jumps % n
    rows = np.searchsorted(source, np.arange(n + 1))
    counts = rows[middle + 1] - rows[middle]
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(left, counts) * n + to[np.repeat(rows[middle], counts) + offsets])
