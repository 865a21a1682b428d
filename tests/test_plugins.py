"""Engines of other packages, found by the entry points in their metadata."""

import sys

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.formats import to_structure
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

MODULE = """
from ase.calculators.emt import EMT


def make(scale=1.0):
    engine = EMT()
    get_property = engine.get_property
    engine.get_property = lambda name, *rest: (
        None if (value := get_property(name, *rest)) is None else scale * value
    )
    return engine
"""


def install(folder, package, version="1.2.3", name="ScaledEMT"):
    """What pip leaves of a package, without pip."""
    (folder / f"{package}.py").write_text(MODULE)
    metadata = folder / f"{package}-{version}.dist-info"
    metadata.mkdir()
    text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    (metadata / "METADATA").write_text(text)
    points = f"[lnmo_atoms.calculators]\n{name} = {package}:make\n"
    (metadata / "entry_points.txt").write_text(points)


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Makes folders of packages, importable here and in processes started from here."""

    def folder(name):
        (tmp_path / name).mkdir()
        monkeypatch.syspath_prepend(str(tmp_path / name))
        return tmp_path / name

    yield folder
    sys.modules.pop("scaled_emt", None)


def test_a_package_brings_its_engine_by_name(packages, tmp_path):
    install(packages("one"), "scaled_emt")
    spec = CalculatorSpec.parse("scaledemt", scale=2.0)
    spec.check(["Cu"])
    assert spec.engine() == "ScaledEMT (scaled_emt 1.2.3)"
    assert spec.fingerprint()["version"] == "1.2.3"
    assert "comes with scaled_emt" in spec.trust("barriers")
    copper = bulk("Cu")
    task = Task.static("copper", to_structure(copper), spec)
    with Study(tmp_path / "study") as study, make_executor("processes", 1) as pool:
        (result,) = run_tasks([task], study, pool).values()
    copper.calc = EMT()
    assert result.energy == pytest.approx(2 * copper.get_potential_energy(), rel=1e-12)


def test_wrong_packages_get_one_clear_line(packages):
    install(packages("one"), "scaled_emt")
    with pytest.raises(RequestError, match=r"'mace' is not known: use chgnet, .*scaledemt, or mod"):
        CalculatorSpec.parse("mace")
    with pytest.raises(RequestError, match="cannot be called with these options"):
        CalculatorSpec.parse("scaledemt", speed=1).check(["Cu"])
    install(packages("two"), "other_emt")
    with pytest.raises(RequestError, match="comes from other_emt and scaled_emt: remove one"):
        CalculatorSpec.parse("scaledemt")


def test_no_package_takes_the_name_of_an_engine_of_ours(packages):
    install(packages("one"), "scaled_emt", name="emt")
    assert CalculatorSpec.parse("emt").engine().startswith("EMT (ase")
