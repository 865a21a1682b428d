"""The command formation, run as a user runs it."""

import csv
import json

import pytest
from program import lnmo
from toy_engines import ENTRIES

from lnmo_atoms.analyzers.oxygen import oxygen_potential
from lnmo_atoms.formats import read

LEDGER = ("--calculator", "toy_engines:Ledger", "--workers", 1, "--study", "s")
LI2O = 598.73 / 96.48533212
"""eV, measured heat of formation."""


@pytest.fixture(autouse=True)
def toys(monkeypatch, request):
    """Let the program find the toy engines."""
    monkeypatch.setenv("PYTHONPATH", str(request.path.parent), prepend=":")


def test_formation_energies_of_an_engine_that_prices_atoms_alone(tmp_path):
    """Li costs what its metal does; O is missed by Li2O's heat of formation and the gas."""
    words = ("formation", "--kind", "lithium vacancy", "--kind", "oxygen vacancy", *LEDGER)
    conditions = ("--temperature", 900, "--pressure", 0.01)
    done = lnmo(*words, *conditions, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    oxygen = LI2O + oxygen_potential(900.0, 0.01)
    assert found["chemical_potentials_eV"]["O"] == pytest.approx(ENTRIES["O"] + oxygen)
    energies = {row["kind"]: row["formation_energy_eV"] for row in found["defects"]}
    assert energies == pytest.approx({"lithium vacancy": 0, "oxygen vacancy": oxygen}, abs=1e-6)
    assert found == json.loads((tmp_path / "s" / "formation.json").read_text())
    with (tmp_path / "s" / "formation.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["exchanged"] for row in rows] == ["−1 Li", "−1 O", "−1 O"]
    assert {row["temperature_K"] for row in rows} == {"900.0"}


def test_another_temperature_calculates_nothing_again(tmp_path):
    words = ("formation", "--kind", "oxygen vacancy", *LEDGER)
    assert lnmo(*words, cwd=tmp_path).returncode == 0
    before = (tmp_path / "s" / "results.db").read_bytes()
    again = lnmo(*words, "--temperature", 1000, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "s" / "results.db").read_bytes() == before
    assert "1000 K" in again.stdout
    assert "This engine is your own" in again.stderr


def test_what_the_screen_shows_stands_in_the_folder(tmp_path):
    done = lnmo("formation", "--kind", "manganese antisite", *LEDGER, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word in ("formation", "eV", "exchanged", "+1 Mn, −1 Ni"):
        assert word in done.stdout
    for word in ("Ni from NiO", "Mn from β-MnO2"):
        assert word in done.stderr
    structures = tmp_path / "s" / "structures"
    assert {path.stem for path in structures.glob("*.cif")} == {"bulk", "Li", "Li2O", "NiO", "MnO2"}
    defects = sorted(structures.glob("Mn_Ni*-relaxed.vasp"))
    assert len(defects) == len(
        json.loads((tmp_path / "s" / "formation.json").read_text())["defects"]
    )
    assert read(defects[0]).composition.element_composition.formula == "Li8 Mn13 Ni3 O32"


def test_the_plan_lists_bulk_defects_and_phases(tmp_path):
    words = ("formation", "--kind", "lithium vacancy", "--dry-run", "--json")
    plan = json.loads(lnmo(*words, cwd=tmp_path).stdout)
    assert [entry["calculation"].split()[1] for entry in plan] == ["bulk", "v_Li(8c)+Ni3+", "Li"]
    assert [entry["atoms"] for entry in plan] == [56, 55, 2]
    assert not list(tmp_path.iterdir())


def test_a_failed_defect_is_named_and_the_others_are_shown(tmp_path):
    (tmp_path / "moody_air.py").write_text(
        "from toy_engines import Ledger\n"
        "class Moody(Ledger):\n"
        "    def calculate(self, atoms, *rest):\n"
        "        if atoms.symbols.count('O') == 31:\n"
        "            raise RuntimeError('no air')\n"
        "        super().calculate(atoms, *rest)\n"
    )
    words = ("formation", "--kind", "lithium vacancy", "--kind", "oxygen vacancy", "--workers", 1)
    done = lnmo(*words, "--calculator", "moody_air:Moody", "--study", "s", cwd=tmp_path)
    assert done.returncode == 1
    assert "v_Li(8c)" in done.stdout
    assert done.stderr.count("no air") == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--kind", "hole"), "hole"),
        (("--temperature", 3000), "100 to 2000 K"),
        (("--pressure", 0), "0 bar"),
        (("--pressure", 1e30), "up to 1000 bar"),
        (("--fmax", "nan"), "above 0"),
        (("--seed", -1), "seed"),
        (("--calculator", "emt"), "EMT"),
        (("--mn3", "sideways"), "sideways"),
        (("--cell", 0, 1, 1), "positive"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(tmp_path, words, hint):
    done = lnmo("formation", *words, "--study", "s", cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("see ")]) == 1
    assert not list(tmp_path.iterdir())
