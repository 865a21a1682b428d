"""What is imported when: the program and the package start without what nobody asked for."""

import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from ase.build import bulk

import lnmo_atoms
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.commands import MODULES, Commands
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.store.database import ResultsFile
from lnmo_atoms.store.sqlite import columns_and_causes
from lnmo_atoms.tasks import Task

PACKAGE = Path(lnmo_atoms.__file__).parent
HEAVY = {"matplotlib", "torch", "scipy", "numba", "pymatgen", "ase", "spglib", "numpy"}
STUBS = sorted(PACKAGE.rglob("__init__.pyi"))


def imported(code, cwd):
    """Top-level packages that a fresh interpreter holds after some code."""
    tail = "\nimport json, sys; print(json.dumps([*sys.modules]), file=sys.__stdout__)"
    done = subprocess.run(
        [sys.executable, "-c", code + tail],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def command(*words):
    """Code that runs the program and goes on after it."""
    return (
        f"import sys; sys.argv = ['lnmo', *{words!r}]\nfrom lnmo_atoms.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert done.code in (0, 1), done.code"
    )


@pytest.fixture
def study(tmp_path):
    """One task that failed, one that waits."""
    copper = lnmo_atoms.to_structure(bulk("Cu"))
    tasks = [
        Task.relax(name, copper, CalculatorSpec.parse("emt"), steps=n)
        for n, name in enumerate(("one", "two"), start=1)
    ]
    with Study(tmp_path / "s") as opened:
        opened.fail(tasks[0], "no luck: γ < 0 \N{ANGSTROM SIGN}")
        opened.folder(tasks[1])
    return tmp_path / "s"


def test_importing_the_package_imports_nothing_heavy(tmp_path):
    assert not HEAVY & imported("import lnmo_atoms", tmp_path)


def test_status_reads_a_study_without_engines_structures_or_figures(study):
    assert not HEAVY & imported(command("status", str(study)), study.parent)


@pytest.mark.parametrize("name", ["build", "surface", "study", "compare"])
def test_help_needs_no_figure_and_no_engine(tmp_path, name):
    assert not {"matplotlib", "torch"} & imported(command(name, "--help"), tmp_path)


def test_a_cause_reads_as_ase_has_written_it(study):
    (read,) = [cause for _, cause in columns_and_causes(study / "results.db") if cause]
    assert [read] == ResultsFile(study / "results.db").data(status="failed")
    failed, waiting = status_of(study)
    assert (failed.name, failed.state, failed.cause) == ("one", "failed", read["cause"])
    assert (waiting.name, waiting.state) == ("two", "waiting")


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.parent.name)
def test_every_name_of_a_stub_is_there(stub):
    package = importlib.import_module(
        ".".join(("lnmo_atoms", *stub.parent.relative_to(PACKAGE).parts))
    )
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        package.nonsense  # noqa: B018


def test_a_name_is_the_function_though_its_module_bears_it():
    modules = [path.stem for path in PACKAGE.iterdir()]
    shared = [name for name in lnmo_atoms.__all__ if name in modules]
    assert shared
    for name in shared:
        importlib.import_module(f"lnmo_atoms.{name}")
        assert callable(getattr(lnmo_atoms, name))


def test_public_names_travel_and_can_be_imported_at_once():
    for name in lnmo_atoms.__all__:
        assert pickle.loads(pickle.dumps(getattr(lnmo_atoms, name))) is getattr(lnmo_atoms, name)  # noqa: S301
    names = {}
    exec("from lnmo_atoms import *", names)  # noqa: S102
    assert set(lnmo_atoms.__all__) <= set(names)


def test_every_command_is_found_by_its_name():
    group = Commands(name="lnmo")
    for name in MODULES:
        assert group.get_command(None, name).name == name
    assert group.get_command(None, "nonsense") is None
    assert group.list_commands(None) == list(MODULES)
