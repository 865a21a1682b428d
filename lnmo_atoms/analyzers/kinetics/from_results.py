"""From computed barriers to a network."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.results import HopResult

VACANCY = "one vacancy"
EMPTY_HOST = re.compile(r"one [A-Z][a-z]? in the empty host")
"""Modes of one carrier."""
CONSISTENT = 0.005
"""eV, by which the energies that different hops give one site may differ unflagged."""


@dataclass(frozen=True)
class Edge:
    """One hop of the carrier with what it says about energies.

    Attributes:
        start: index of the site in the bulk where the ion is first.
        end: index of the site where the ion is last.
        image: cell of the end, shape (3,).
        energies: eV, of the carrier at start and at end.
        saddle: eV.
        ring: cations around the octahedron in cyclic order.
        frequencies: s⁻¹, at which the carrier tries from start and from end; None where unknown.
    """

    start: int
    end: int
    image: NDArray[np.int_]
    energies: tuple[float, float]
    saddle: float
    ring: tuple[str, ...]
    frequencies: tuple[float, float] | None = None


def hop_network(bulk: Structure, results: Sequence[HopResult]) -> HopNetwork:
    """The network of one carrier, from the barriers of the distinct hops and their equivalents.

    In the mode ``"one vacancy"`` the carrier is the vacancy: where the path begins it sits at the
    hop's end, for the ion is at its start. Energies are total energies above the lowest site's;
    what symmetry makes equal has the same. A site whose hops give it different energies keeps
    their mean, and the network's ``spread`` says how different.

    Where all results have attempt frequencies, so has the network: of an edge the geometric mean of
    both ways, and site entropies that fit the logarithms of their ratios best.

    Args:
        bulk: the crystal whose indices the hops carry.
        results: of one engine and one mode, one per symmetry-distinct hop.

    Raises:
        RequestError: for results of several engines or modes, of a mode with many carriers, or of
            another crystal.
    """
    carrier = carrier_of(results)
    edges = [edge for result in results for edge in _edges(result, carrier)]
    if not edges:
        raise RequestError("hops without their equivalents make no network: find them in the bulk")
    if max(max(edge.start, edge.end) for edge in edges) >= len(bulk):
        raise RequestError(f"the hops are of another crystal: this one has {len(bulk)} atoms only")
    mean, spread = _site_energies(edges)
    flags = []
    if spread > CONSISTENT:
        flags.append(
            f"hops disagree by up to {1000 * spread:.0f} meV on the energy of a site: means taken"
        )
    unknown = sum(_frequencies(result, carrier) is None for result in results)
    if 0 < unknown < len(results):
        flags.append(
            f"{unknown} of {len(results)} hops have no attempt frequency of their own: "
            "one is assumed for all"
        )
    element = bulk[edges[0].start].specie.symbol
    total = sum(site.specie.symbol == element for site in bulk)
    if len(mean) < total:
        flags.append(f"{total - len(mean)} of {total} {element} sites have no hop: left out")
    return make_network(bulk, edges, mean, carrier, spread=spread, flags=tuple(flags))


def make_network(
    bulk: Structure,
    edges: Sequence[Edge],
    site_energies: dict[int, float],
    carrier: str,
    *,
    spread: float = 0.0,
    flags: tuple[str, ...] = (),
) -> HopNetwork:
    """A network of the edges, energies above the lowest site's, no saddle below its end points.

    Args:
        bulk: the crystal.
        edges: their energies of end points are not used.
        site_energies: eV by index of the site in the bulk.
        carrier: ``"ion"`` or ``"vacancy"``.
        spread: passed on.
        flags: passed on.
    """
    indices = np.array(sorted(site_energies))
    energies = np.array([site_energies[int(i)] for i in indices])
    number = {int(index): i for i, index in enumerate(indices)}
    start = np.array([number[edge.start] for edge in edges])
    end = np.array([number[edge.end] for edge in edges])
    saddles = np.array([edge.saddle for edge in edges])
    saddles = np.maximum(saddles, np.maximum(energies[start], energies[end]))
    known = [edge.frequencies for edge in edges if edge.frequencies is not None]
    tries = np.array(known) if len(known) == len(edges) else None
    return HopNetwork(
        lattice=bulk.lattice.matrix.copy(),
        sites=bulk.frac_coords[indices],
        site_energies=energies - energies.min(),
        start=start,
        end=end,
        image=np.array([edge.image for edge in edges]),
        saddle_energies=saddles - energies.min(),
        attempt_frequencies=None if tries is None else np.sqrt(tries.prod(axis=1)),
        site_entropies=None if tries is None else _entropies(tries, start, end, len(indices)),
        carrier=carrier,
        rings=tuple(edge.ring for edge in edges),
        indices=indices,
        spread=spread,
        flags=flags,
    )


def carrier_of(results: Sequence[HopResult]) -> str:
    """``"ion"`` or ``"vacancy"``.

    Raises:
        RequestError: where there is no result, several engines or modes, or many carriers.
    """
    if not results:
        raise RequestError("no barrier, no network: compute at least one hop")
    engines, modes = {result.engine for result in results}, {result.mode for result in results}
    if len(engines) > 1 or len(modes) > 1:
        raise RequestError(
            "barriers of one engine and one mode belong together, these are of "
            + ", ".join(sorted(engines | modes))
        )
    (mode,) = modes
    if mode == VACANCY:
        return "vacancy"
    if EMPTY_HOST.fullmatch(mode):
        return "ion"
    raise RequestError(
        f"“{mode}” has many carriers: a network of one needs the mode vacancy or empty-host"
    )


def site_energies(result: HopResult, carrier: str) -> tuple[float, float]:
    """EV, with the carrier at the hop's start and with the carrier at its end."""
    first, last = result.energy, result.energy + float(result.energies[-1])
    return (last, first) if carrier == "vacancy" else (first, last)


