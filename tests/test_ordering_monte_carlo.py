"""Monte Carlo of nickel and manganese against exact sums, and the transition it finds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from lnmo_atoms.analyzers.kinetics.monte_carlo import Estimate
from lnmo_atoms.analyzers.kinetics.rates import BOLTZMANN
from lnmo_atoms.analyzers.order_disorder import (
    LatticeModel,
    OrderingPoint,
    canonical_monte_carlo,
    ordering_transition,
    transition_work,
    variant_spins,
)
from lnmo_atoms.analyzers.order_disorder.bonds import bonds_of
from lnmo_atoms.analyzers.order_disorder.composition import formula_units
from lnmo_atoms.analyzers.order_disorder.estimates import jackknife
from lnmo_atoms.analyzers.order_disorder.free_energy import equal_free_energies
from lnmo_atoms.analyzers.order_disorder.kernel import (
    NEIGHBOURS,
    RING,
    SWAP,
    TURNS,
    Moves,
    Probes,
    Samples,
    state_of,
    sweep,
)
from lnmo_atoms.analyzers.order_disorder.monte_carlo import random_spins
from lnmo_atoms.builders.clusters import cluster_orbits
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.pyrochlore import rings

FAVOURS_P4332 = LatticeModel(
    -2.0,
    {"pair 1": 0.03, "pair 2": -0.005, "pair 3a": 0.004, "pair 3b": 0.006, "triangle 1": 0.002},
)
NAMES = ("pair 1", "pair 2", "pair 3a", "pair 3b", "pair 6", "triangle 1", "triangle 4")
CELLS = ((1, 1, 1), (1, 1, 2), (2, 1, 3))
energies = st.lists(st.floats(-0.2, 0.2), min_size=len(NAMES), max_size=len(NAMES))


def bonds_in(model, supercell):
    orbits = model.orbits(supercell)
    interactions = [model.interactions[orbit.name] for orbit in orbits]
    return bonds_of(16 * int(np.prod(supercell)), orbits, interactions)


def energy_of(bonds, energy, supercell):
    return energy * bonds.unit / formula_units(supercell)


def unmeasured(sites, rows):
    """Nothing but the energy."""
    probes = Probes(np.zeros((sites, 0), np.int8), np.empty((0, 2), np.int32), np.empty(0, int))
    nothing = np.zeros((rows, 0), np.int32)
    return probes, Samples(np.zeros(rows, int), nothing, nothing)


@settings(max_examples=30, deadline=None)
@given(energies, st.sampled_from(CELLS), st.sampled_from([SWAP, NEIGHBOURS, RING]), st.integers(0))
def test_every_move_changes_the_energy_as_a_full_sum_does(interactions, supercell, kind, seed):
    """Also where a cell is so small that a cluster holds a site and its own image."""
    model = LatticeModel(0.0, dict(zip(NAMES, interactions, strict=True)))
    rng = np.random.default_rng(seed)
    bonds = bonds_in(model, supercell)
    spins = variant_spins(seed % 8, supercell) if kind == RING else random_spins(supercell, rng)
    state = state_of(bonds, spins)
    moves = Moves(np.array([kind]), rings(supercell).astype(np.int32))
    for _ in range(10):
        sweep(bonds, moves, state, 20, bonds.unit / 1.0, rng, *unmeasured(len(spins), 1))
        expected = model.energy_of_spins(supercell, state.spin)
        assert energy_of(bonds, state.energy[0], supercell) == pytest.approx(expected, abs=1e-9)
    fresh = state_of(bonds, state.spin)
    assert np.array_equal(fresh.field, state.field)
    assert fresh.energy == state.energy
    nickels = len(spins) // 4
    assert np.array_equal(np.sort(state.sites[:nickels]), np.nonzero(state.spin > 0)[0])
    assert np.array_equal(state.sites[state.slot], np.arange(len(spins)))


def reachable(start, kind, supercell):
    """Arrangements that moves of one kind lead to, by search."""
    around = rings(supercell)
    groups = {
        SWAP: list(itertools.combinations(range(len(start)), 2)),
        NEIGHBOURS: [pair for ring in around for pair in zip(ring, np.roll(ring, 1), strict=True)],
        RING: around,
    }[kind]
    known, new = {start.tobytes()}, [start]
    while new:
        spins = new.pop()
        for group in map(list, groups):
            moved = spins.copy()
            moved[group] *= -1
            alternate = (spins[group][:-1] != spins[group][1:]).all()
            if alternate and moved.tobytes() not in known:
                known.add(moved.tobytes())
                new.append(moved)
    return np.array([np.frombuffer(found, dtype=np.int8) for found in known])


@pytest.mark.parametrize(
    ("kind", "cell"), [(SWAP, (1, 1, 1)), (NEIGHBOURS, (1, 1, 1)), (RING, (1, 1, 2))]
)
def test_each_kind_of_move_alone_keeps_the_boltzmann_distribution(kind, cell):
    """Over all that it reaches from P4_332; a ring keeps one nickel in every tetrahedron."""
    start, kt = variant_spins(0, cell), BOLTZMANN * 1200
    spins = reachable(start, kind, cell)
    first = cluster_orbits(cell, pairs=1, triplets=0)[0].members
    if kind == RING:
        assert len(spins) > 50
        assert (spins[:, first].prod(axis=-1).sum(axis=1) == 0).all()
    else:
        assert len(spins) == 1820
    formulas = formula_units(cell)
    energy = formulas * energies_of(FAVOURS_P4332, cell, spins)
    weight = np.exp(-(energy - energy.min()) / kt)
    weight /= weight.sum()

    bonds = bonds_in(FAVOURS_P4332, cell)
    moves = Moves(np.array([kind]), rings(cell).astype(np.int32))
    probes, samples = unmeasured(len(start), 40_000)
    rng = np.random.default_rng(7)
    sweep(bonds, moves, state_of(bonds, start), 32, bonds.unit / kt, rng, probes, samples)
    sampled = formulas * FAVOURS_P4332.constant + samples.energy * bonds.unit
    found = jackknife(np.column_stack([sampled, sampled**2]), lambda means: means)
    for estimate, exact in zip(found, (weight @ energy, weight @ energy**2), strict=True):
        assert abs(estimate.value - exact) < 4 * estimate.error
    assert found[0].error < 0.01


def energies_of(model, supercell, spins):
    """eV per formula unit of many arrangements."""
    total = np.full(len(spins), model.constant * formula_units(supercell))
    for orbit in model.orbits(supercell):
        products = spins[:, orbit.members].prod(axis=-1, dtype=int).sum(axis=1)
        total += model.interactions[orbit.name] * products
    return total / formula_units(supercell)


def all_arrangements():
    """The 1,820 decorations of the cubic cell."""
    spins = np.full((1820, 16), -1, dtype=np.int8)
    for row, nickel in zip(spins, itertools.combinations(range(16), 4), strict=True):
        row[list(nickel)] = 1
    return spins


@pytest.mark.parametrize("temperature", [400.0, 800.0, 2000.0])
def test_averages_of_the_cubic_cell_are_the_boltzmann_sums(temperature):
    cell, spins = (1, 1, 1), all_arrangements()
    energy = energies_of(FAVOURS_P4332, cell, spins)
    overlaps = np.array([(spins[:, variant_spins(v, cell) > 0] > 0).mean(axis=1) for v in range(8)])
    order = ((overlaps - 0.25) / 0.75).max(axis=0)
    length = ((overlaps - 0.25) ** 2).sum(axis=0)
    first = cluster_orbits(cell, pairs=1, triplets=0)[0].members
    alpha = (spins[:, first].prod(axis=-1).mean(axis=1) - 0.25) / 0.75
    weight = np.exp(-8 * (energy - energy.min()) / (BOLTZMANN * temperature))
    weight /= weight.sum()
    capacity = 8 * (weight @ energy**2 - (weight @ energy) ** 2) / (BOLTZMANN * temperature) ** 2
    binder = 1 - weight @ length**2 / (3 * (weight @ length) ** 2)

    ladder = canonical_monte_carlo(FAVOURS_P4332, cell, [temperature], sweeps=40_000, seed=1)
    (point,) = ladder.points
    for estimate, exact in (
        (point.energy, weight @ energy),
        (point.heat_capacity, capacity),
        (point.order, weight @ order),
        (point.binder, binder),
        (point.short_range["pair 1"], weight @ alpha),
    ):
        assert abs(estimate.value - exact) < 4 * estimate.error
        assert estimate.error < 0.02


def test_averages_of_two_cubic_cells_are_the_boltzmann_sums():
    """All 10,518,300 arrangements, as pairs of arrangements of the two halves of the sites."""
    cell, n, temperature = (1, 1, 2), 32, 700.0
    pairs = LatticeModel(0.0, {"pair 1": 0.03, "pair 2": -0.005, "pair 3b": 0.01})
    orbits = pairs.orbits(cell)
    coupling = np.zeros((n, n))
    for orbit in orbits:
        np.add.at(coupling, tuple(orbit.members.T), pairs.interactions[orbit.name])
    coupling = (coupling + coupling.T) / 2
    near, far = coupling[:16, :16], coupling[16:, 16:]
    bits = 2 * (np.arange(1 << 16)[:, None] >> np.arange(16) & 1) - 1.0
    nickel = (bits > 0).sum(axis=1)
    halves = [bits[nickel == k] for k in range(9)]
    sums = np.zeros(3)
    for one, other in zip(halves, halves[::-1], strict=True):
        alone = np.einsum("ai,ij,aj->a", one, near, one)[:, None]
        energy = alone + 2 * one @ coupling[:16, 16:] @ other.T
        energy += np.einsum("ai,ij,aj->a", other, far, other)
        weight = np.exp(-energy / (BOLTZMANN * temperature))
        sums += [weight.sum(), (weight * energy).sum(), (weight * energy**2).sum()]
    mean, square = sums[1:] / sums[0]
    capacity = (square - mean**2) / 16 / (BOLTZMANN * temperature) ** 2

    (point,) = canonical_monte_carlo(pairs, cell, [temperature], sweeps=40_000, seed=2).points
    assert abs(point.energy.value - mean / 16) < 4 * point.energy.error
    assert abs(point.heat_capacity.value - capacity) < 4 * point.heat_capacity.error
    assert point.energy.error < 5e-4
    assert point.heat_capacity.error < 0.05


def test_infinite_temperature_is_complete_disorder():
    """Pairs of n sites, a quarter nickel: ⟨σσ⟩ = ((Σσ)² − n)/(n(n − 1)) whatever the distance."""
    ladder = canonical_monte_carlo(FAVOURS_P4332, (3, 3, 3), [np.inf], sweeps=2000)
    (point,) = ladder.points
    n = 16 * 27
    exact = ((n / 2) ** 2 - n) / (n * (n - 1))
    for alpha in point.short_range.values():
        assert abs(alpha.value - (exact - 0.25) / 0.75) < 4 * alpha.error
    unlike = 2 * n / 4 * 3 * n / 4 / (n * (n - 1))
    ring = 2 * np.prod([(n / 4 - k) * (3 * n / 4 - k) for k in range(3)])
    ring /= np.prod([n - k for k in range(6)])
    proposed = {SWAP: 1.0, NEIGHBOURS: unlike, RING: ring}
    assert point.acceptance == pytest.approx(np.mean([proposed[k] for k in TURNS]), abs=0.003)
    assert point.heat_capacity.value == 0
    assert abs(point.binder.value - 5 / 9) < 4 * point.binder.error + 0.01


def test_cooling_ends_in_p4332():
    ladder = canonical_monte_carlo(
        FAVOURS_P4332, (2, 2, 2), np.arange(1200, 50, -50), sweeps=400, seed=3
    )
    cold = ladder.points[-1]
    assert cold.order.value == 1
    assert cold.binder.value == pytest.approx(2 / 3)
    assert cold.short_range["pair 1"].value == pytest.approx(-1 / 3)
    perfect = FAVOURS_P4332.energy_of_spins((2, 2, 2), variant_spins(0, (2, 2, 2)))
    assert cold.energy.value == pytest.approx(perfect)


def test_cooling_passes_the_ice_rule():
    """Like neighbours cost so much, as in LNMO, that hardly any swap happens before order sets in.

    P4_332 is the lowest by a small margin only.
    """
    names = ("pair 1", "pair 2", "pair 3a", "pair 3b", "pair 4", "triangle 1")
    energies = (0.088, 0.0076, 0.0024, 0.0104, 0.0040, 0.0130)
    strong = LatticeModel(0.0, dict(zip(names, energies, strict=True)))
    cooling = np.arange(700, 200, -25)
    ladder = canonical_monte_carlo(strong, (4, 4, 4), cooling, sweeps=500, seed=1)
    assert ladder.points[-1].order.value > 0.98


def test_the_same_seed_gives_the_same_run():
    runs = [
        canonical_monte_carlo(FAVOURS_P4332, (2, 2, 2), [800, 400], sweeps=50, seed=seed)
        for seed in (4, 4, 5)
    ]
    assert runs[0].points == runs[1].points
    assert np.array_equal(runs[0].spins, runs[1].spins)
    assert runs[0].points != runs[2].points


def test_jackknife_errors_are_those_of_independent_samples():
    """The mean's error is σ/√n, and the square of the mean is freed of its bias σ²/n."""
    rng = np.random.default_rng(0)
    means, errors, squares = [], [], []
    for _ in range(300):
        samples = rng.normal(2.0, 1.0, size=(400, 1))
        mean, square = jackknife(samples, lambda m: np.concatenate([m, m**2], axis=-1))
        means.append(mean.value)
        errors.append(mean.error)
        squares.append(square.value)
    assert np.mean(errors) == pytest.approx(1 / 20, rel=0.05)
    assert np.std(means) == pytest.approx(1 / 20, rel=0.15)
    assert np.mean(squares) == pytest.approx(4.0, abs=4 * 0.2 / np.sqrt(300))


