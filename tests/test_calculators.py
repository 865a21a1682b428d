"""Engines: specs that travel, clear refusals, and CHGNet against CHGNet's own calculator."""

import hashlib
import importlib.util
import os
import pickle
import subprocess
import sys
import threading
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import CalculationFailed
from ase.calculators.emt import EMT

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.calculators.mpi import no_launcher, without_launcher
from lnmo_atoms.formats import to_atoms

CHGNET = CalculatorSpec.parse("chgnet")


@pytest.fixture(scope="module")
def calculator():
    return CHGNET.calculator()


@pytest.fixture
def rattled():
    atoms = to_atoms(ordered_spinel())
    atoms.rattle(0.05, seed=7)
    return atoms


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (
            lambda: CalculatorSpec.parse("siesta"),
            "'siesta' is not known: use chgnet, emt, gpaw, or module:factory",
        ),
        (
            lambda: CalculatorSpec.parse("emt", speed=1),
            "EMT has no option 'speed'; its options: no",
        ),
        (lambda: CalculatorSpec.parse("chgnet", model={1}), "must be plain numbers, text, lists"),
        (
            lambda: CalculatorSpec.parse(EMT()),
            "instead of giving a EMT: it is built in the process",
        ),
        (
            lambda: CalculatorSpec.parse("chgnet", model="1").check(["O"]),
            "CHGNet has no model '1': use 0.3.0, 0.2.0, r2scan",
        ),
        (
            lambda: CalculatorSpec.parse("chgnet", device="nonsense").check(["O"]),
            "CHGNet has no device 'nonsense': use cpu, cuda, mps, or one by its number",
        ),
        (
            lambda: CalculatorSpec.parse("chgnet", device="cuda:99").calculator(),
            "CHGNet cannot run on 'cuda:99' here: ",
        ),
        (lambda: CHGNET.check(["O", "Po"]), "CHGNet does not know Po: use --calculator module:"),
        (
            lambda: CalculatorSpec.parse("emt").check(["Li", "Mn", "Ni", "O"]),
            "neither Li nor Mn (only Ag, Al, Au, C, Cu, H, N, Ni, O, Pd, Pt): use --calculator ch",
        ),
        (lambda: CalculatorSpec.parse("my calc:make"), "use the form module:factory"),
        (lambda: CalculatorSpec.parse("__main__:make"), "put make in a file of its own"),
        (lambda: CalculatorSpec.parse("nomodule:make").check([]), "there is no module 'nomodule'"),
        (lambda: CalculatorSpec.parse("json:make").check([]), "module 'json' has no 'make'"),
        (lambda: CalculatorSpec.parse("sys:path").check([]), "sys:path is not a function that"),
        (
            lambda: CalculatorSpec.parse("os:getcwd", speed=1).check([]),
            "got an unexpected keyword argument 'speed'",
        ),
        (lambda: CalculatorSpec.parse("os:getcwd").calculator(), "returned str instead of an ASE"),
    ],
)
def test_wrong_requests_get_one_clear_line(wrong, line):
    with pytest.raises(RequestError) as caught:
        wrong()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_specs_travel_and_compare():
    spec = CalculatorSpec.parse("gpaw", kpts=(2, 2, 1), mode={"name": "pw", "ecut": 400})
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301
    assert spec == CalculatorSpec.parse("GPAW", mode={"ecut": 400, "name": "pw"}, kpts=[2, 2, 1])
    assert len({spec, CalculatorSpec.parse(spec), CalculatorSpec.parse(spec, xc="PBE")}) == 2


def test_a_calculator_is_built_once_in_each_thread():
    spec = CalculatorSpec.parse("emt")
    assert spec.calculator() is CalculatorSpec.parse("emt").calculator()
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.append(spec.calculator()))
    thread.start()
    thread.join()
    assert elsewhere[0] is not spec.calculator()


