"""Refinement by a second engine, told by engines whose energies are related exactly."""

import csv
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ase.build import bulk as ase_bulk
from program import lnmo

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_structure
from lnmo_atoms.migration import migration_barriers
from lnmo_atoms.records import load_hops, load_surfaces
from lnmo_atoms.refinement import refine_hops, refine_surfaces
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import status_of
from lnmo_atoms.surfaces import surface_energies
from lnmo_atoms.tasks import Task, execute

SCALED = ("--calculator", "emt", "--workers", 1, "--study", "s", "--refine", "second_of_test:emt")
SECOND = '''
"""Second engines of these tests."""
from ase.calculators.emt import EMT
from toy_engines import Spinel


def _scaled(base):
    class Scaled(base):
        def __init__(self, factor=0.5, most=10**9, **options):
            super().__init__(**options)
            self.factor, self.most = factor, most

        def calculate(self, *args, **kwargs):
            super().calculate(*args, **kwargs)
            if len(self.atoms) > self.most:
                raise RuntimeError("too large")
            self.results["energy"] *= self.factor

    return Scaled


emt, spinel = _scaled(EMT), _scaled(Spinel)


class Halving(Spinel):
    """Every ion has half the moment that it starts from."""

    implemented_properties = (*Spinel.implemented_properties, "magmoms")

    def calculate(self, atoms, *args, **kwargs):
        super().calculate(atoms, *args, **kwargs)
        self.results["magmoms"] = atoms.get_initial_magnetic_moments() / 2


class Counting(Spinel):
    """The moment of every atom is the number of lithium ions around it."""

    def calculate(self, atoms, *args, **kwargs):
        super().calculate(atoms, *args, **kwargs)
        lithium = [atom.index for atom in atoms if atom.symbol == "Li"]
        near = atoms.get_all_distances(mic=True)[:, lithium] < 4
        self.results["magmoms"] = near.sum(axis=1).astype(float)
'''


@pytest.fixture(autouse=True)
def second_engine(in_tmp, monkeypatch):
    (in_tmp / "second_of_test.py").write_text(SECOND)
    monkeypatch.syspath_prepend(str(in_tmp))
    monkeypatch.delitem(sys.modules, "second_of_test", raising=False)
    ours = (os.environ.get("PYTHONPATH"), str(Path(__file__).parent))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, ours)))


@pytest.fixture
def copper():
    return to_structure(ase_bulk("Cu", a=3.6, cubic=True))


def test_gamma_is_linear_in_the_energy(copper):
    """Half of every energy is half of γ; the same engine changes nothing."""
    found = surface_energies(copper, [(1, 1, 1), (1, 0, 0)], "emt", "s", thickness=8, relax_best=1)
    halved = refine_surfaces(found, "second_of_test:emt", "s")
    assert any(result.refined for result in halved)
    for result in halved:
        assert (result.refined is not None) == result.ranked
        if result.refined is not None:
            assert result.refined.gamma == pytest.approx(result.gamma / 2, abs=1e-4)
            assert result.refined.energy == pytest.approx(result.energy / 2)
            assert result.refined.bulk_energy == pytest.approx(result.bulk_energy / 2, abs=1e-4)
    same = refine_surfaces(found, "emt", "s")[0]
    assert same.refined.gamma == pytest.approx(same.gamma, abs=1e-4)
    assert load_surfaces("s/surfaces.json")[0].refined == same.refined


def test_barriers_are_linear_in_the_energy_and_mirrored_ends_are_one():
    bulk = ordered_spinel()
    found = migration_barriers(bulk, find_hops(bulk)[:1], "toy_engines:Spinel", "s")
    (result,) = refine_hops(found, "second_of_test:spinel", "s")
    first, last = result.end_energies
    assert result.refined.energy == pytest.approx(first / 2)
    assert result.refined.barrier == pytest.approx(result.barrier / 2, abs=1e-6)
    assert result.refined.barrier_reverse == pytest.approx(result.barrier_reverse / 2, abs=1e-6)
    assert load_hops("s/hops.json")[0].refined == result.refined
    refined = [state.name for state in status_of("s") if state.name.startswith("refine")]
    assert len(refined) == (2 if first == pytest.approx(last, abs=1e-6) else 3)


def test_a_saddle_starts_from_the_moments_of_its_end_and_says_where_they_change():
    """Mn 3 → 1.5 → 0.75 μB and Ni −2 → −1 → −0.5 μB: Mn's last step is larger than 0.5 μB."""
    bulk = ordered_spinel()
    found = migration_barriers(bulk, find_hops(bulk)[:1], "toy_engines:Spinel", "s")
    (result,) = refine_hops(found, "second_of_test:Halving", "s")
    assert result.flags[-1] == "refined: at the saddle, 12 Mn changed moment by up to -0.8 μB"
    assert result.refined.barrier == pytest.approx(result.barrier, abs=1e-6)
    (again,) = refine_hops([result], "second_of_test:spinel", "s")
    assert again.flags == found[0].flags


