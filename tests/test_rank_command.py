"""``lnmo rank`` as a user runs it."""

import csv
import json
import os
from pathlib import Path

import pytest
from program import lnmo

import lnmo_atoms as la
from lnmo_atoms.records import ORDERINGS_FILE, load_orderings

TOY = ("--calculator", "toy_engines:Alloy", "--workers", 1)


@pytest.fixture(scope="module", autouse=True)
def _toys_are_found():
    with pytest.MonkeyPatch.context() as patch:
        paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        yield


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    """A study of the 22 orderings and two samples, and what the program said."""
    folder = tmp_path_factory.mktemp("ranked")
    return folder, lnmo("rank", "--samples", 2, "--study", "s", *TOY, cwd=folder)


def test_the_table_the_files_and_the_figure_agree(ranked):
    folder, done = ranked
    assert done.returncode == 0, done.stderr
    study = folder / "s"
    results = load_orderings(study / ORDERINGS_FILE)
    document = json.loads((study / "ranking.json").read_text(encoding="utf-8"))
    with (study / "ranking.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(results) == len(document["orderings"]) == len(rows) == 24
    assert [int(row["rank"]) for row in rows] == list(range(1, 25))
    for row, entry in zip(rows, document["orderings"], strict=True):
        result = results[entry["number"] - 1]
        energy = entry["energy_above_lowest_meV_per_formula_unit"]
        assert float(row["energy_above_lowest_meV_per_formula_unit"]) == energy
        low = min(r.energy_per_formula for r in results)
        assert energy == pytest.approx(1000 * (result.energy_per_formula - low))
        assert entry["space_group"] == result.space_group.symbol
    assert [row["atoms"] for row in rows].count("112") == 2
    assert "P4_332" in done.stdout
    assert "all 1,820 decorations" in done.stderr
    assert (study / "figures" / "orderings.png").stat().st_size > 5000


def test_relaxed_structures_are_written_with_charges_and_moments(ranked):
    folder, _ = ranked
    results = load_orderings(folder / "s" / ORDERINGS_FILE)
    files = sorted((folder / "s" / "structures").glob("ordering-*.cif"))
    assert len(files) == 24
    ordered = next(r for r in results if r.space_group.symbol == "P4_332")
    again = la.read(folder / "s" / "structures" / f"ordering-{ordered.number}.cif")
    assert sorted(again.site_properties["magmom"]) == pytest.approx(
        sorted(ordered.relaxed.site_properties["magmom"])
    )
    assert again.volume == pytest.approx(ordered.relaxed.volume, rel=1e-5)
    assert {str(sp) for sp in again.composition} == {"Li+", "Ni2+", "Mn4+", "O2-"}


def test_the_study_goes_on_and_status_knows_it(ranked):
    folder, _ = ranked
    states = json.loads(lnmo("status", "s", "--json", cwd=folder).stdout)
    assert len(states) == 48
    assert {state["state"] for state in states} == {"done"}
    runs = len(json.loads((folder / "s" / "study.json").read_text())["runs"])
    again = lnmo("rank", "--study", "s", *TOY, "--json", cwd=folder)
    document = json.loads(again.stdout)
    assert len(document["orderings"]) == 24
    assert document["engine"]
    assert json.loads(lnmo("status", "s", "--json", cwd=folder).stdout) == states
    assert len(json.loads((folder / "s" / "study.json").read_text())["runs"]) == runs + 1


def test_a_study_ranks_the_orderings_of_all_its_runs(tmp_path):
    """Also where samples of two seeds are one ordering: the 1 × 1 × 1 cell has but 22."""
    for words in ((), ("--samples", 3), ("--cell", 1, 1, 1, "--samples", 5), ("--samples", 5)):
        done = lnmo("rank", *words, "--study", "s", *TOY, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    with (tmp_path / "s" / "ranking.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(int(row["number"]) for row in rows) == list(range(1, 28))
    assert sorted(row["atoms"] for row in rows) == ["112"] * 5 + ["56"] * 22
    for row in rows:
        relaxed = la.read(tmp_path / "s" / "structures" / f"ordering-{row['number']}.cif")
        assert len(relaxed) == int(row["atoms"])
    states = json.loads(lnmo("status", "s", "--json", cwd=tmp_path).stdout)
    assert len({state["name"] for state in states}) == len(states) == 2 * 27


def test_seeds_draw_other_samples(tmp_path):
    words = ("rank", "--samples", 3, "--dry-run", "--json", *TOY)
    plans = [lnmo(*words, "--seed", seed, cwd=tmp_path).stdout for seed in (0, 0, 1)]
    assert json.loads(plans[0]) == json.loads(plans[1])
    assert len(json.loads(plans[0])) == 2 * 25
    assert not list(tmp_path.iterdir())


def test_failures_are_told_and_the_others_ranked(tmp_path):
    (tmp_path / "moody.py").write_text(
        "from toy_engines import Alloy\n\n\ndef engine():\n    return Alloy(fail=0.75)\n"
    )
    done = lnmo("rank", "--study", "s", "--calculator", "moody:engine", "--json", cwd=tmp_path)
    assert done.returncode == 1
    kept = json.loads(done.stdout)["orderings"]
    failed = [line for line in done.stderr.splitlines() if "failed" in line]
    assert 0 < len(failed) == 2 * (22 - len(kept))
    assert all("the engine gave up" in line for line in failed)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--cell", 1, 1, 2), "--samples"),
        (("--samples", 2, "--cell", 0, 1, 1), "supercell"),
        (("--samples", -1), "samples"),
        (("--calculator", "nothing"), "not known"),
        (("--fmax", 0), "above 0"),
        (("--fmax", "nan"), "above 0"),
        (("--samples", 2, "--seed", -1), "seed"),
        (("--samples", 23, "--cell", 1, 1, 1), "of 22 distinct"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(tmp_path, words, hint):
    done = lnmo("rank", *words, "--study", "s", cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("see ")]) == 1
    assert not list(tmp_path.iterdir())
