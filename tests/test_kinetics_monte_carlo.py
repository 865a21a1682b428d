"""Many ions: detailed balance against full enumeration, correlation factors of textbooks."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinetic_networks import disordered, lattice

from lnmo_atoms.analyzers.kinetics import (
    BOLTZMANN,
    diffusion_tensor,
    fit_pair_energies,
    monte_carlo,
)
from lnmo_atoms.analyzers.kinetics.events import fill, run
from lnmo_atoms.analyzers.kinetics.lattice_gas import lattice_gas, neighbour_shells
from lnmo_atoms.builders.errors import RequestError

TEMPERATURE = 700.0
BETA = 1 / (BOLTZMANN * TEMPERATURE)
PAIRS = (0.06, -0.03)
"""eV, large enough for barriers to be cut at zero and at the climb."""


def tiny(seed=5):
    """Eight sites of diamond, some saddles hardly above their sites."""
    return disordered(lattice("diamond"), seed, width=0.08, lowest=0.081)


def total_energy(network, filled, pair_energies):
    pairs, shells = neighbour_shells(network, len(pair_energies))
    both = np.isin(pairs, filled).all(axis=1)
    bonds = np.bincount(shells[both], minlength=len(pair_energies)) / 2
    return network.site_energies[list(filled)].sum() + bonds @ np.array(pair_energies)


def rates(gas, filled):
    """Every jump out of an arrangement: where it leads, and how fast."""
    state = fill(gas, np.array(filled, dtype=np.int32))
    run(gas, state, 0, np.random.default_rng(), np.empty(0))
    for i in filled:
        for e in range(gas.first[i], gas.first[i + 1]):
            if state.rate[e] > 0:
                yield tuple(sorted({*filled} - {i} | {int(gas.to[e])})), state.rate[e]


@pytest.mark.parametrize("pair_energies", [(), PAIRS[:1], PAIRS])
def test_detailed_balance_of_every_jump(pair_energies):
    """All arrangements of three ions: both ways carry the same flux in equilibrium."""
    network = tiny()
    gas = lattice_gas(network, TEMPERATURE, pair_energies)
    flux = {}
    for filled in combinations(range(8), 3):
        weight = np.exp(-BETA * total_energy(network, filled, pair_energies))
        for other, rate in rates(gas, filled):
            flux[filled, other] = weight * rate
    assert len(flux) > 100
    for (here, there), value in flux.items():
        assert value == pytest.approx(flux[there, here], rel=1e-9)
    every = [rate for f in combinations(range(8), 3) for _, rate in rates(gas, f)]
    assert max(every) <= 1e13 * (1 + 1e-12)


@pytest.mark.parametrize(("ions", "pair_energies"), [(1, ()), (3, PAIRS)])
def test_sites_are_filled_as_boltzmann_says(ions, pair_energies):
    network = tiny()
    gas = lattice_gas(network, TEMPERATURE, pair_energies)
    state = fill(gas, np.arange(ions, dtype=np.int32))
    seconds = np.zeros(8)
    run(gas, state, 1_000_000, np.random.default_rng(1), seconds)
    expected = np.zeros(8)
    for filled in combinations(range(8), ions):
        expected[list(filled)] += np.exp(-BETA * total_energy(network, filled, pair_energies))
    assert np.allclose(seconds / seconds.sum(), expected / expected.sum(), atol=0.004, rtol=0)


@settings(max_examples=10, deadline=None)
@given(
    name=st.sampled_from(["bcc", "diamond"]),
    ions=st.integers(1, 15),
    shells=st.integers(0, 2),
    seed=st.integers(0, 10**6),
)
def test_rates_renewed_along_the_way_are_those_of_the_arrangement(name, ions, shells, seed):
    """After many jumps the tree of rates is, bit by bit, the one built afresh."""
    network = disordered(lattice(name).repeated((2, 2, 2)), seed)
    gas = lattice_gas(network, TEMPERATURE, PAIRS[:shells])
    state = fill(gas, np.arange(ions, dtype=np.int32))
    assert run(gas, state, 3000, np.random.default_rng(seed), np.empty(0))[2] == 3000
    fresh = fill(gas, state.site)
    run(gas, fresh, 0, np.random.default_rng(), np.empty(0))
    assert np.array_equal(state.tree, fresh.tree)
    assert np.array_equal(state.rate, fresh.rate)
    assert np.array_equal(state.neighbours, fresh.neighbours)
    assert len(set(state.site.tolist())) == ions


@pytest.mark.parametrize(
    ("name", "repeats", "factor"),
    [("diamond", (5, 5, 5), 0.5), ("simple cubic", (10, 10, 10), 0.6531)],
)
def test_correlation_factor_of_one_vacancy(name, repeats, factor):
    """Compaan and Haven, Trans. Faraday Soc. 52, 786 (1956): 1/2 and 0.6531."""
    network = lattice(name)
    sites = len(network) * int(np.prod(repeats))
    found = monte_carlo(network, sites - 1, 600, events=3_000_000, repeats=repeats, seed=3)
    assert found.correlation.error < 0.004
    assert found.correlation.value == pytest.approx(factor, abs=4 * found.correlation.error + 0.002)
    assert found.interactions == "site exclusion only"


def test_one_ion_walks_at_random():
    found = monte_carlo(lattice("bcc"), 1, 600, events=400_000, repeats=(2, 2, 2), runs=4)
    expected = diffusion_tensor(lattice("bcc"), 600)[0, 0]
    for estimate, exact in ((found.correlation, 1.0), (found.tracer, expected)):
        assert estimate.value == pytest.approx(exact, abs=4 * estimate.error)
        assert estimate.error < 0.1 * exact
    assert found.collective == found.tracer
    assert found.haven.value == pytest.approx(1.0)


def test_one_ion_diffuses_as_linear_algebra_says():
    network = disordered(lattice("diamond"), 11)
    found = monte_carlo(network, 1, 400, events=2_000_000, runs=10, seed=2)
    exact = np.trace(diffusion_tensor(network, 400)) / 3
    assert found.tracer.error < 0.05 * exact
    assert found.tracer.value == pytest.approx(exact, abs=4 * found.tracer.error)


def test_jump_diffusivity_of_a_lattice_gas():
    """Without interactions ions push like free ones: D_J = (1 − x) Γ z a² / 6 at any content."""
    network = lattice("simple cubic")
    free = diffusion_tensor(network, 500)[0, 0]
    found = monte_carlo(network, 0.5, 500, events=2_000_000, repeats=(6, 6, 6), runs=8)
    expected = (1 - 0.5) * free * 216 / 215
    assert found.collective.value == pytest.approx(expected, abs=4 * found.collective.error)
    assert found.collective.error < 0.06 * expected
    assert found.tracer.value < found.collective.value


def test_a_vacancys_network_is_read_as_its_ions():
    vacancies = replace(disordered(lattice("diamond"), 7), carrier="vacancy")
    options = {"events": 20_000, "repeats": (2, 2, 2)}
    assert monte_carlo(vacancies, 0.9, 400, **options).tracer == (
        monte_carlo(vacancies.as_ions(), 0.9, 400, **options).tracer
    )


def test_seed_decides():
    seen = []
    options = {"events": 50_000, "repeats": (2, 2, 2), "pair_energies": [0.02]}
    first, second, other = (
        monte_carlo(
            lattice("diamond"), 0.5, 300, seed=seed, progress=lambda *at: seen.append(at), **options
        )
        for seed in (1, 1, 2)
    )
    assert replace(first, events_per_second=0) == replace(second, events_per_second=0)
    assert first.tracer != other.tracer
    assert "20 meV" in first.interactions
    done, total = zip(*seen[: len(seen) // 3], strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == total[0] == 55_000


def test_few_jumps_are_flagged():
    few = monte_carlo(lattice("diamond"), 0.5, 300, events=5_000, repeats=(4, 4, 4))
    assert "take 26 times as many events" in few.flags[0]
    many = monte_carlo(lattice("diamond"), 0.5, 300, events=5_000)
    assert not many.flags


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"lithium": 1.2}, "between 0 and 1"),
        ({"lithium": -0.1}, "between 0 and 1"),
        ({"lithium": 65}, "64 ions"),
        ({"lithium": 1.0}, "no vacancy"),
        ({"lithium": 0}, "no ion"),
        ({"temperature": -1}, "temperature"),
        ({"events": 10}, "too few"),
        ({"seed": -1}, "seed"),
        ({"attempt_frequency": 0.0}, "attempt frequency"),
        ({"pair_energies": [0.0] * 4, "repeats": (1, 1, 1)}, "own image"),
    ],
)
def test_wrong_requests_are_refused(changes, hint):
    options = {"lithium": 0.5, "temperature": 300, "events": 1000, "repeats": (2, 2, 2)} | changes
    with pytest.raises(RequestError, match=hint):
        monte_carlo(
            lattice("diamond"), options.pop("lithium"), options.pop("temperature"), **options
        )


def test_no_way_out_is_refused():
    """One site that is joined to its own images only: its ion stands in its own way."""
    with pytest.raises(RequestError, match="no vacancy"):
        monte_carlo(lattice("simple cubic"), 1, 300)


def test_pair_energies_are_found_again():
    network = lattice("diamond").repeated((2, 2, 2))
    rng = np.random.default_rng(0)
    occupations = rng.random((40, 64)) < rng.random((40, 1))
    energies = [
        -7.5 + total_energy(network, np.flatnonzero(row), PAIRS) - 0.3 * row.sum()
        for row in occupations
    ]
    fit = fit_pair_energies(energies, occupations, network, shells=2)
    assert fit.pair_energies == pytest.approx(PAIRS)
    assert fit.reference == pytest.approx(-7.5)
    assert fit.site_energies == pytest.approx(np.full(64, -0.3))
    assert fit.residual < 1e-9
    with pytest.raises(RequestError, match="do not determine"):
        fit_pair_energies(energies[:3], occupations[:3], network, shells=2)
    with pytest.raises(RequestError, match="0 or 1"):
        fit_pair_energies(energies, 2 * occupations, network)