def test_fingerprint_knows_weights_without_loading_them():
    code = (
        "import sys; from lnmo_atoms.calculators import CalculatorSpec\n"
        "spec = CalculatorSpec.parse('chgnet'); spec.check(['Li']); print(spec.engine())\n"
        "print(spec.fingerprint()['sha256']); assert not {'torch', 'chgnet'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    engine, sha256 = done.stdout.split("\n")[:2]
    assert engine == CHGNET.engine()
    folder = Path(importlib.util.find_spec("chgnet").origin).parent
    (weights,) = folder.glob("pretrained/0.3.0/*.tar")
    assert sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert CalculatorSpec.parse("chgnet", model="r2scan").fingerprint()["sha256"] != sha256


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("chgnet", "CHGNet is not installed: pip install chgnet"),
        ("gpaw", "GPAW is not installed: pip install gpaw compiles it .* README"),
    ],
)
def test_a_missing_engine_is_named_with_its_command(name, line, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RequestError, match=line):
        CalculatorSpec.parse(name).check(["O"])


def test_every_engine_says_how_far_to_trust_it():
    assert "surface energies and barriers come out" in CHGNET.trust("surface energies", "barriers")
    assert "0.77 of GGA" in CHGNET.trust("barriers")
    assert "barrier" not in CHGNET.trust("formation energies")
    for name in ("chgnet", "emt", "gpaw", "mycalc:make"):
        words = CalculatorSpec.parse(name).trust("differences between orderings")
        assert words.endswith(".")
        assert "{" not in words


def test_gpaw_preset(monkeypatch):
    fake = types.ModuleType("lnmo_atoms.calculators.gpaw_scf")
    fake.PROPERTIES = ("energy",)
    fake.SelfConsistentField = lambda settings: types.SimpleNamespace(compute=settings)
    monkeypatch.setitem(sys.modules, "lnmo_atoms.calculators.gpaw_scf", fake)
    monkeypatch.setattr(CalculatorSpec, "_require_installed", lambda _: None)
    monkeypatch.delitem(sys.modules, "lnmo_atoms.calculators.gpaw", raising=False)
    settings = CalculatorSpec.parse("gpaw", xc="PBEsol").calculator()._compute
    deep = CalculatorSpec.parse("gpaw", semicore=True).calculator()._compute
    monkeypatch.delitem(sys.modules, "lnmo_atoms.calculators.gpaw")
    assert settings["setups"] == {"Mn": "7:d,3.9", "Ni": "10:d,6.2"}
    assert deep["setups"] == {"Mn": ":d,3.9", "Ni": ":d,6.2"}
    assert settings["mode"] == {"name": "pw", "ecut": 500}
    assert settings["xc"] == "PBEsol"
    # GPAW's rule: 2π |b| times the density, rounded up
    assert np.ceil(2 * np.pi / 8.166 * settings["kpts"]["density"]) == 2


def test_how_fast_an_engine_computes_is_no_part_of_what(monkeypatch):
    monkeypatch.setattr(CalculatorSpec, "_require_installed", lambda _: None)
    serial, parallel = (CalculatorSpec.parse("gpaw", ranks=n, xc="PBE") for n in (1, 4))
    assert serial.fingerprint() == parallel.fingerprint()
    assert serial.fingerprint() != CalculatorSpec.parse("gpaw", xc="RPBE").fingerprint()


def test_ranks_are_an_option_of_gpaw_and_whatever_a_factory_of_others_makes_of_it():
    assert CalculatorSpec.parse("gpaw", ranks=4).ranks == 4
    assert CalculatorSpec.parse("gpaw").ranks == CalculatorSpec.parse("emt").ranks == 1
    assert CalculatorSpec.parse("mycalc:make", ranks="x").ranks == 1
    assert CalculatorSpec.parse("vasp", ranks=[2]).ranks == 1


def test_what_is_started_does_not_take_itself_for_a_rank_of_our_launcher(monkeypatch):
    monkeypatch.setenv("PMIX_RANK", "0")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "4")
    with no_launcher():
        assert "PMIX_RANK" not in os.environ
        assert "PATH" in os.environ
    assert os.environ["PMIX_RANK"] == "0"
    assert "OMPI_COMM_WORLD_SIZE" not in without_launcher(os.environ)


def test_own_factory(tmp_path, monkeypatch):
    file = tmp_path / "mycalc_of_test.py"
    source = (
        "from ase.calculators.emt import EMT\n\n\ndef make(factor=1):\n"
        "    assert factor == 3\n    return EMT()\n"
    )
    file.write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = CalculatorSpec.parse("mycalc_of_test:make", factor=3)
    spec.check(["Uuo"])
    atoms = bulk("Cu")
    assert spec.calculator().get_potential_energy(atoms) == EMT().get_potential_energy(atoms)
    before = spec.fingerprint()
    file.write_text(source + "# changed\n")
    assert spec.fingerprint()["sha256"] != before["sha256"]
    with pytest.raises(RequestError, match="was edited after it was imported: start again"):
        spec.calculator()