def test_every_saddle_starts_from_the_moments_of_its_own_end(monkeypatch):
    """Also where two hops begin at congruent vacancies, whose atoms correspond in another order."""
    tasks = []

    def noting(given, *rest):
        tasks.extend(given)
        return run_tasks(given, *rest)

    monkeypatch.setattr("lnmo_atoms.refinement.hops.run_tasks", noting)
    bulk = ordered_spinel()
    one, other = migration_barriers(bulk, find_hops(bulk), "toy_engines:Spinel", "s")
    back = replace(other, images=other.images[::-1], energies=other.energies[::-1])
    found = [one, back]
    engine = CalculatorSpec.parse("second_of_test:Counting")
    refine_hops(found, engine, "s")
    saddles = [task.structures[0] for task in tasks if task.name.endswith("saddle")]
    starts = []
    for result, saddle in zip(found, saddles, strict=True):
        at_the_end = execute(Task.static("end", result.images[0], engine), Path())
        assert saddle.site_properties["magmom"] == at_the_end.moments.tolist()
        starts.append(saddle.site_properties["magmom"])
    assert starts[0] != starts[1]


def test_hops_that_are_not_refined_stay_in_the_file():
    bulk = ordered_spinel()
    found = migration_barriers(bulk, find_hops(bulk), "toy_engines:Spinel", "s")
    refine_hops(found[1:], "second_of_test:spinel", "s")
    first, second = load_hops("s/hops.json")
    assert first.refined is None
    assert second.refined.barrier == pytest.approx(found[1].barrier / 2, abs=1e-6)
    elsewhere = migration_barriers(bulk, find_hops(bulk)[:1], "second_of_test:Halving", "other")
    refine_hops(elsewhere, "second_of_test:spinel", "s")
    assert load_hops("s/hops.json")[0].refined is None


def test_what_fails_is_not_refined_and_says_why(copper):
    found = surface_energies(copper, [(1, 1, 1)], "emt", "s", thickness=8, relax_best=1)
    small = CalculatorSpec.parse("second_of_test:emt", most=4)
    (one,) = refine_surfaces(found, small, "s")
    assert one.refined is None
    assert one.flags[-1] == f"not refined: refine {one.slab.name} failed: RuntimeError: too large"
    (again,) = refine_surfaces([one], "second_of_test:emt", "s")
    assert again.refined is not None
    assert again.flags == found[0].flags


def test_an_engine_that_cannot_is_refused(copper, tmp_path):
    found = surface_energies(copper, [(1, 1, 1)], "emt", thickness=8, relax_best=1)
    with pytest.raises(RequestError, match="VASP runs on your own machines"):
        refine_surfaces(found, "vasp", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_program_shows_both_values(in_tmp):
    to_structure(ase_bulk("Cu", a=3.6, cubic=True)).to("cu.cif")
    done = lnmo("surface", "cu.cif", "--facets", "111", "--thickness", 8, *SCALED, cwd=in_tmp)
    assert done.returncode == 0, done.stderr
    assert "γ refined" in done.stdout
    assert "γ by second_of_test:emt on the same geometries: 111-a" in done.stdout + done.stderr
    row = next(csv.DictReader((in_tmp / "s" / "comparison.csv").read_text().splitlines()))
    gamma, refined = float(row["gamma_J_per_m2"]), float(row["gamma_refined_J_per_m2"])
    assert refined == pytest.approx(gamma / 2, abs=1e-4)
    change = float(row["gamma_refined_minus_gamma_J_per_m2"])
    assert change == pytest.approx(refined - gamma)
    again = lnmo("compare", "s", "--json", cwd=in_tmp)
    assert json.loads(again.stdout)["facets"][0]["refined_by"] == "second_of_test:emt"
    trust = json.loads((in_tmp / "s" / "comparison.json").read_text())["trust"]
    assert trust.index("EMT is a toy") < trust.index("This engine is your own")


def test_the_plan_names_what_it_leaves_out(in_tmp):
    to_structure(ase_bulk("Cu", a=3.6, cubic=True)).to("cu.cif")
    plan = lnmo("surface", "cu.cif", "--facets", "111", *SCALED, "--dry-run", cwd=in_tmp)
    assert plan.returncode == 0
    assert "single points by second_of_test:emt" in " ".join((plan.stdout + plan.stderr).split())
    assert not (in_tmp / "s").exists()
