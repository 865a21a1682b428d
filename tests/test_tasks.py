"""Statics and relaxations: right numbers, few evaluations, restarts."""

import json
import logging
import math
import pickle
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import CalculationFailed
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from pymatgen.core import Species
from toy_engines import valley_path

from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms, to_structure
from lnmo_atoms.tasks import Task, band, cost, execute, journal, relax, static
from lnmo_atoms.tasks.files import read_effort
from lnmo_atoms.tasks.journal import Journal

CHGNET = CalculatorSpec.parse("chgnet")
EMT_SPEC = CalculatorSpec.parse("emt")

OWN_ENGINES = '''
"""Engines of these tests."""
import numpy as np
from ase.calculators.emt import EMT


class Broken(EMT):
    def calculate(self, *args):
        super().calculate(*args)
        self.results["forces"][0, 0] = np.nan


class Late(EMT):
    """Breaks at its sixth geometry."""
    calls = 0

    def calculate(self, *args):
        super().calculate(*args)
        self.calls += 1
        if self.calls > 5:
            self.results["energy"] = np.inf


class Strained(EMT):
    def calculate(self, *args):
        super().calculate(*args)
        self.results["stress"][0] = np.nan


class Spun(EMT):
    implemented_properties = [*EMT.implemented_properties, "magmoms"]

    def calculate(self, *args):
        super().calculate(*args)
        self.results["magmoms"] = np.array([1.0, np.nan] * (len(self.atoms) // 2))
'''


@pytest.fixture(scope="module", autouse=True)
def own_engines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    (folder / "engines_of_test.py").write_text(OWN_ENGINES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    sys.modules.pop("engines_of_test", None)


def rattled_copper(seed=1, repeat=2):
    atoms = bulk("Cu", cubic=True) * repeat
    atoms.rattle(0.1, seed=seed)
    return to_structure(atoms)


# --- static -----------------------------------------------------------------------------------


def test_static_is_what_ase_computes():
    structure = rattled_copper()
    atoms = to_atoms(structure)
    atoms.calc = EMT()
    result = static(structure, EMT_SPEC, forces=True)
    assert result.energy == atoms.get_potential_energy()
    np.testing.assert_array_equal(result.forces, atoms.get_forces())
    assert (result.converged, result.steps, result.force_calls) == (True, 0, 1)
    assert result.moments is None
    assert result.structure == structure
    assert static(structure, EMT_SPEC).forces is None


def test_static_gives_moments_along_with_the_energy():
    calculator = CHGNET.calculator()
    result = static(ordered_spinel(), CHGNET)
    assert set(calculator.results) == {"energy", "free_energy", "magmoms"}
    assert result.moments.shape == (56,)
    assert static(ordered_spinel(), CHGNET, moments=False).moments is None


# --- relax ------------------------------------------------------------------------------------


def test_relaxed_copper_is_ases_relaxed_copper():
    structure = rattled_copper()
    result = relax(structure, EMT_SPEC, fmax=0.001, cell=True)
    atoms = bulk("Cu", cubic=True)
    atoms.calc = EMT()
    BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=1e-4)
    assert result.converged
    assert result.energy / 32 == pytest.approx(atoms.get_potential_energy() / 4, abs=1e-5)
    assert result.structure.volume / 32 == pytest.approx(atoms.get_volume() / 4, rel=1e-4)
    assert np.abs(result.forces).max() < 0.001
    np.testing.assert_allclose(result.forces.sum(axis=0), 0, atol=1e-10)


def test_relaxation_of_lnmo_keeps_what_it_is_and_asks_once_a_step(monkeypatch):
    calculator = CHGNET.calculator()
    asked = []
    compute = calculator.calculate

    def spy(atoms, properties, changes):
        asked.append(tuple(properties))
        compute(atoms, properties, changes)

    monkeypatch.setattr(calculator, "calculate", spy)
    start = ordered_spinel()
    result = relax(start, CHGNET, cell=True)
    assert asked == [("stress",)] * result.force_calls + [("magmoms",)]
    assert result.force_calls == result.steps + 1 <= 8  # 23 with ASE's defaults
    assert result.converged
    np.testing.assert_allclose(result.structure.lattice.abc, 8.312, atol=0.005)
    np.testing.assert_allclose(result.structure.lattice.angles, 90, atol=0.01)
    assert result.structure.species == start.species
    assert result.structure.site_properties == start.site_properties
    assert result.moments[8:12] == pytest.approx([1.7] * 4, abs=0.05)
    assert result.moments[12:24] == pytest.approx([3.2] * 12, abs=0.05)


