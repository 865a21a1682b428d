"""Interactions of nickel and manganese on 16d: counted right, fitted right, kept on disk."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lnmo_atoms as la
from lnmo_atoms.analyzers.order_disorder import (
    LatticeModel,
    fit_lattice_model,
    load_lattice_model,
    variant_spins,
)
from lnmo_atoms.analyzers.order_disorder.ridge import RidgeProblem
from lnmo_atoms.analyzers.order_disorder.variants import (
    order_parameters,
    squared_length,
    variants_of_sites,
)
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.metals import metal_spins

A = 8.1726
NEAREST, SECOND = A * np.sqrt(2) / 4, A * np.sqrt(6) / 4
MODEL = LatticeModel(-3.0, {"pair 1": 0.03, "pair 2": -0.005, "triangle 1": 0.002})


def spins_of(structure):
    return np.array([1 if site.specie.symbol == "Ni" else -1 for site in structure])


def brute_force(structure):
    """Energy of MODEL per formula unit by distances alone, every periodic image counted."""
    metals = structure.copy().remove_species(["Li+", "O2-"])
    sigma = spins_of(metals)
    first, second, offsets, distances = metals.get_neighbor_list(SECOND + 0.1)
    total = 0.0
    for name, length in (("pair 1", NEAREST), ("pair 2", SECOND)):
        shell = np.abs(distances - length) < 0.01
        total += MODEL.interactions[name] * (sigma[first] * sigma[second])[shell].sum() / 2
    near = np.abs(distances - NEAREST) < 0.01
    ends = metals.cart_coords[second] + offsets @ metals.lattice.matrix
    for i in range(len(metals)):
        around = np.nonzero(near & (first == i))[0]
        for p, q in itertools.combinations(around, 2):
            if abs(np.linalg.norm(ends[p] - ends[q]) - NEAREST) < 0.01:
                product = sigma[i] * sigma[second[p]] * sigma[second[q]]
                total += MODEL.interactions["triangle 1"] * product / 3
    return MODEL.constant + total / (len(metals) / 2)


@pytest.mark.parametrize("supercell", [(1, 1, 1), (1, 1, 2), (2, 1, 2)])
def test_energies_are_sums_over_distances(supercell):
    structure = la.disordered_spinel(supercell, seed=3)
    assert MODEL.energy(structure) == pytest.approx(brute_force(structure), abs=1e-12)


def test_p4332_has_one_nickel_in_every_tetrahedron():
    """σ = (1, −1, −1, −1): six edges add up to 0, four faces to 2; one per formula unit."""
    ordered = la.ordered_spinel()
    assert LatticeModel(0.0, {"pair 1": 1.0}).energy(ordered) == pytest.approx(0.0)
    assert LatticeModel(0.0, {"triangle 1": 1.0}).energy(ordered) == pytest.approx(2.0)


def test_symmetry_and_repetition_leave_the_energy_alone():
    structure = la.disordered_spinel(seed=1)
    energy = MODEL.energy(structure)
    turned = structure.copy()
    turned.translate_sites(range(len(turned)), (0.13, 0.57, 0.91))
    assert MODEL.energy(turned) == pytest.approx(energy, abs=1e-12)
    assert MODEL.energy(structure * (1, 2, 1)) == pytest.approx(energy, abs=1e-12)
    mirrored = [MODEL.energy(la.ordered_spinel(enantiomorph=hand)) for hand in (False, True)]
    assert mirrored[0] == pytest.approx(mirrored[1], abs=1e-12)


def test_eight_variants_are_the_images_of_p4332():
    variants = [variant_spins(number, (1, 1, 1)).tobytes() for number in range(8)]
    assert len(set(variants)) == 8
    for hand in (False, True):
        _, spins = metal_spins(la.ordered_spinel(enantiomorph=hand))
        assert spins.tobytes() in variants


def test_order_parameters_of_a_perfect_crystal():
    """No nickel on the sites of its three translations, a quarter on those of the mirror images."""
    for variant in range(8):
        nickel = np.zeros(8, dtype=np.int32)
        np.add.at(nickel, variants_of_sites((1, 1, 1))[variant_spins(variant, (1, 1, 1)) > 0], 1)
        parameters = order_parameters(nickel, 16)
        assert parameters[variant] == 1
        assert np.sort(parameters) == pytest.approx([-1 / 3, -1 / 3, -1 / 3, 0, 0, 0, 0, 1])
        assert squared_length(parameters) == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-0.1, 0.1), min_size=5, max_size=5))
def test_a_fit_recovers_the_interactions_of_synthetic_energies(energies):
    """Three kinds of cells tell all five orbits apart; those that are absent come out as zero."""
    names = ("pair 1", "pair 2", "pair 3a", "pair 3b", "triangle 1")
    true = LatticeModel(-5.0, dict(zip(names, energies, strict=True)))
    fit = fit_lattice_model(CELLS, [true.energy(cell) for cell in CELLS], engine="toy")
    assert fit.cross_validation < 2e-6
    assert fit.undetermined == ()
    for cell in CELLS:
        assert fit.model.energy(cell) == pytest.approx(true.energy(cell), abs=1e-5)
    if fit.error < 1e-12:
        found = [fit.model.interactions.get(name, 0.0) for name in names]
        assert found == pytest.approx(energies, abs=1e-9)


CELLS = [
    la.disordered_spinel(supercell, seed=seed)
    for supercell in ((1, 1, 1), (1, 2, 2))
    for seed in range(8)
]


def test_cells_one_cubic_edge_wide_do_not_tell_the_two_third_neighbours_apart():
    """a(½, ½, 0) and a(½, −½, 0) differ by a lattice vector: one crosses 16d, the other 16c."""
    cells = [la.disordered_spinel((1, 1, n), seed=s) for n in (1, 2) for s in range(12)]
    true = LatticeModel(0.0, {"pair 1": 0.05, "pair 3a": 0.01, "pair 3b": 0.03})
    fit = fit_lattice_model(cells, [true.energy(cell) for cell in cells])
    assert fit.undetermined == ("pair 3a", "pair 3b")
    assert fit.model.interactions["pair 3a"] == pytest.approx(0.02)
    assert fit.model.interactions["pair 3b"] == pytest.approx(0.02)
    assert "do not tell pair 3a, pair 3b apart" in fit.model.source


def test_leaving_one_out_is_what_fitting_without_it_predicts():
    rng = np.random.default_rng(0)
    table, target = rng.normal(size=(12, 3)), rng.normal(size=12)
    weights = rng.uniform(0.5, 2.0, size=12)
    problem = RidgeProblem(table, target, weights / weights.sum())
    for i, predicted in enumerate(problem.left_out(0.0)):
        others = np.arange(12) != i
        root = np.sqrt(weights[others])[:, None]
        design = np.column_stack([np.ones(12), table])
        found = np.linalg.lstsq(root * design[others], root[:, 0] * target[others], rcond=None)[0]
        assert predicted == pytest.approx(design[i] @ found)


def test_noise_is_hardly_fitted():
    noise = np.random.default_rng(5).normal(0, 0.01, size=len(CELLS))
    fit = fit_lattice_model(CELLS, noise, pairs=5, triplets=2)
    assert fit.cross_validation <= 1.1 * fit.candidates[0, 0]
    assert fit.candidates[0, 0] == pytest.approx(noise.std() * 16 / 15)


def test_a_model_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "model.json"
    MODEL.save(path)
    assert load_lattice_model(path) == MODEL
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["interactions_eV_per_cluster"] == dict(MODEL.interactions)


def test_mistakes_are_named(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("{}", encoding="utf-8")
    random = la.disordered_spinel()
    for wrong, words in (
        (lambda: LatticeModel(0.0, {"pair 3": 0.1}), "no orbit 'pair 3'"),
        (lambda: LatticeModel(float("nan"), {}), "finite"),
        (lambda: load_lattice_model(path), "not a file of a lattice model"),
        (lambda: load_lattice_model(tmp_path / "none.json"), "cannot read"),
        (lambda: MODEL.energy(la.lithium_manganate()), "not LiNi0.5Mn1.5O4"),
        (lambda: MODEL.energy(random * [[1, 1, 0], [0, 1, 0], [0, 0, 1]]), "cubic axes"),
        (lambda: MODEL.energy(_moved_nickel(random)), "16d sites"),
        (lambda: fit_lattice_model([random] * 3, [0.0] * 3), "at least 4"),
        (lambda: fit_lattice_model([random] * 4, [0.0] * 5), "one energy"),
        (lambda: fit_lattice_model([random] * 4, [float("inf")] * 4), "finite"),
    ):
        with pytest.raises(RequestError, match=words):
            wrong()


def _moved_nickel(structure):
    moved = structure.copy()
    nickel = next(i for i, site in enumerate(moved) if site.specie.symbol == "Ni")
    moved.translate_sites([nickel], (0.25, 0, 0))
    return moved
