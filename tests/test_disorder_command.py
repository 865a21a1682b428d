"""``lnmo disorder`` as a user runs it."""

import csv
import json
from dataclasses import replace

import pytest
from program import lnmo

import lnmo_atoms as la
from lnmo_atoms.analyzers.order_disorder import LatticeModel, load_lattice_model
from lnmo_atoms.builders.symmetry import space_group
from lnmo_atoms.records import ORDERINGS_FILE, save_orderings
from lnmo_atoms.results import OrderingResult

MODEL = LatticeModel(
    -50.0, {"pair 1": 0.03, "pair 2": -0.005, "pair 3a": 0.005, "pair 3b": 0.005}, "a toy"
)
QUICK = ("--sizes", "2", "--temperatures", "350,700", "--sweeps", 100)


@pytest.fixture
def study(tmp_path):
    """A study of orderings whose energies are those of a lattice model, and one odd one."""
    orderings = [la.ordered_spinel()] + [
        la.disordered_spinel((1, 1, n), seed=seed) for n in (1, 2) for seed in range(8)
    ]
    results = [_result(number, structure) for number, structure in enumerate(orderings, start=1)]
    odd = replace(results[0], energy_per_formula=99.0, converged=False)
    (tmp_path / "s").mkdir()
    save_orderings([*results, odd], tmp_path / "s" / ORDERINGS_FILE)
    return tmp_path / "s"


def _result(number, structure):
    energy = MODEL.energy(structure)
    group = space_group(structure)
    return OrderingResult(
        number=number,
        structure=structure,
        degeneracy=1,
        space_group=group,
        engine="Toy 1.0",
        energy_per_formula=energy,
        energy_unrelaxed_per_formula=energy,
        relaxed=structure,
        relaxed_space_group=group,
        atoms_calculated=len(structure),
        converged=True,
    )


def test_figure_tables_and_model_of_a_study(study):
    done = lnmo("disorder", study, *QUICK, "-o", "d.png", "--json", cwd=study.parent)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    written = json.loads((study.parent / "d.json").read_text(encoding="utf-8"))
    assert {key: written[key] for key in printed} == printed
    assert printed["fit"]["orderings"] == 17
    assert printed["fit"]["cross_validation_error_meV_per_formula_unit"] < 0.01
    assert printed["fit"]["undetermined"] == ["pair 3a", "pair 3b"]
    assert 350 < printed["transition_temperature_K"] < 700
    fitted = load_lattice_model(study.parent / "d-model.json")
    assert dict(fitted.interactions) == pytest.approx(dict(MODEL.interactions))
    assert "17 orderings by Toy 1.0" in fitted.source
    with (study.parent / "d.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(printed["points"])
    assert {row["run"] for row in rows} == {"cooling", "heating"}
    assert rows[0]["temperature_K"] == ""
    assert (study.parent / "d.png").stat().st_size > 5000


def test_a_model_of_ones_own(tmp_path):
    MODEL.save(tmp_path / "model.json")
    done = lnmo("disorder", "--model", "model.json", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2×2×2" in done.stdout
    assert "of the measured temperature" in done.stderr
    assert "a toy" in done.stderr
    assert not (tmp_path / "disorder-model.json").exists()


def test_mistakes_are_one_line(study):
    MODEL.save(study.parent / "model.json")
    for words, hint in (
        ((), "give the folder"),
        ((study, "--model", "model.json"), "give the folder"),
        ((study.parent,), "run lnmo rank"),
        (("--model", "model.json", "--sizes", "2,x"), "--sizes"),
        (("--model", "model.json", "--temperatures", "300"), "--temperatures"),
        (("--model", "model.json", "--sweeps", 1), "too few"),
        (("--model", "model.json", "-o", "nowhere/x.png"), "there is no folder"),
        (("--model", "model.json", "-o", "x.xyz"), "a figure ends in"),
    ):
        done = lnmo("disorder", *words, cwd=study.parent)
        assert done.returncode == 2
        assert hint in done.stderr
        assert len(done.stderr.splitlines()) == 1
