"""Surface energies of random alloys against direct ASE calculations, and their statistics."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from pymatgen.core import Lattice, Structure
from synthetic import surface

from lnmo_atoms.builders.disorder import random_cells
from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.slabs import disordered_slabs, parent_termination
from lnmo_atoms.builders.spinel import average_spinel, ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.disordered_surfaces import disordered_surface_energies, plan_disordered_surfaces
from lnmo_atoms.disordered_surfaces.means import mean_gamma, means
from lnmo_atoms.disordered_surfaces.reference import DisorderedReference, Mean, mean
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.records import load_disordered_surfaces, save_disordered_surfaces
from lnmo_atoms.surfaces import EV_PER_A2, surface_energies

THIN = {"thickness": 6.0, "samples": 3}


def fcc(content, a):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), [content], [[0, 0, 0]])


def copper_gold():
    return fcc({"Cu": 0.75, "Au": 0.25}, 3.75)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tmp_path_factory.mktemp("alloy") / "study"


@pytest.fixture(scope="module")
def results(study):
    return disordered_surface_energies(copper_gold(), [(1, 1, 1)], "emt", study, fmax=0.01, **THIN)


def emt_energy(structure, relax=False, cell=False):
    atoms = to_atoms(structure)
    atoms.calc = EMT()
    if relax:
        BFGS(FrechetCellFilter(atoms) if cell else atoms, logfile=None).run(fmax=0.005, steps=500)
    return atoms.get_potential_energy(), atoms.get_volume()


def test_alloy_agrees_with_ase_sample_by_sample(results):
    """Bulk cells, lattice parameter, slabs and the error, all from ASE and the formula."""
    cells = random_cells(copper_gold(), 3, seed=0)
    relaxed = [emt_energy(cell, relax=True, cell=True) for cell in cells]
    per_formula = [energy / (len(cells[0]) / 4) for energy, _ in relaxed]
    volume = np.mean([volume for _, volume in relaxed])
    for result in results:
        cubic = result.samples[0].bulk
        assert cubic.volume / 4 == pytest.approx(volume / len(cells[0]), rel=1e-3)
        slab = result.samples[0].slab
        n, area = slab.certificate.formula_units, slab.certificate.area
        energies = [emt_energy(s.slab.structure, relax=True)[0] for s in result.samples]
        gammas = (np.array(energies) - n * np.mean(per_formula)) / (2 * area) * EV_PER_A2
        errors = (
            np.std(energies, ddof=1) / np.sqrt(3),
            n * np.std(per_formula, ddof=1) / np.sqrt(3),
        )
        assert result.averaged == 3
        assert result.gamma == pytest.approx(gammas.mean(), abs=2e-3)
        expected = np.hypot(*errors) / (2 * area) * EV_PER_A2
        assert result.standard_error == pytest.approx(expected, rel=0.05)
        assert result.standard_error > 0


def test_species_that_the_engine_cannot_tell_apart_give_the_pure_crystal():
    """EMT sees no charge: Cu+ and Cu- at random are copper, without any error."""
    mixed = fcc({"Cu+": 0.5, "Cu-": 0.5}, 3.6)
    random = disordered_surface_energies(mixed, [(1, 0, 0)], "emt", fmax=0.01, **THIN)
    pure = surface_energies(fcc("Cu", 3.6), [(1, 0, 0)], "emt", fmax=0.01, thickness=6.0)
    assert [r.gamma for r in random] == pytest.approx([r.gamma for r in pure], rel=2e-3)
    for result in random:
        assert result.gamma_unrelaxed == pytest.approx(pure[0].gamma_unrelaxed, rel=2e-3)
        assert result.standard_error == pytest.approx(0, abs=1e-6)


def test_the_study_repeats_nothing_and_holds_the_results(study, results):
    events = []
    again = disordered_surface_energies(
        copper_gold(), [(1, 1, 1)], "emt", study, fmax=0.01, progress=events.append, **THIN
    )
    assert {event.status for event in events} == {"cached"}
    assert [r.gamma for r in again] == [r.gamma for r in results]
    kept = load_disordered_surfaces(study / "disordered_surfaces.json")
    for ours, theirs in zip(results, kept, strict=True):
        assert replace(ours, samples=()) == replace(theirs, samples=())
        assert [s.gamma for s in ours.samples] == [s.gamma for s in theirs.samples]
        assert theirs.samples[0].bulk == ours.samples[0].bulk
    document = json.loads((study / "disordered_surfaces.json").read_text(encoding="utf-8"))
    assert len(document["bulks"]) == 1
    record = document["records"][0]
    assert {"gamma_J_per_m2", "standard_error_J_per_m2", "averaged"} <= set(record)
    provenance = json.loads((study / "study.json").read_text(encoding="utf-8"))
    assert provenance["runs"][0]["seeds"] == {"disordered": 0}


def test_other_seeds_draw_other_samples(results):
    other = disordered_surface_energies(
        copper_gold(), [(1, 1, 1)], "emt", fmax=0.01, seed=1, relax_best=0, **THIN
    )
    assert other[0].gamma is None
    assert other[0].gamma_unrelaxed != results[0].gamma_unrelaxed


# --- statistics -------------------------------------------------------------------------------


def drawn_means(rng, samples, spread, bulk_spread):
    """γ of one termination whose slab and bulk energies are the true ones plus noise, in eV."""
    slab = disordered_slabs(fcc({"Cu": 0.75, "Au": 0.25}, 3.75), (1, 1, 1), 6.0, samples=1)[0]
    n, factor = slab.certificate.formula_units, EV_PER_A2 / (2 * slab.certificate.area)
    while True:
        bulk = mean(list(rng.normal(-10, bulk_spread, samples)))
        energies = rng.normal(-10 * n + 1, spread, samples)
        yield mean_gamma(list((energies - n * bulk.value) * factor), slab, bulk.standard_error)


def test_the_standard_error_is_that_of_the_mean():
    """The expected σ² is the variance of γ; γ's mean is the true one; 68 % lie within one σ."""
    trials = 4000
    source = drawn_means(np.random.default_rng(0), 20, spread=0.3, bulk_spread=0.05)
    found = [next(source) for _ in range(trials)]
    values = np.array([m.value for m in found])
    errors = np.array([m.standard_error for m in found])
    slab = disordered_slabs(fcc({"Cu": 0.75, "Au": 0.25}, 3.75), (1, 1, 1), 6.0, samples=1)[0]
    true = EV_PER_A2 / (2 * slab.certificate.area)
    assert values.mean() == pytest.approx(true, abs=4 * values.std() / np.sqrt(trials))
    assert (errors**2).mean() == pytest.approx(values.var(), rel=0.1)
    assert np.mean(np.abs(values - true) < errors) == pytest.approx(0.67, abs=0.03)