def exact_point(energies, temperature):
    """Averages over states of the cubic cell, of total energy in eV, as a run gives them."""
    weight = np.exp(-(energies - energies.min()) / (BOLTZMANN * temperature))
    weight /= weight.sum()
    mean = weight @ energies
    known = Estimate(mean / 8, 0.0), Estimate(weight @ (energies - mean) ** 2 / 8, 0.0)
    none = Estimate(0.0, 0.0)
    return OrderingPoint(temperature, *known, none, none, {}, 0.0)


def test_free_energies_are_equal_where_the_partition_functions_are():
    """Eight variants are one phase, all other arrangements of the cubic cell the other."""
    energies = 8 * energies_of(FAVOURS_P4332, (1, 1, 1), all_arrangements())
    ground = np.isclose(energies, energies.min())
    assert ground.sum() == 8
    ladder = np.geomspace(100, 2000, 60)
    hot = [exact_point(energies[~ground], t) for t in (np.inf, 16000, 8000, 4000, *ladder[::-1])]
    cold = [exact_point(energies[ground], t) for t in ladder]

    def difference(temperature):
        """Of ln Z; integration begins with the entropy of all arrangements, the eight included."""
        boltzmann = np.exp(-(energies - energies.min()) / (BOLTZMANN * temperature))
        return np.log(boltzmann[ground].sum() / boltzmann[~ground].sum()) - np.log(1820 / 1812)

    exact = brentq(difference, 150, 1900)
    found = equal_free_energies(hot, cold, 8)
    assert found.value == pytest.approx(exact, rel=1e-3)
    assert found.error == pytest.approx(0, abs=1e-6)
    assert equal_free_energies(hot[:10], cold[:10], 8) is None