def test_chgnet_agrees_with_its_own_calculator(calculator, rattled):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from chgnet.model.dynamics import CHGNetCalculator

        theirs = CHGNetCalculator(model=calculator.model, on_isolated_atoms="ignore")
        theirs.calculate(rattled)
    for name in ("energy", "forces", "stress", "magmoms"):
        expected = theirs.results[name]
        if name == "stress":
            expected = expected.ravel()[[0, 4, 8, 5, 2, 1]]
        mine = calculator.get_property(name, rattled)
        np.testing.assert_allclose(mine, expected, atol=1e-4, rtol=0)
        assert np.asarray(mine).dtype == np.float64


def test_chgnet_computes_only_what_is_asked(calculator, rattled, monkeypatch):
    from lnmo_atoms.calculators import chgnet

    derivatives, tasks = [], []
    grad, forward = chgnet.torch.autograd.grad, calculator.model.forward
    monkeypatch.setattr(
        chgnet.torch.autograd, "grad", lambda y, x: (derivatives.append(len(x)), grad(y, x))[1]
    )
    monkeypatch.setattr(
        calculator.model, "forward", lambda g, task: (tasks.append(task), forward(g, task=task))[1]
    )
    for asked, found, differentiated, task in [
        ("energy", {"energy"}, [], "e"),
        ("forces", {"energy", "forces"}, [1], "e"),
        ("stress", {"energy", "forces", "stress"}, [2], "e"),
        ("magmoms", {"energy", "magmoms"}, [], "em"),
    ]:
        derivatives.clear()
        rattled.positions[0, 0] += 1e-3
        calculator.get_property(asked, rattled)
        assert set(calculator.results) - {"free_energy"} == found
        assert derivatives == differentiated
        assert tasks[-1] == task
    calculator.get_property("forces", rattled)
    assert {"forces", "magmoms"} <= set(calculator.results)


def test_chgnet_forces_and_stress_are_derivatives_of_its_energy(calculator, rattled):
    forces, stress = calculator.get_forces(rattled), calculator.get_stress(rattled)
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-4)
    step = 0.02
    for atom, axis in [(0, 0), (10, 2), (40, 1)]:
        energies = []
        for sign in (1, -1):
            moved = rattled.copy()
            moved.positions[atom, axis] += sign * step
            energies.append(calculator.get_potential_energy(moved))
        assert -np.diff(energies[::-1])[0] / (2 * step) == pytest.approx(
            forces[atom, axis], abs=0.01
        )
    energies = []
    for sign in (1, -1):
        strained = rattled.copy()
        strained.set_cell(rattled.cell * (1 + sign * 1e-3), scale_atoms=True)
        energies.append(calculator.get_potential_energy(strained))
    pressure_work = (energies[0] - energies[1]) / (2e-3 * rattled.get_volume())
    assert pressure_work == pytest.approx(stress[:3].sum(), rel=0.02)


def test_chgnet_energy_is_extensive(calculator):
    atoms = to_atoms(ordered_spinel())
    one, two = map(calculator.get_potential_energy, (atoms, atoms.repeat((2, 1, 1))))
    assert two == pytest.approx(2 * one, abs=1e-3)


def test_chgnet_is_silent_and_uses_one_thread(capfd):
    from lnmo_atoms.calculators.chgnet import ChgnetCalculator, torch

    ChgnetCalculator()
    assert capfd.readouterr() == ("", "")
    assert torch.cuda.is_available() or torch.get_num_threads() == 1


def test_chgnet_refuses_isolated_atoms(calculator):
    atoms = bulk("Cu", cubic=True)[[0]]
    atoms.set_cell([20, 20, 20])
    with pytest.raises(CalculationFailed, match="1 of 1 atoms have no neighbour within 6 Å"):
        calculator.get_potential_energy(atoms)
    atoms += bulk("Cu", cubic=True)[[0]]
    atoms += atoms[[0]]
    atoms.positions[1:] = [[10, 10, 10], [10, 10, 12]]
    with pytest.raises(CalculationFailed, match="1 of 3 atoms"):
        calculator.get_potential_energy(atoms)
