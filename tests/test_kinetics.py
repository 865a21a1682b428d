"""Rates and exact diffusivity of one carrier against walks that are solved on paper."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinetic_networks import NEIGHBOURS, A, by_pseudoinverse, disordered, lattice, network
from scipy.spatial.transform import Rotation

from lnmo_atoms.analyzers.kinetics import (
    BOLTZMANN,
    arrhenius_fit,
    diffusion_tensor,
    diffusivity,
    jump_rate,
)
from lnmo_atoms.analyzers.kinetics.lattice_gas import lattice_gas
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.vineyard import vineyard_frequency

LATTICES = sorted(NEIGHBOURS)


@pytest.mark.parametrize("name", LATTICES)
def test_random_walk(name):
    """D = Γ z a² / 6 where all sites and barriers are equal."""
    count, distance = NEIGHBOURS[name]
    expected = jump_rate(0.3, 300) * count * (distance * A) ** 2 / 6 * 1e-16
    assert np.allclose(diffusion_tensor(lattice(name), 300), expected * np.eye(3), rtol=1e-12)


def test_tetragonal_walk():
    """Each axis has its own D = Γ d², with jumps of length d to either side."""
    a, c = 3.0, 5.0
    walk = network(
        np.diag([a, a, c]),
        [[0, 0, 0]],
        [(0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)],
        [0.0],
        [0.2, 0.2, 0.5],
    )
    rates = jump_rate([0.2, 0.2, 0.5], 400)
    expected = np.diag(rates * np.array([a, a, c]) ** 2) * 1e-16
    assert np.allclose(diffusion_tensor(walk, 400), expected, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    energies=st.lists(st.floats(0, 0.4), min_size=2, max_size=6),
    saddles=st.lists(st.floats(0.4, 1.5), min_size=6, max_size=6),
    temperature=st.floats(200, 2000),
)
def test_chain(energies, saddles, temperature):
    """1/D = ⟨exp(−βE)⟩ ⟨exp(βS)⟩ / (ν a²), averages over the chain: resistances in series."""
    n, spacing = len(energies), 2.5
    walk = network(
        np.diag([n * spacing, 9, 9]),
        [[i / n, 0, 0] for i in range(n)],
        [(i, (i + 1) % n, int(i + 1 == n), 0, 0) for i in range(n)],
        energies,
        saddles[:n],
    )
    beta = 1 / (BOLTZMANN * temperature)
    weights = np.exp(-beta * np.array(energies)).mean()
    resistance = np.exp(beta * np.array(saddles[:n])).mean()
    expected = 1e13 * spacing**2 * 1e-16 / (weights * resistance)
    found = diffusion_tensor(walk, temperature)
    assert found[0, 0] == pytest.approx(expected, rel=1e-9)
    assert np.count_nonzero(found) == 1


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(LATTICES), seed=st.integers(0, 10**6))
def test_elimination_agrees_with_the_pseudoinverse(name, seed):
    walk = disordered(lattice(name).repeated((2, 1, 2)), seed)
    found = diffusion_tensor(walk, 600)
    expected = by_pseudoinverse(walk, 600)
    assert np.allclose(found, expected, rtol=1e-7, atol=1e-9 * expected.max())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), repeats=st.tuples(*[st.integers(1, 2)] * 3))
def test_tensor_is_symmetric_and_positive_and_turns_with_the_crystal(seed, repeats):
    walk = disordered(lattice("bcc").repeated((2, 1, 1)), seed)
    tensor = diffusion_tensor(walk, 300)
    assert np.array_equal(tensor, tensor.T)
    assert np.linalg.eigvalsh(tensor).min() >= -1e-12 * tensor.max()
    assert np.allclose(
        diffusion_tensor(walk.repeated(repeats), 300), tensor, rtol=1e-9, atol=1e-12 * tensor.max()
    )
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    turned = replace(walk, lattice=walk.lattice @ turn.T)
    assert np.allclose(
        diffusion_tensor(turned, 300), turn @ tensor @ turn.T, atol=1e-12 * tensor.max()
    )


def test_one_slow_hop_on_the_way_counts_however_slow():
    """Fast pairs joined by slow hops: 38 orders of magnitude between the rates at 200 K."""
    walk = network(
        np.diag([6.0, 6, 6]),
        [[0, 0, 0], [0.3, 0, 0]],
        [(0, 1, 0, 0, 0), (1, 0, 1, 0, 0)],
        [0.0, 0.0],
        [0.0, 1.5],
    )
    resistance = np.exp(np.array([0.0, 1.5]) / (BOLTZMANN * 200)).sum()
    expected = 1e13 * 6.0**2 * 1e-16 / (2 * resistance)
    assert diffusion_tensor(walk, 200)[0, 0] == pytest.approx(expected, rel=1e-9)


def test_parts_count_by_their_weight_and_closed_ones_not_at_all():
    """A chain along x beside a dimer that leads nowhere, lower by 0.1 eV."""
    chain = [(0, 0, 1, 0, 0)]
    alone = network(np.eye(3) * 5, [[0, 0, 0]], chain, [0.0], [0.3])
    both = network(
        np.eye(3) * 5,
        [[0, 0, 0], [0, 0.5, 0], [0.3, 0.5, 0]],
        [*chain, (1, 2, 0, 0, 0)],
        [0.0, -0.1, -0.1],
        [0.3, 0.1],
    )
    share = 1 / (1 + 2 * np.exp(0.1 / (BOLTZMANN * 500)))
    assert np.allclose(diffusion_tensor(both, 500), share * diffusion_tensor(alone, 500))
    dimer = network(np.eye(3) * 5, both.sites[1:], [(0, 1, 0, 0, 0)], [0.0, 0.0], [0.2])
    assert not diffusion_tensor(dimer, 500).any()
    stuck = diffusivity(dimer, [300, 400])
    assert stuck.fit is None
    assert np.isnan(stuck.activation_energy)


def test_activation_energy_of_equal_barriers():
    found = diffusivity(lattice("diamond", barrier=0.42), [250, 300, 600])
    assert found.activation_energies == pytest.approx([0.42] * 3, abs=1e-6)
    assert found.activation_energy == pytest.approx(0.42, abs=1e-9)
    count, distance = NEIGHBOURS["diamond"]
    assert found.fit.prefactor == pytest.approx(1e13 * count * (distance * A) ** 2 / 6 * 1e-16)
    single = diffusivity(lattice("diamond", barrier=0.42), [300])
    assert single.activation_energy == pytest.approx(0.42, abs=1e-6)


def test_each_edge_may_have_its_attempt_frequency():
    """In one direction each, frequencies scale the axes of a simple cubic walk."""
    walk = lattice("simple cubic")
    axis = np.abs(walk.image).argmax(axis=1)
    usual = diffusion_tensor(walk, 300)
    scaled = diffusion_tensor(walk, 300, np.array([1e13, 2e13, 5e12])[axis])
    assert np.allclose(scaled, usual @ np.diag([1, 2, 0.5]))


def test_ions_keep_the_barriers_of_vacancies():
    vacancies = replace(disordered(lattice("diamond"), 3), carrier="vacancy")
    ions = vacancies.as_ions()
    assert np.allclose(ions.barriers[:, 0], vacancies.barriers[:, 1])
    assert np.allclose(ions.barriers[:, 1], vacancies.barriers[:, 0])
    assert ions.as_ions() is ions


def test_vineyard_of_springs():
    """One atom on springs: ν = ω₁ω₂ω₃ / ω₂'ω₃' / 2π; hydrogen at 1 eV/Å² swings at 15.6 THz."""
    one = np.sqrt(1.602176634e-19 / 1e-20 / 1.66053906660e-27) / (2 * np.pi)
    stiff = vineyard_frequency(np.diag([4.0, 1, 1]), np.diag([-1.0, 2, 2]), [1.0])
    assert stiff == pytest.approx(2 * 1 * 1 / 2 * one)
    assert one == pytest.approx(15.63e12, rel=1e-3)
    heavy = vineyard_frequency(np.diag([4.0, 1, 1]), np.diag([-1.0, 2, 2]), [4.0])
    assert heavy == pytest.approx(stiff / 2)


def test_vineyard_leaves_translations_out():
    """Two atoms joined by a spring tensor K: curvatures K/μ, and three translations at zero."""
    masses = np.array([2.0, 6.0])

    def joined(springs):
        return np.kron([[1, -1], [-1, 1]], np.diag(springs))

    found = vineyard_frequency(joined([4.0, 1, 1]), joined([-1.0, 1, 4]), masses)
    reduced = 1 / np.sum(1 / masses)
    unit = 1.602176634e-19 / 1e-20 / 1.66053906660e-27
    assert found == pytest.approx(np.sqrt(4 / 4 / reduced * unit) / (2 * np.pi))


@pytest.mark.parametrize(
    ("minimum", "saddle", "masses", "hint"),
    [
        ([-1, 1, 1], [-1, 1, 1], [1], "no minimum"),
        ([1, 1, 1], [1, 1, 1], [1], "0 negative"),
        ([1, 1, 1], [-1, -1, 1], [1], "2 negative"),
        ([1, 1, 1], [-1, 1, 1], [0], "masses"),
        ([1, 1, 1], [-1, 1, 1], [1, 1], "shape"),
    ],
)
def test_wrong_vibrations_are_refused(minimum, saddle, masses, hint):
    with pytest.raises(RequestError, match=hint):
        vineyard_frequency(np.diag(minimum), np.diag(saddle), masses)


def test_wrong_requests_are_refused():
    walk = lattice("bcc")
    with pytest.raises(RequestError, match="temperature"):
        diffusion_tensor(walk, -5)
    with pytest.raises(RequestError, match="attempt frequency"):
        diffusion_tensor(walk, 300, 0)
    with pytest.raises(RequestError, match="at least one temperature"):
        diffusivity(walk, [])
    with pytest.raises(RequestError, match="below a site"):
        lattice("bcc", barrier=-0.1)
    with pytest.raises(RequestError, match="matching lengths"):
        replace(walk, site_energies=np.zeros(3))
    with pytest.raises(RequestError, match="not one of its"):
        replace(walk, end=walk.end + 2)
    with pytest.raises(RequestError, match="repeated"):
        walk.repeated((1, 0, 1))
    with pytest.raises(RequestError, match="two temperatures"):
        arrhenius_fit([300, 300], [1, 1])


def vibrating_chain():
    """Two kinds of sites along x, of different energies and vibrations, and the chain's rates."""
    kt = BOLTZMANN * 400
    walk = network(
        np.diag([6.0, 9, 9]),
        [[0, 0, 0], [0.4, 0, 0]],
        [(0, 1, 0, 0, 0), (1, 0, 1, 0, 0)],
        [0.0, 0.05],
        [0.3, 0.35],
    )
    from_first, from_second = np.array([4e12, 6e12]), np.array([1.2e13, 1.8e13])
    walk = replace(
        walk,
        attempt_frequencies=np.sqrt(from_first * from_second),
        site_entropies=np.array([np.log(3), 0]) + 5,
    )
    jumps = from_first * np.exp(-np.array([0.3, 0.35]) / kt)
    back = from_second * np.exp(-np.array([0.25, 0.30]) / kt)
    return walk, jumps, back


