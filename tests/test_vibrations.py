"""Hessians and attempt frequencies, against brute force and potentials whose answer is known."""

import importlib
import logging
import sys
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from pymatgen.core import Lattice, Structure
from synthetic import hop_result

import lnmo_atoms as la
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import SerialExecutor
from lnmo_atoms.formats import to_atoms, to_structure
from lnmo_atoms.records import HOPS_FILE, load_hops, save_hops
from lnmo_atoms.results import Failure
from lnmo_atoms.searches import run_searches
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.tasks import Task, hessian
from lnmo_atoms.tasks.hessian import DISPLACEMENT

EMT_SPEC = CalculatorSpec.parse("emt")
RAD2 = 1.602176634e-19 / 1e-20 / 1.66053906660e-27

HEIGHT, SPRING, TWIST, OTHERS = 0.3, 2.0, 0.4, 3.0
OWN_ENGINES = f'''
"""Engines of these tests."""
import numpy as np
from ase.calculators.calculator import Calculator


class Valley(Calculator):
    """Atom 0 hops from x = -1 to 1 over a quartic hill, in a valley that narrows or widens on the
    way; the other atoms hang on springs."""

    implemented_properties = ["energy", "forces"]
    places = np.array({[[5.0, 5.3, 4.9], [2.0, 6.1, 7.2]]})
    calls, limit = 0, None

    def calculate(self, atoms, properties, system_changes):
        super().calculate(atoms, properties, system_changes)
        type(self).calls += 1
        if self.limit is not None and self.calls > self.limit:
            raise RuntimeError("the power is gone")
        x, y, z = self.atoms.positions[0]
        across = y * y + z * z
        stiff = {SPRING} * (1 + {TWIST} * x)
        apart = self.atoms.positions[1:] - self.places
        self.results["energy"] = (
            {HEIGHT} * (1 - x * x) ** 2 + stiff * across / 2 + {OTHERS} * (apart**2).sum() / 2
        )
        forces = np.empty((3, 3))
        forces[0, 0] = 4 * {HEIGHT} * x * (1 - x * x) - {SPRING} * {TWIST} * across / 2
        forces[0, 1:] = -stiff * y, -stiff * z
        forces[1:] = -{OTHERS} * apart
        self.results["forces"] = forces
'''
VALLEY = "engines_of_vibrations:Valley"


