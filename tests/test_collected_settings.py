"""Energies are compared only where every tag that decides them agrees."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vasp_files import run_vasp
from vasp_hand_off import GAMMA, RUNS, change, finish, troubles

from lnmo_atoms.records import HOPS_FILE, SURFACES_FILE, load_surfaces
from lnmo_atoms.vasp import collect_vasp
from lnmo_atoms.vasp.collection import Collection
from lnmo_atoms.vasp.folder import finished
from lnmo_atoms.vasp.manifest import load_plan
from lnmo_atoms.vasp.settings import DEFAULTS, unusual

SLAB = "slab-100-a"


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    root = tmp_path_factory.mktemp("ended")
    finish(root)
    return root


@pytest.fixture
def copy(ended, tmp_path):
    return Path(shutil.copytree(ended, tmp_path / "vasp"))


@pytest.mark.parametrize("files", ["both", "OUTCAR"])
@pytest.mark.parametrize(
    ("tags", "line"),
    [
        ({"IVDW": 12}, "IVDW is 12, in the bulk 0"),
        ({"LSORBIT": True}, "LSORBIT is .TRUE., in the bulk .FALSE."),
        ({"LNONCOLLINEAR": True}, "LNONCOLLINEAR is .TRUE., in the bulk .FALSE."),
        ({"LDAUTYPE": 1}, "LDAUTYPE is 1, in the bulk 2"),
        ({"LDAUL": [-1, 2, 3, -1]}, "LDAUL of Mn is 3, in the bulk 2"),
        ({"LDAUU": [0, 6.2, 4.9, 0], "LDAUJ": [0, 0, 1, 0]}, "J of Mn is 1 eV, in the bulk 0 eV"),
        ({"LHFCALC": True, "AEXX": 0.25}, "AEXX is 0.25, in the bulk 0"),
        ({"LHFCALC": True, "HFSCREEN": 0.2}, "HFSCREEN is 0.2, in the bulk 0"),
        ({"EFIELD": 0.1}, "EFIELD is 0.1, in the bulk 0"),
        ({"ADDGRID": True}, "ADDGRID is .TRUE., in the bulk .FALSE."),
        ({"NUPDOWN": 42}, "a moment fixed by NUPDOWN is .TRUE., in the bulk .FALSE."),
    ],
)
def test_further_tags_are_named(copy, tags, line, files):
    change(copy / SLAB, **tags)
    run_vasp(copy / SLAB, RUNS[SLAB])
    if files == "OUTCAR":
        (copy / SLAB / "vasprun.xml").unlink()
    found = collect_vasp(copy)
    assert line in troubles(found)[SLAB]
    assert found.surfaces == ()


def test_the_same_tag_everywhere_is_no_difference(copy):
    for name in RUNS:
        change(copy / name, IVDW=12, ADDGRID=True)
        run_vasp(copy / name, RUNS[name])
    (result,) = collect_vasp(copy).surfaces
    assert result.gamma == pytest.approx(GAMMA, abs=1e-6)


def test_pressure_is_told_by_outcar_alone_too(copy):
    change(copy / SLAB, PSTRESS=10.0)
    run_vasp(copy / SLAB, RUNS[SLAB])
    (copy / SLAB / "vasprun.xml").unlink()
    assert "PSTRESS = 10 kbar" in troubles(collect_vasp(copy))[SLAB]


@pytest.mark.parametrize("files", ["both", "OUTCAR"])
def test_a_charged_cell_is_refused(copy, files):
    """84 atoms: 12 Li of 3, 6 Ni of 16, 18 Mn of 13 and 48 O of 6 valence electrons."""
    neutral = 12 * 3 + 6 * 16 + 18 * 13 + 48 * 6
    change(copy / SLAB, NELECT=neutral + 1)
    run_vasp(copy / SLAB, RUNS[SLAB])
    if files == "OUTCAR":
        (copy / SLAB / "vasprun.xml").unlink()
    trouble = troubles(collect_vasp(copy))[SLAB]
    assert f"its cell is charged (NELECT = {neutral + 1}, of neutral atoms {neutral})" in trouble
    change(copy / SLAB, NELECT=neutral)
    run_vasp(copy / SLAB, RUNS[SLAB])
    assert collect_vasp(copy).complete


def test_a_slab_of_different_faces_needs_its_dipole_corrected(ended):
    plan = load_plan(ended)
    runs = {each.folder: finished(each, plan, ended) for each in plan.calculations}
    slab = next(each.slab for each in plan.calculations if each.slab is not None)
    uneven = replace(slab, certificate=replace(slab.certificate, flip=None))
    changed = tuple(
        each if each.slab is None else replace(each, slab=uneven) for each in plan.calculations
    )
    uneven_plan = replace(plan, calculations=changed)
    assert not list(Collection(plan, runs).mismatches())
    ((folder, line),) = Collection(uneven_plan, runs).mismatches()
    assert (folder, "LDIPOL is .FALSE., exported .TRUE." in line) == (SLAB, True)
    corrected = [replace(run, run=replace(run.run, dipole=True)) for run in runs[SLAB]]
    assert not list(Collection(uneven_plan, {**runs, SLAB: corrected}).mismatches())


@given(st.sampled_from(sorted(DEFAULTS)))
def test_a_default_that_is_told_is_nothing_unusual(tag):
    default = DEFAULTS[tag]
    if default is not None:
        text = {True: ".TRUE.", False: "F"}[default] if isinstance(default, bool) else str(default)
        assert unusual({tag: text}) == unusual({tag.lower(): default}) == {}


def test_results_that_no_longer_match_leave_the_study(copy, tmp_path):
    """The bulk was done again at another cutoff: no slab and no path belongs to it."""
    study = tmp_path / "study"
    collect_vasp(copy, study)
    assert {(study / name).exists() for name in (SURFACES_FILE, HOPS_FILE)} == {True}
    change(copy / "bulk", ENCUT=600)
    run_vasp(copy / "bulk", RUNS["bulk"])
    found = collect_vasp(copy, study)
    assert "ENCUT is 520 eV, in the bulk 600 eV" in troubles(found)[SLAB]
    assert {(study / name).exists() for name in (SURFACES_FILE, HOPS_FILE)} == {False}


def test_without_its_bulk_no_result_stays(copy, tmp_path):
    study = tmp_path / "study"
    collect_vasp(copy, study)
    shutil.rmtree(copy / "bulk")
    collect_vasp(copy, study)
    assert not (study / SURFACES_FILE).exists()


def test_results_of_another_hand_off_stay(ended, tmp_path):
    """Of another crystal's, none of which is finished yet."""
    study = tmp_path / "study"
    collect_vasp(ended, study)
    before = load_surfaces(study / SURFACES_FILE)
    other = tmp_path / "other"
    finish(other, edge=8.2)
    shutil.rmtree(other / "bulk")
    assert collect_vasp(other, study).surfaces == ()
    assert [r.gamma for r in load_surfaces(study / SURFACES_FILE)] == [r.gamma for r in before]
    assert (study / HOPS_FILE).exists()