def _frequencies(result: HopResult, carrier: str) -> tuple[float, float] | None:
    """S⁻¹, of the carrier at the hop's start and at its end."""
    first, last = result.attempt_frequency, result.attempt_frequency_reverse
    if first is None or last is None:
        return None
    return (last, first) if carrier == "vacancy" else (first, last)


def _entropies(
    tries: NDArray[np.float64], start: NDArray[np.int_], end: NDArray[np.int_], sites: int
) -> NDArray[np.float64]:
    """Of the sites, in units of k: least squares of s_end − s_start = ln(ν_start/ν_end).

    Their mean is zero in every part of the network that is not joined to others.
    """
    edges = np.arange(len(start))
    differences = np.zeros((len(start), sites))
    np.add.at(differences, (edges, end), 1)
    np.add.at(differences, (edges, start), -1)
    ratios = np.log(tries[:, 0] / tries[:, 1])
    return np.asarray(np.linalg.lstsq(differences, ratios, rcond=None)[0])


def _edges(result: HopResult, carrier: str) -> Iterable[Edge]:
    """The result carried to all equivalents of its hop."""
    energies, frequencies = site_energies(result, carrier), _frequencies(result, carrier)
    saddle = result.energy + result.barrier
    for hop in result.hop.equivalents:
        image = np.asarray(hop.end_image, dtype=int)
        yield Edge(hop.start, hop.end, image, energies, saddle, result.hop.ring, frequencies)


def _site_energies(edges: Sequence[Edge]) -> tuple[dict[int, float], float]:
    """Mean energy of every site, and the largest spread of one site's."""
    found = defaultdict(list)
    for edge in edges:
        found[edge.start].append(edge.energies[0])
        found[edge.end].append(edge.energies[1])
    mean = {site: float(np.mean(values)) for site, values in found.items()}
    return mean, max(float(np.ptp(values)) for values in found.values())
