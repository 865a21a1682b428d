"""Barriers of a large disordered crystal, from the rings of a few computed hops."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.analyzers.kinetics.from_results import (
    Edge,
    carrier_of,
    make_network,
    site_energies,
)
from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.builders.hops import Hop, canonical_ring, find_hops
from lnmo_atoms.results import HopResult

Ring = tuple[str, ...]


@dataclass(frozen=True)
class RingClass:
    """Computed hops whose rings are alike.

    Attributes:
        saddle: eV, mean saddle energy above the mean of the two end points.
        deviation: eV, standard deviation of it; 0 for a single hop.
        hops: symmetry-distinct ones computed.
    """

    saddle: float
    deviation: float
    hops: int


@dataclass(frozen=True)
class RingModel:
    """Saddle energies by ring, site energies by the nickel around a site.

    Attributes:
        compositions: by species in alphabetical order.
        orders: by cyclic order up to rotation and reflection.
        nickel_slope: eV per nickel ion in the mean ring around a site; 0 where not determined.
        site_deviation: eV, of the computed site energies from that line.
        carrier: ``"ion"`` or ``"vacancy"``.
        engine: name and version of the engine.
    """

    compositions: Mapping[Ring, RingClass]
    orders: Mapping[Ring, RingClass]
    nickel_slope: float
    site_deviation: float
    carrier: str
    engine: str

    def saddle(self, ring: Ring) -> float:
        """EV above the mean of the two end points.

        That of the ring's cyclic order where it was computed, else of its composition, else
        interpolated linearly in the number of nickel ions and held constant beyond the ends.
        """
        known = self.orders.get(canonical_ring(ring)) or self.compositions.get(tuple(sorted(ring)))
        if known is not None:
            return known.saddle
        sampled = defaultdict(list)
        for composition, ring_class in self.compositions.items():
            sampled[nickel(composition)].append(ring_class.saddle)
        counts = sorted(sampled)
        return float(np.interp(nickel(ring), counts, [np.mean(sampled[n]) for n in counts]))


def ring_model(*samples: Sequence[HopResult]) -> RingModel:
    """The model that the computed barriers of one or more crystals support.

    A hop counts by the mean of its barriers forward and back, its kinetically resolved barrier.
    Site energies are fitted within each crystal, for total energies of different ones cannot be
    compared.

    Args:
        samples: results of each crystal, all of one engine and one mode.

    Raises:
        RequestError: where there is none, or of several engines or modes.
    """
    results = [result for sample in samples for result in sample]
    carrier = carrier_of(results)
    slope, deviation = _nickel_line(samples, carrier)
    return RingModel(
        compositions=_classes(results, lambda ring: tuple(sorted(ring))),
        orders=_classes(results, canonical_ring),
        nickel_slope=slope,
        site_deviation=deviation,
        carrier=carrier,
        engine=results[0].engine,
    )


def ring_network(
    bulk: Structure, model: RingModel, hops: Sequence[Hop] | None = None
) -> HopNetwork:
    """The network of a crystal whose barriers follow the model.

    Args:
        bulk: such as a large disordered cell.
        model: from :func:`ring_model`.
        hops: of the bulk; None finds them.

    Raises:
        RequestError: where the bulk has no hop.
    """
    hops = find_hops(bulk) if hops is None else hops
    around = defaultdict(list)
    for hop in hops:
        for equivalent in hop.equivalents:
            around[equivalent.start].append(nickel(hop.ring))
            around[equivalent.end].append(nickel(hop.ring))
    sites = {i: model.nickel_slope * float(np.mean(rings)) for i, rings in around.items()}
    edges = []
    for hop in hops:
        above = model.saddle(hop.ring)
        for end in hop.equivalents:
            energies = sites[end.start], sites[end.end]
            image = np.asarray(end.end_image, dtype=int)
            saddle = above + sum(energies) / 2
            edges.append(Edge(end.start, end.end, image, energies, saddle, hop.ring))
    return make_network(bulk, edges, sites, model.carrier)


def nickel(ring: Ring) -> int:
    """Nickel ions of a ring."""
    return sum(species.startswith("Ni") for species in ring)


def _classes(results: Sequence[HopResult], name: Callable[[Ring], Ring]) -> dict[Ring, RingClass]:
    """Mean and standard deviation of the resolved barriers of each class."""
    found = defaultdict(list)
    for result in results:
        found[name(result.hop.ring)].append((result.barrier + result.barrier_reverse) / 2)
    return {
        ring: RingClass(
            float(np.mean(saddles)),
            float(np.std(saddles, ddof=1)) if len(saddles) > 1 else 0.0,
            len(saddles),
        )
        for ring, saddles in found.items()
    }


def _nickel_line(samples: Sequence[Sequence[HopResult]], carrier: str) -> tuple[float, float]:
    """Slope of the site energies against the nickel around a site, and deviation from it."""
    parts = [_centred(sample, carrier) for sample in samples if len(sample)]
    x, y = np.concatenate(parts).T
    slope = float(x @ y / (x @ x)) if x @ x > 1e-9 else 0.0
    return slope, float(np.sqrt(np.mean((y - slope * x) ** 2)))


def _centred(results: Sequence[HopResult], carrier: str) -> NDArray[np.float64]:
    """Nickel around each site and its energy, less their means over the sites, shape (sites, 2)."""
    around, energies = defaultdict(list), defaultdict(list)
    for result in results:
        for hop in result.hop.equivalents:
            for site, energy in zip(
                (hop.start, hop.end), site_energies(result, carrier), strict=True
            ):
                around[site].append(nickel(result.hop.ring))
                energies[site].append(energy)
    sites = np.array([(np.mean(around[site]), np.mean(energies[site])) for site in around])
    return np.asarray(sites - sites.mean(axis=0))