@pytest.fixture(scope="module")
def transition():
    temperatures = np.arange(350, 701, 25)
    return ordering_transition(FAVOURS_P4332, (2, 4), temperatures, sweeps=500)


def test_heating_and_cooling_enclose_the_transition(transition):
    assert transition.flags == ()
    cell, perfect = (2, 2, 2), variant_spins(0, (2, 2, 2))
    for size in transition.sizes:
        disorder = size.cooling[0].energy.value
        assert size.cooling[-1].order.value > 0.75
        assert size.heating[-1].order.value < 0.35
        assert size.orders_at - 25 < size.temperature.value < size.disorders_at + 25
        if size.latent_heat:
            assert 0 < size.latent_heat < disorder - FAVOURS_P4332.energy_of_spins(cell, perfect)
    assert transition.temperature == transition.sizes[-1].temperature


def test_disorder_is_the_same_on_heating_and_cooling(transition):
    for size in transition.sizes:
        heating = {point.temperature: point for point in size.heating}
        for cold in size.cooling:
            hot = heating.get(cold.temperature)
            if hot and cold.temperature > transition.temperature.value + 75:
                error = np.hypot(cold.energy.error, hot.energy.error)
                assert abs(cold.energy.value - hot.energy.value) < 5 * error


def test_a_model_with_another_ground_state_says_so():
    """Like neighbours attract each other: nickel gathers, P4_332 is the highest in energy."""
    segregating = LatticeModel(0.0, {"pair 1": -0.02})
    steps = []
    ladder = [300, 600, 900]
    found = ordering_transition(segregating, (2,), ladder, sweeps=50, progress=steps.append)
    assert sum(steps) == transition_work((2,), ladder)
    assert found.temperature is None
    assert any("below P4_332" in flag for flag in found.flags)
    assert any("do not order as P4_332" in flag for flag in found.flags)


def test_mistakes_are_named():
    for wrong, words in (
        (lambda: canonical_monte_carlo(FAVOURS_P4332, (1, 1, 1), [0.0]), "above 0 K"),
        (lambda: canonical_monte_carlo(FAVOURS_P4332, (1, 1, 1), [300], sweeps=3), "too few"),
        (lambda: canonical_monte_carlo(FAVOURS_P4332, (0, 1, 1), [300]), "positive integers"),
        (lambda: ordering_transition(FAVOURS_P4332, ()), "at least one size"),
        (lambda: ordering_transition(FAVOURS_P4332, (2,), [300, 400]), "three temperatures"),
    ):
        with pytest.raises(RequestError, match=words):
            wrong()


def test_order_lost_below_the_range_gets_no_temperature():
    """Heated from 400 K by way of 800 K, the crystal is disordered before the range begins."""
    found = ordering_transition(FAVOURS_P4332, (2,), [1600.0, 1700.0, 1800.0], sweeps=100)
    (size,) = found.sizes
    assert size.heating[0].order.value > 0.5 > size.heating[2].order.value
    assert size.disorders_at is None
    assert size.orders_at is None
    assert len(found.flags) == 2