def test_vibrations_weigh_sites_and_keep_detailed_balance():
    """D = L² / Σ 1/(πΓ) over the chain, π from the rates themselves."""
    walk, jumps, back = vibrating_chain()
    first = back.sum() / (jumps.sum() + back.sum())
    assert jumps[0] / back[0] == pytest.approx(jumps[1] / back[1])
    expected = 6.0**2 * 1e-16 / np.sum(1 / (first * jumps))
    assert diffusion_tensor(walk, 400)[0, 0] == pytest.approx(expected, rel=1e-9)
    assert diffusion_tensor(walk.repeated((3, 1, 1)), 400)[0, 0] == pytest.approx(expected)
    alone = replace(walk, attempt_frequencies=None, site_entropies=None)
    assert np.array_equal(diffusion_tensor(walk, 400, 2e12), diffusion_tensor(alone, 400, 2e12))
    assert np.array_equal(diffusion_tensor(alone, 400), diffusion_tensor(alone, 400, 1e13))


@pytest.mark.parametrize("carrier", ["ion", "vacancy"])
def test_simulated_rates_are_those_of_the_vibrations(carrier):
    walk, jumps, back = vibrating_chain()
    free, frequencies = replace(walk, carrier=carrier).rates_at(400)
    gas = lattice_gas(free.as_ions(), 400, (), frequencies)
    # an ion jumps to where the vacancy was, as often as the vacancy jumps to where the ion was
    first, second = (jumps, back) if carrier == "ion" else (back, jumps)
    assert sorted(gas.rate) == pytest.approx(sorted([*first, *second]))