@pytest.fixture(scope="module", autouse=True)
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    (folder / "engines_of_vibrations.py").write_text(OWN_ENGINES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("engines_of_vibrations")
    sys.modules.pop("engines_of_vibrations", None)


@pytest.fixture
def engine(module, monkeypatch):
    """The engine, its calls counted from here."""
    monkeypatch.setattr(module.Valley, "calls", 0)
    return module.Valley


def place(x):
    coords = [[x, 0, 0], [5.0, 5.3, 4.9], [2.0, 6.1, 7.2]]
    return Structure(Lattice.cubic(10), ["Li", "O", "Mn"], coords, coords_are_cartesian=True)


def valley_hop(**changes):
    """From end to end with the saddle in the middle."""
    result = hop_result(barrier=HEIGHT, at_octahedron=HEIGHT)
    images = tuple(place(x) for x in np.linspace(-1, 1, len(result.images)))
    engine = CalculatorSpec.parse(VALLEY).engine()
    return replace(result, images=images, engine=engine, **changes)


def brute_force(structure):
    """All 6n displacements."""
    atoms = to_atoms(structure)
    atoms.calc = EMT()
    start, rows = atoms.positions.ravel().copy(), []
    for axis in np.eye(start.size):
        forces = []
        for sign in (1, -1):
            atoms.positions = (start + sign * DISPLACEMENT * axis).reshape(-1, 3)
            forces.append(atoms.get_forces().ravel())
        rows.append((forces[1] - forces[0]) / (2 * DISPLACEMENT))
    return (np.array(rows) + np.array(rows).T) / 2


def copper(*, vacancy, rattled):
    atoms = bulk("Cu", cubic=True) * (2, 2, 1)
    if vacancy:
        del atoms[0]
    if rattled:
        atoms.rattle(0.05, seed=1)
    return to_structure(atoms)


@pytest.mark.parametrize(
    ("vacancy", "rattled", "calls"),
    [(False, False, 4), (True, False, None), (True, True, 6 * 15)],
)
def test_symmetry_spares_displacements_and_changes_nothing(vacancy, rattled, calls):
    crystal = copper(vacancy=vacancy, rattled=rattled)
    result = hessian(crystal, EMT_SPEC)
    assert result.force_calls < 40 if calls is None else result.force_calls == calls
    np.testing.assert_allclose(result.hessian, brute_force(crystal), atol=1e-10)
    np.testing.assert_array_equal(result.hessian, result.hessian.T)


def test_a_bent_cell_is_carried_right():
    """Three-fold axes and an oblique cell."""
    cell = bulk("Cu") * (2, 2, 2)
    del cell[0]
    crystal = to_structure(cell)
    result = hessian(crystal, EMT_SPEC)
    assert result.force_calls < 42
    np.testing.assert_allclose(result.hessian, brute_force(crystal), atol=1e-10)


def test_a_study_keeps_a_hessian_bit_for_bit(tmp_path):
    task = Task.hessian("vibrations", copper(vacancy=True, rattled=False), EMT_SPEC)
    with Study(tmp_path / "s") as study:
        (result,) = run_searches([task], study, SerialExecutor()).values()
        back = study.get(task.key)
        (again,) = run_searches([task], study, SerialExecutor()).values()
    alone = hessian(task.structures[0], EMT_SPEC)
    for other in (back, again, alone):
        np.testing.assert_array_equal(result.hessian, other.hessian)
    assert back.force_calls == again.force_calls == alone.force_calls


def test_a_hessian_that_was_stopped_asks_for_the_rest_alone(tmp_path, engine, monkeypatch):
    task = Task.hessian("vibrations", place(0.0), CalculatorSpec.parse(VALLEY))
    monkeypatch.setattr(engine, "limit", 7)
    with Study(tmp_path / "s") as study:
        (failed,) = run_searches([task], study, SerialExecutor()).values()
        assert isinstance(failed, Failure)
        monkeypatch.setattr(engine, "limit", None)
        engine.calls = 0
        (result,) = run_searches([task], study, SerialExecutor()).values()
    assert result.force_calls == 18
    assert engine.calls == 18 - 7


def test_the_valley_gives_vineyards_frequencies():
    """ν = √(8h/m) (1 ± t)/2π: the narrow end tries more often than the wide one by the twist."""
    (found,) = la.attempt_frequencies([valley_hop()], VALLEY)
    along = 8 * HEIGHT + 24 * HEIGHT * DISPLACEMENT**2 / 6  # a difference's own error included
    one = np.sqrt(along * RAD2 / to_atoms(place(0.0)).get_masses()[0]) / (2 * np.pi)
    assert found.attempt_frequency == pytest.approx(one * (1 - TWIST), rel=1e-6)
    assert found.attempt_frequency_reverse == pytest.approx(one * (1 + TWIST), rel=1e-6)
    assert not found.flags


def test_equal_geometries_are_looked_at_once(tmp_path, engine):
    hop, turned = valley_hop(), valley_hop()
    turned = replace(turned, images=tuple(i.copy() for i in turned.images))
    for image in turned.images:
        image.translate_sites(range(3), [0.3, 0.1, 0.7])
    la.attempt_frequencies([hop, turned], VALLEY, tmp_path / "s")
    assert engine.calls == 3 * 18
    names = {state.name for state in status_of(tmp_path / "s")}
    assert len(names) == 3


def test_what_is_no_saddle_or_no_minimum_has_no_frequency(caplog):
    flat = valley_hop(flags=("kept",))
    beside = replace(flat, segments=(replace(flat.segments[0], saddle=1),))
    moved = replace(flat, images=(place(-0.3), *flat.images[1:]))
    slide = replace(flat, segments=())
    with caplog.at_level(logging.CRITICAL):
        found = la.attempt_frequencies([beside, moved, slide], VALLEY)
        again = la.attempt_frequencies(found, VALLEY)
    hints = ("not exactly one", "it is no minimum", "no saddle")
    for result, same, hint in zip(found, again, hints, strict=True):
        assert result.attempt_frequency is result.attempt_frequency_reverse is None
        kept, why = result.flags
        assert kept == "kept"
        assert hint in why
        assert same.flags == result.flags
    with pytest.raises(RequestError, match="belong to the same engine"):
        la.attempt_frequencies([hop_result()], VALLEY)


def test_the_file_of_results_is_written_anew(tmp_path):
    with Study(tmp_path / "s") as study:
        save_hops([valley_hop()], place(0.0), study.path / HOPS_FILE)
        (found,) = la.attempt_frequencies([valley_hop()], VALLEY, study)
    (kept,) = load_hops(tmp_path / "s" / HOPS_FILE)
    assert found.attempt_frequency > 0
    assert kept.attempt_frequency == found.attempt_frequency
    assert kept.attempt_frequency_reverse == found.attempt_frequency_reverse