def test_relaxation_with_the_cell_fixed_leaves_it_and_asks_no_stress(monkeypatch):
    calculator = CHGNET.calculator()
    asked = set()
    compute = calculator.calculate
    monkeypatch.setattr(
        calculator, "calculate", lambda a, p, c: (asked.update(p), compute(a, p, c))[1]
    )
    cell = ordered_spinel(a=8.312)
    cell.remove_sites([0])
    result = relax(cell, CHGNET, steps=2)
    assert asked == {"forces", "magmoms"}
    assert result.structure.lattice == cell.lattice
    assert not result.converged
    assert result.steps == 2


def test_relaxation_is_deterministic():
    cell = ordered_spinel()
    one, two = (relax(cell, CHGNET, steps=1) for _ in range(2))
    assert one.energy == two.energy
    np.testing.assert_array_equal(one.structure.frac_coords, two.structure.frac_coords)


def test_fixed_atoms_stay():
    structure = rattled_copper()
    free = [[i > 3] * 3 for i in range(32)]
    structure.add_site_property("selective_dynamics", free)
    result = relax(structure, EMT_SPEC)
    assert result.converged
    np.testing.assert_allclose(result.structure.cart_coords[:4], structure.cart_coords[:4])
    assert np.abs(result.forces[:4]).max() > 0.05
    assert result.structure.site_properties["selective_dynamics"] == free


@pytest.mark.parametrize(
    ("engine", "what"),
    [("Broken", "forces"), ("Late", "energy"), ("Strained", "stress"), ("Spun", "magmoms")],
)
def test_numbers_that_are_none_stop_a_relaxation(engine, what):
    spec = CalculatorSpec.parse(f"engines_of_test:{engine}")
    with pytest.raises(CalculationFailed, match=f"the engine gave {what} that are not finite"):
        relax(rattled_copper(), spec, fmax=1e-9, cell=True)


@pytest.mark.parametrize(("engine", "what"), [("Broken", "forces"), ("Spun", "magmoms")])
def test_numbers_that_are_none_are_no_static_result(engine, what):
    spec = CalculatorSpec.parse(f"engines_of_test:{engine}")
    with pytest.raises(CalculationFailed, match=f"the engine gave {what} that are not finite"):
        static(rattled_copper(), spec, forces=True)


# --- checkpoints ------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [False, True])
def test_an_unfinished_relaxation_goes_on(tmp_path, cell):
    checkpoint = tmp_path / "checkpoint.json"
    first = relax(rattled_copper(), EMT_SPEC, steps=3, cell=cell, checkpoint=checkpoint)
    assert not first.converged
    kept = json.loads(checkpoint.read_text())
    assert (kept["steps"], kept["force_calls"]) == (3, 4)
    np.testing.assert_allclose(kept["positions"][0], first.structure.cart_coords, atol=1e-12)
    second = relax(rattled_copper(), EMT_SPEC, cell=cell, checkpoint=checkpoint)
    whole = relax(rattled_copper(), EMT_SPEC, cell=cell)
    assert second.converged
    assert second.steps > 3
    assert second.force_calls == second.steps + 2  # the restart looks at its geometry once more
    assert second.seconds > first.seconds
    assert second.steps < 3 + whole.steps
    assert second.energy == pytest.approx(whole.energy, abs=0.01)


def test_the_steps_before_a_restart_count(tmp_path):
    checkpoint = tmp_path / "checkpoint.json"
    relax(rattled_copper(), EMT_SPEC, steps=3, checkpoint=checkpoint)
    again = relax(rattled_copper(), EMT_SPEC, steps=3, checkpoint=checkpoint)
    assert (again.steps, again.force_calls, again.converged) == (3, 5, False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[]",
        lambda text: text.replace('"schema": 1', '"schema": 0'),
        lambda text: text.replace('"positions": [[[', '"positions": [[[NaN, 0, 0], ['),
    ],
)
def test_a_damaged_checkpoint_is_not_used(tmp_path, damage, caplog):
    checkpoint = tmp_path / "checkpoint.json"
    relax(rattled_copper(), EMT_SPEC, steps=3, checkpoint=checkpoint)
    checkpoint.write_text(damage(checkpoint.read_text()))
    assert read_effort(checkpoint) is None or "schema" in checkpoint.read_text()
    with caplog.at_level(logging.WARNING):
        result = relax(rattled_copper(), EMT_SPEC, checkpoint=checkpoint)
    assert "starting afresh" in caplog.text
    whole = relax(rattled_copper(), EMT_SPEC)
    assert (result.steps, result.energy) == (whole.steps, whole.energy)


def test_a_checkpoint_torn_anywhere_is_not_used(tmp_path):
    """Not one of its parts passes for the whole, and none moves an atom."""
    path, start = tmp_path / "checkpoint.json", to_atoms(rattled_copper())
    relax(rattled_copper(), EMT_SPEC, steps=3, checkpoint=path)
    content = path.read_bytes()
    assert Journal(path, [start.copy()]).effort.steps == 3
    for length in range(len(content)):
        path.write_bytes(content[:length])
        atoms = start.copy()
        assert Journal(path, [atoms]).effort.steps == 0
        assert (atoms.positions == start.positions).all()
        assert read_effort(path) is None


