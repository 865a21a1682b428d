"""From results of hops to networks: who carries, which end is whose, and what rings say."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from kinetic_networks import ToyEquivalent
from synthetic import hop_result

from lnmo_atoms.analyzers.kinetics import diffusion_tensor, hop_network, ring_model, ring_network
from lnmo_atoms.analyzers.kinetics.ring_model import nickel
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop, canonical_ring, find_hops
from lnmo_atoms.builders.spinel import disordered_spinel, ordered_spinel

EMPTY_HOST = "one Li in the empty host"


@dataclass(frozen=True)
class FullHop(Hop):
    """A hop with all its equivalents."""

    equivalents: tuple[ToyEquivalent, ...] = ()


def full(hop, others=()):
    own = ToyEquivalent(hop.start, hop.end, hop.end_image)
    values = {name: getattr(hop, name) for name in Hop.__dataclass_fields__}
    return FullHop(**values | {"equivalents": (own, *others), "multiplicity": 1 + len(others)})


def ordered_hops(bulk):
    """Both hops of ordered LNMO; equivalents are the neighbours whose midpoint has such a ring."""
    lithium = range(8)
    found = {3: [], 1: []}
    for i in lithium:
        for site in bulk.get_neighbors(bulk[i], 3.8):
            if site.index in lithium and (i, 0, 0, 0) < (site.index, *map(int, site.image)):
                middle = bulk.lattice.get_cartesian_coords(
                    (bulk.frac_coords[i] + site.frac_coords) / 2
                )
                ring = [s for s in bulk.get_sites_in_sphere(middle, 3.3) if s.specie.symbol == "Ni"]
                cell = np.array(site.image, dtype=int)
                found[len(ring)].append(ToyEquivalent(i, site.index, cell))
    hops = {nickel(hop.ring): hop for hop in find_hops(bulk)}
    return [
        replace(full(hops[n], found[n]), equivalents=tuple(found[n]), multiplicity=len(found[n]))
        for n in (3, 1)
    ]


def ordered_results(**changes):
    fourfold, twelvefold = ordered_hops(ordered_spinel())
    return [
        hop_result("4a", hop=fourfold, barrier=0.5, at_octahedron=0.5, **changes),
        hop_result("12d", hop=twelvefold, barrier=0.3, at_octahedron=0.3, **changes),
    ]


def test_ordered_network_has_four_hops_per_lithium():
    network = hop_network(ordered_spinel(), ordered_results())
    assert len(network) == 8
    assert np.array_equal(np.bincount(np.concatenate([network.start, network.end])), [4] * 8)
    assert sorted(network.barriers[:, 0].round(9)) == [0.3] * 12 + [0.5] * 4
    assert len(network.rings) == 16
    assert not network.flags
    tensor = diffusion_tensor(network, 300)
    # P4_332 is cubic, and what moves farthest is the 12d hops, which percolate
    assert np.allclose(tensor, tensor[0, 0] * np.eye(3), atol=1e-9 * tensor[0, 0])
    alone = hop_network(ordered_spinel(), ordered_results()[1:])
    assert 0 < diffusion_tensor(alone, 300)[0, 0] < tensor[0, 0]


def test_fourfold_hops_alone_lead_nowhere():
    pairs = hop_network(ordered_spinel(), ordered_results()[:1])
    assert not diffusion_tensor(pairs, 300).any()


def two_sites(mode, skew=0.08):
    """One hop whose last end point is 0.08 eV above the first."""
    hop = full(find_hops(ordered_spinel())[0])
    return hop, hop_network(ordered_spinel(), [hop_result(hop=hop, mode=mode, skew=skew)])


def test_a_vacancy_begins_where_the_ion_ends():
    for mode, first in (("one vacancy", "end"), (EMPTY_HOST, "start")):
        hop, network = two_sites(mode)
        energies = dict(zip(network.indices.tolist(), network.site_energies, strict=True))
        low = getattr(hop, first)
        assert energies.pop(low) == 0.0
        assert energies.popitem()[1] == pytest.approx(0.08)
        assert network.carrier == ("vacancy" if mode == "one vacancy" else "ion")
        assert network.flags == ("6 of 8 Li sites have no hop: left out",)


def test_hops_that_disagree_on_a_site_are_flagged():
    fourfold, twelvefold = ordered_results()
    network = hop_network(ordered_spinel(), [fourfold, replace(twelvefold, energy=-409.98)])
    assert network.spread == pytest.approx(0.02)
    assert "20 meV" in network.flags[0]
    assert np.allclose(network.site_energies, 0)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ([{}, {"engine": "other 2.0"}], "one engine and one mode"),
        ([{}, {"mode": EMPTY_HOST}], "one engine and one mode"),
        ([{"mode": "Li content 0.50 (4 of 8 sites), seed 3"}] * 2, "many carriers"),
    ],
)
def test_results_that_do_not_belong_together_are_refused(changes, hint):
    results = [replace(r, **c) for r, c in zip(ordered_results(), changes, strict=True)]
    with pytest.raises(RequestError, match=hint):
        hop_network(ordered_spinel(), results)


def test_incomplete_results_are_refused():
    bulk = ordered_spinel()
    with pytest.raises(RequestError, match="at least one hop"):
        hop_network(bulk, [])
    with pytest.raises(RequestError, match="another crystal"):
        hop_network(bulk.from_sites(bulk[:2]), ordered_results())


def disordered_hops(seed=2):
    return [full(hop) for hop in find_hops(disordered_spinel(seed=seed))]


def test_a_model_gives_back_what_it_was_made_of():
    """Barriers that are linear in the nickel of the ring, and site energies in that around it."""
    bulk, hops = disordered_spinel(seed=2), disordered_hops()
    around = [[nickel(h.ring) for h in hops if i in (h.start, h.end)] for i in range(8)]
    energy = [0.03 * np.mean(rings) for rings in around]
    results = []
    for hop in hops:
        first, last = energy[hop.end], energy[hop.start]
        barrier = 0.4 + 0.05 * nickel(hop.ring) + (last - first) / 2
        changes = {"energy": first - 410, "energies": np.array([0, barrier, last - first])}
        result = hop_result(hop=hop, **changes)
        results.append(replace(result, barrier=barrier, barrier_reverse=barrier - (last - first)))
    model = ring_model(results)
    assert model.nickel_slope == pytest.approx(0.03)
    assert model.site_deviation < 1e-9
    assert all(c.deviation < 1e-9 for c in model.compositions.values())
    assert sum(c.hops for c in model.compositions.values()) == len(hops) == 16
    direct, modelled = hop_network(bulk, results), ring_network(bulk, model, hops)
    assert np.allclose(
        diffusion_tensor(modelled, 350), diffusion_tensor(direct, 350), rtol=1e-6, atol=1e-20
    )
    # two crystals with different total energies tell the same
    elsewhere = [replace(result, energy=result.energy - 1000) for result in results]
    assert ring_model(results, elsewhere).nickel_slope == pytest.approx(0.03)


def test_classes_that_were_not_computed_are_interpolated():
    one, three = (
        hop_result(kind, barrier=barrier, at_octahedron=barrier, hop=full(hop_result(kind).hop))
        for kind, barrier in (("12d", 0.3), ("4a", 0.5))
    )
    model = ring_model([one, three])
    ring = ("Ni2+", "Ni2+", "Mn4+", "Mn4+", "Mn4+", "Mn4+")
    assert model.saddle(ring) == pytest.approx(0.4)
    assert model.saddle(("Mn4+",) * 6) == pytest.approx(0.3)
    assert model.saddle(("Ni2+",) * 6) == pytest.approx(0.5)
    assert model.saddle(one.hop.ring[::-1]) == pytest.approx(0.3)


def test_cyclic_orders_of_two_metals_are_the_thirteen_bracelets():
    rings = {tuple("NM"[(n >> k) & 1] for k in range(6)) for n in range(64)}
    assert len({canonical_ring(ring) for ring in rings}) == 13


@pytest.mark.parametrize(("mode", "lower"), [("one vacancy", "end"), (EMPTY_HOST, "start")])
def test_frequencies_become_site_entropies(mode, lower):
    """Three times as many tries from where the path begins: a third of the states there."""
    hop = full(find_hops(ordered_spinel())[0])
    result = hop_result(
        hop=hop, mode=mode, attempt_frequency=9e12, attempt_frequency_reverse=3e12
    )  # fmt: skip
    network = hop_network(ordered_spinel(), [result])
    assert network.attempt_frequencies == pytest.approx([np.sqrt(27) * 1e12])
    entropies = dict(zip(network.indices.tolist(), network.site_entropies, strict=True))
    low = entropies.pop(getattr(hop, lower))
    assert entropies.popitem()[1] - low == pytest.approx(np.log(3))


def test_frequencies_count_only_where_all_hops_have_them():
    one, other = ordered_results()
    known = {"attempt_frequency": 1e12, "attempt_frequency_reverse": 1e12}
    bulk = ordered_spinel()
    half = hop_network(bulk, [replace(one, **known), other])
    assert half.attempt_frequencies is half.site_entropies is None
    assert half.flags == (
        "1 of 2 hops have no attempt frequency of their own: one is assumed for all",
    )
    whole = hop_network(bulk, [replace(one, **known), replace(other, **known)])
    assert np.allclose(whole.site_entropies, 0)
    assert np.allclose(diffusion_tensor(whole, 400), 0.1 * diffusion_tensor(half, 400))


def test_any_ion_may_hop_in_its_empty_host():
    hop = full(find_hops(ordered_spinel())[0])
    result = hop_result(hop=hop, mode="one Na in the empty host")
    assert hop_network(ordered_spinel(), [result]).carrier == "ion"