def test_one_sample_has_no_error():
    with pytest.raises(RequestError, match="2 samples"):
        mean([1.0])
    assert mean([1.0, 3.0]) == Mean(2.0, 1.0)


@pytest.fixture
def sampled():
    """Three relaxed samples of one termination, and a bulk without error."""
    slabs = disordered_slabs(copper_gold(), (1, 1, 1), 6.0, samples=3)
    samples = [
        surface((1, 1, 1), 1.0 + k / 10, bulk=copper_gold(), of=slab)
        for k, slab in enumerate(slabs[:3])
    ]
    exact = Mean(-50.0, 0.0)
    return samples, DisorderedReference(copper_gold(), exact, exact, None, "toy 1.0")


def test_a_sample_that_did_not_converge_is_left_out_and_named(sampled):
    samples, reference = sampled
    (whole,) = means(samples, reference, 3)
    assert (whole.gamma, whole.averaged, whole.flags) == (pytest.approx(1.1), 3, ())
    samples[2] = replace(samples[2], converged=False, flags=("not converged after 500 steps",))
    (result,) = means(samples, reference, 3)
    assert result.gamma == pytest.approx(1.05)
    assert result.standard_error == pytest.approx(0.05)
    assert result.averaged == 2
    assert result.flags[0] == "2 of 3 samples finished"
    assert "not converged" in result.flags[1]
    samples[1] = replace(samples[1], converged=False)
    (result,) = means(samples, reference, 3)
    assert result.gamma is None
    assert result.standard_error is None
    assert not means(samples[:1], reference, 3)


def test_results_are_read_back_as_written(sampled, tmp_path):
    samples, reference = sampled
    found = means(samples, reference, 4)
    save_disordered_surfaces(found, tmp_path / "d.json")
    (back,) = load_disordered_surfaces(tmp_path / "d.json")
    assert replace(back, samples=()) == replace(found[0], samples=())
    assert back.flags == ("3 of 4 samples finished",)
    assert back.samples[0].slab.name == "111-a-s1"
    assert back.name == "111-a"


# --- what is planned and refused --------------------------------------------------------------


def test_plan_lists_bulk_cells_slabs_and_the_best_of_each_facet():
    spec = CalculatorSpec.parse("chgnet")
    slabs = disordered_slabs(average_spinel(), (1, 0, 0), samples=3)
    plan = plan_disordered_surfaces(average_spinel(), [(1, 0, 0)], spec, samples=3, relax_best=1)
    assert len(plan) == 2 * 3 + len(slabs) + 3
    everything = plan_disordered_surfaces(
        average_spinel(), [(1, 0, 0)], spec, samples=3, relax_best=None
    )
    assert len(everything) == 2 * 3 + 2 * len(slabs)
    first = [task.name for task in plan[-3:]]
    assert first == [f"relax 100-{parent_termination(slabs[0])}-s{k}" for k in (1, 2, 3)]


@pytest.mark.parametrize(
    ("bulk", "options", "hint"),
    [
        (ordered_spinel(), {}, "surface_energies"),
        (average_spinel(), {"samples": 1}, "2 samples"),
        (average_spinel(), {"seed": -3}, "seed"),
        (average_spinel(), {"thickness": -1.0}, "lengths in Å"),
        (average_spinel(), {"calculator": "emt"}, "EMT"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_calculated(tmp_path, bulk, options, hint):
    with pytest.raises(RequestError, match=hint):
        disordered_surface_energies(bulk, [(1, 1, 1)], study=tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_plain_surface_energies_point_to_this_workflow():
    with pytest.raises(RequestError, match="disordered_surface_energies"):
        surface_energies(average_spinel(), [(1, 1, 1)])


def test_a_bulk_cell_that_cannot_be_relaxed_stops_the_workflow(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text(
        "from ase.calculators.emt import EMT\n"
        "class Broken(EMT):\n"
        "    def calculate(self, *_):\n"
        "        raise RuntimeError('no alloys')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CalculationError, match=r"relax bulk-s1 failed: .*no alloys"):
        disordered_surface_energies(copper_gold(), [(1, 1, 1)], "broken:Broken", **THIN)