@pytest.mark.parametrize("content", ["[" * 9000, '{"schema": 1, "steps": 1e999}', "\0", "7"])
def test_a_foreign_checkpoint_is_not_used(tmp_path, content, caplog):
    path = tmp_path / "checkpoint.json"
    path.write_text(content)
    assert read_effort(path) is None
    assert relax(rattled_copper(), EMT_SPEC, checkpoint=path).converged
    assert "starting afresh" in caplog.text


def test_the_checkpoint_is_written_now_and_then(tmp_path, monkeypatch):
    writes = []
    monkeypatch.setattr(journal, "write_text_atomically", lambda *_: writes.append(1))
    relax(rattled_copper(), EMT_SPEC, checkpoint=tmp_path / "c.json")
    assert len(writes) == 1  # at the end
    monkeypatch.setattr(journal, "INTERVAL", 0.0)
    result = relax(rattled_copper(), EMT_SPEC, checkpoint=tmp_path / "c.json")
    assert len(writes) == 1 + result.steps + 1


# --- tasks as data ----------------------------------------------------------------------------


def test_keys_tell_calculations_apart():
    start = ordered_spinel()

    def key(structure=start, spec=EMT_SPEC, **options):
        return Task.relax("any name", structure, spec, **options).key

    nearly = start.copy()
    nearly.translate_sites([0], [1e-11, 0, 0])
    assert key(nearly) == key() == pickle.loads(pickle.dumps(Task.relax("", start, EMT_SPEC))).key  # noqa: S301
    moved, flipped, reduced, held = (start.copy() for _ in range(4))
    moved.translate_sites([0], [1e-6, 0, 0])
    flipped[8].properties["magmom"] *= -1
    reduced.replace(12, Species("Mn", 3), properties=reduced[12].properties)
    held.add_site_property("selective_dynamics", [[False] * 3] + [[True] * 3] * 55)
    others = [key(s) for s in (moved, flipped, reduced, held)]
    others += [key(fmax=0.02), key(cell=True), key(steps=9), key(spec=CHGNET)]
    others += [key(spec=CalculatorSpec.parse("chgnet", model="r2scan"))]
    turn = {"atoms": list(range(56)), "rotation": np.eye(3).tolist()}
    paths = [
        Task.band("", [start] * 3, EMT_SPEC, **options)
        for options in (
            {"end_energies": (0, 0)},
            {"end_energies": (0, 1e-5)},
            {"end_energies": (0, 0), "mirror": turn},
        )
    ]
    others += [Task.static("", start, EMT_SPEC).key, *(path.key for path in paths)]
    nearly_equal = Task.band("", [nearly] * 3, EMT_SPEC, end_energies=(1e-8, 0))
    assert nearly_equal.key == paths[0].key
    assert len({key(), *others}) == 1 + len(others)


def test_execute_does_what_the_task_says(tmp_path):
    structure = rattled_copper()
    for task, expected in [
        (Task.static("s", structure, EMT_SPEC), static(structure, EMT_SPEC)),
        (Task.relax("r", structure, EMT_SPEC, fmax=0.1), relax(structure, EMT_SPEC, fmax=0.1)),
    ]:
        folder = tmp_path / task.name
        folder.mkdir()
        result = execute(pickle.loads(pickle.dumps(task)), folder)  # noqa: S301
        assert (result.energy, result.steps) == (expected.energy, expected.steps)
    spec, path = CalculatorSpec.parse("toy_engines:Valley"), valley_path(3)
    result = execute(Task.band("b", path, spec, end_energies=(0, 0)), folder)
    assert result.energies.tolist() == band(path, spec, end_energies=(0, 0)).energies.tolist()
    noted = (folder / "evaluations.jsonl").read_text().splitlines()
    assert len(noted) == result.force_calls + 1  # the middle image was asked for moments, in vain


def test_cost_orders_tasks():
    small, large = ordered_spinel(), ordered_spinel().make_supercell([2, 1, 1], in_place=False)
    kinds = [Task.static("", small, CHGNET), Task.relax("", small, CHGNET, cell=True),
             Task.relax("", small, CHGNET),
             Task.band("", [small] * 9, CHGNET, end_energies=(0, 0))]  # fmt: skip
    costs = [cost(task) for task in kinds]
    assert costs == sorted(costs)
    assert all(math.isfinite(c) and c > 0 for c in costs)
    assert cost(Task.relax("", large, CHGNET)) == pytest.approx(2 * cost(kinds[2]))
