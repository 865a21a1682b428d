"""The study's folder: exact, resumable, one driver at a time, and clear about strangers' files."""

import dataclasses
import json
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from ase.build import bulk
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.formats import to_structure
from lnmo_atoms.results import BandResult, Failure, TaskResult
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study, TaskState, status_of
from lnmo_atoms.tasks import Task, execute, relax

EMT = CalculatorSpec.parse("emt")
CHGNET = CalculatorSpec.parse("chgnet")


def copper_task(seed=0, name="relax copper"):
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=seed)
    return Task.relax(name, to_structure(atoms), EMT)


def moved_spinel(seed):
    """A structure with everything that one can carry, and no round number in it."""
    structure = ordered_spinel()
    structure.perturb(0.1, min_distance=0.0)
    structure.translate_sites([0], [0, 0, -1.3], to_unit_cell=False)
    random = np.random.default_rng(seed)
    structure.add_site_property("fixed", [bool(x) for x in random.integers(0, 2, 56)])
    structure.add_site_property("arrow", random.normal(size=(56, 3)).tolist())
    structure.properties["note"] = "relaxed"
    return structure


def results(random):
    numbers = {"converged": False, "steps": 3, "force_calls": 4, "seconds": random.random()}
    energies = random.normal(size=3)
    first, second = energies[:2].tolist()
    path = {
        "images": tuple(map(moved_spinel, range(3))),
        "energies": energies,
        "kinds": ("end", "stationary", "end"),
        "converged": True,
        "path_calls": 9,
        "proof_calls": 4,
        "seconds": random.random(),
    }
    proof = {"curvatures": random.normal(size=2), "curvature_errors": random.random(2)}
    unknown = dict.fromkeys(("curvatures", "curvature_errors", "moments"))
    return [
        TaskResult(first, moved_spinel(0), random.normal(size=(56, 3)),
                   random.normal(size=56), **numbers),
        TaskResult(second, moved_spinel(1), None, None, **numbers),
        BandResult(**path, **proof, moments=random.normal(size=(1, 56))),
        BandResult(**path, **unknown),
    ]  # fmt: skip


def assert_identical(one, two):
    assert type(one) is type(two)
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype == np.float64
        elif isinstance(a, Structure) or field.name == "images":
            for x, y in zip([a] if isinstance(a, Structure) else a,
                            [b] if isinstance(b, Structure) else b, strict=True):  # fmt: skip
                np.testing.assert_array_equal(x.frac_coords, y.frac_coords)
                np.testing.assert_array_equal(x.lattice.matrix, y.lattice.matrix)
                assert x.species == y.species
                assert x.site_properties == y.site_properties
                assert (x.labels, x.properties) == (y.labels, y.properties)
                assert x.lattice.pbc == y.lattice.pbc
        else:
            assert a == b
            assert type(a) is type(b)


@pytest.mark.parametrize("which", range(4))
def test_results_come_back_to_the_last_digit(tmp_path, which):
    result = results(np.random.default_rng(5))[which]
    task = copper_task()
    with Study(tmp_path) as study:
        assert study.get(task.key) is None
        study.put(task, result)
    with Study(tmp_path) as study:
        assert_identical(study.get(task.key), result)


def test_ase_opens_the_database(tmp_path):
    task = copper_task()
    with Study(tmp_path) as study:
        result = execute(task, study.folder(task))
        study.put(task, result)
        band = results(np.random.default_rng(1))[2]
        study.put(copper_task(1, "12"), band)
    command = [sys.executable, "-m", "ase", "db", tmp_path / "results.db"]
    shown = subprocess.run(
        [*command, "-c", "++,-user"], capture_output=True, text=True, check=True
    ).stdout
    assert "relax copper" in shown
    assert f"{result.energy:.3f}" in shown
    assert f"{band.energies[1]:.3f}" in shown
    assert "emt" in shown
    assert "Rows: 2" in shown


def test_a_finished_task_leaves_no_checkpoint(tmp_path):
    task = copper_task()
    with Study(tmp_path) as study:
        folder = study.folder(task)
        result = execute(task, folder)
        assert (folder / "checkpoint.json").exists()
        study.put(task, result)
        assert not folder.exists()


def test_what_a_run_killed_at_its_end_has_left_is_removed_by_the_next(tmp_path):
    task = copper_task()
    with Study(tmp_path) as study, make_executor() as pool:
        (result,) = run_tasks([task], study, pool).values()
    left = tmp_path / "tasks" / task.key
    left.mkdir()
    for name in ("density.gpw", "gpaw.log"):
        (left / name).write_text("large")
    with make_executor() as pool:
        run_tasks([task], Study(tmp_path), pool)  # not open: looked at only
        assert len(list(left.iterdir())) == 2
        with Study(tmp_path) as study:
            assert_identical(run_tasks([task], study, pool)[task.key], result)
    assert not left.exists()
    assert [log.name for log in (tmp_path / "logs").glob("*/*")] == ["gpaw.log"]


def test_logs_of_engines_outlive_their_task(tmp_path):
    task, (result, *_) = copper_task(name="path 8c/4a"), results(np.random.default_rng(3))
    with Study(tmp_path / "study") as study:
        question = study.folder(task) / "question-1"
        question.mkdir()
        (question / "gpaw-2.log").write_text("Converged")
        study.put(task, result)
    (log,) = (tmp_path / "study" / "logs").glob("*/*")
    assert log.parent.name == f"path-8c-4a-{task.key[:8]}"
    assert (log.name, log.read_text()) == ("question-1-gpaw-2.log", "Converged")


def test_failures_are_kept_until_they_succeed(tmp_path):
    task, other = copper_task(), copper_task(1, "relax other")
    with Study(tmp_path) as study:
        study.folder(task)
        assert study.fail(task, "ValueError: too hot") == Failure(
            "relax copper", "ValueError: too hot"
        )
        study.fail(other, "True")
        study.fail(task, "0.5")
        assert study.get(task.key) is None
        assert study.failures() == [Failure("relax copper", "0.5"), Failure("relax other", "True")]
    with Study(tmp_path) as study:
        study.put(task, execute(task, study.folder(task)))
        assert study.failures() == [Failure("relax other", "True")]
    assert [state.state for state in status_of(tmp_path)] == ["done", "failed"]


def test_status_tells_how_far_each_task_is(tmp_path):
    done, failed, begun, new, waiting = (copper_task(i, f"task {i}") for i in range(5))
    with Study(tmp_path) as study:
        result = execute(done, study.folder(done))
        study.put(done, result)
        study.folder(failed)
        study.fail(failed, "no luck")
        checkpoint = study.folder(begun) / "checkpoint.json"
        relax(begun.structures[0], EMT, steps=1, checkpoint=checkpoint)
        (study.folder(new) / "started").touch()
        study.folder(waiting)
        while_at_work = status_of(tmp_path)  # the driver's lock keeps no reader out
    states = status_of(tmp_path)
    seconds = [state.seconds for state in states]
    assert states == [
        TaskState("task 0", "done", result.steps, result.seconds),
        TaskState("task 1", "failed", cause="no luck"),
        TaskState("task 2", "unfinished", 1, seconds[2]),
        TaskState("task 3", "unfinished"),
        TaskState("task 4", "waiting"),
    ]
    assert json.loads(json.dumps(states[1].as_dict()))["cause"] == "no luck"
    assert while_at_work == [*states[:3], TaskState("task 3", "running"), states[4]]


def test_what_an_earlier_run_began_is_not_running(tmp_path):
    with Study(tmp_path) as study:
        (study.folder(copper_task()) / "started").touch()
    time.sleep(0.05)
    with Study(tmp_path):
        assert [state.state for state in status_of(tmp_path)] == ["unfinished"]


def test_provenance(tmp_path):
    with Study(tmp_path) as study:
        study.write_provenance(EMT, {"facets": ["111"]}, ["lnmo", "study"], {"bulk": 3})
        study.write_provenance(CalculatorSpec.parse("chgnet"))
    document = json.loads((tmp_path / "study.json").read_text())
    first, second = document["runs"]
    assert (first["command"], first["seeds"]) == (["lnmo", "study"], {"bulk": 3})
    assert first["recipe"] == {"facets": ["111"]}
    assert second["engine"]["name"].startswith("CHGNet ")
    assert len(second["engine"]["sha256"]) == 64
    assert second["versions"]["ase"]
    assert second["platform"]
    assert Study.trust_of(tmp_path, "barriers") == CalculatorSpec.parse("chgnet").trust("barriers")


def test_trust_is_of_the_engines_whose_numbers_are_left(tmp_path):
    """A workflow that runs again drops what refined its own results, and nothing else."""
    emt, chgnet = EMT.trust("barriers"), CHGNET.trust("barriers")
    with Study(tmp_path) as study:
        for spec, workflow, of, shown in [
            (EMT, "surface energies", None, emt),
            (CHGNET, "refinement", "surfaces", f"{emt} {chgnet}"),
            (EMT, "migration barriers", None, f"{emt} {chgnet}"),
            (CHGNET, "refinement", "hops", f"{emt} {chgnet}"),
            (EMT, "surface energies", None, f"{emt} {chgnet}"),
            (EMT, "attempt frequencies", None, f"{emt} {chgnet}"),
            (EMT, "migration barriers", None, emt),
        ]:
            study.write_provenance(spec, {"workflow": workflow, "of": of})
            assert Study.trust_of(tmp_path, "barriers") == shown


def test_an_engine_of_another_machine_is_left_to_the_reader(tmp_path):
    with Study(tmp_path) as study:
        study.write_provenance(EMT)
    text = (tmp_path / "study.json").read_text()
    (tmp_path / "study.json").write_text(text.replace('"engine": "emt"', '"engine": "theirs"'))
    told = "'theirs' is not known here: how far to trust its numbers is for you to say."
    assert Study.trust_of(tmp_path, "barriers") == told


def test_a_study_without_a_folder_is_gone_afterwards():
    task = copper_task()
    with Study() as study:
        study.put(task, execute(task, study.folder(task)))
        assert study.get(task.key).converged
        folder = study.path
        assert folder.is_dir()
    assert not folder.exists()


def test_open_leaves_an_open_study_open(tmp_path):
    with Study(tmp_path) as study:
        with Study.open(study) as same:
            assert same is study
        study.fail(copper_task(), "still writable")
    with pytest.raises(RequestError, match="inside its with statement"):
        study.fail(copper_task(), "closed")
    with Study.open(str(tmp_path)) as again:
        assert len(again.failures()) == 1


def test_the_second_driver_is_refused(tmp_path):
    code = f"from lnmo_atoms.store import Study\nwith Study({str(tmp_path)!r}): print('in')"
    other = [sys.executable, "-c", code]

    def drive():
        return subprocess.run(other, capture_output=True, text=True, check=False)

    with Study(tmp_path):
        with pytest.raises(RequestError, match="another run is at work on the study"):
            Study(tmp_path).__enter__()
        refused = drive()
        assert refused.stderr.count("RequestError: another run is at work") == 1
    assert drive().stdout == "in\n"


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda p: p.write_text("x"), "is no folder for a study but a file"),
        (
            lambda p: (p.mkdir(), (p / "tasks").write_text("x")),
            "is no folder for a study but a file",
        ),
        (
            lambda p: (p.mkdir(), (p / "study.json").write_text('{"a": 1}')),
            "is damaged or not ours",
        ),
        (lambda p: (p.mkdir(), (p / "study.json").write_text('{"form')), "is damaged or not ours"),
        (lambda p: (p.mkdir(), (p / "results.db").write_text("x" * 5000)), "cannot use"),
        (
            lambda p: (p.mkdir(), sqlite3.connect(p / "results.db").execute("create table a (b)")),
            "is damaged or not ours",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed database")
def test_strangers_files_are_refused_and_left_alone(tmp_path, spoil, line):
    folder = tmp_path / "study"
    spoil(folder)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(RequestError) as caught:
        Study(folder).__enter__()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a folder nobody may write")
def test_an_unwritable_folder_is_refused():
    with pytest.raises(RequestError, match="cannot write to /proc/study"):
        Study("/proc/study").__enter__()


def test_no_study_no_status(tmp_path):
    with pytest.raises(RequestError, match="there is no study in"):
        status_of(tmp_path)
    with pytest.raises(RequestError, match="there is no study in"):
        Study.trust_of(tmp_path, "barriers")
    assert not list(tmp_path.iterdir())


def test_a_half_written_file_of_a_killed_run_does_no_harm(tmp_path):
    (tmp_path / ".results-abc.db").write_bytes(b"SQLite format 3\0")
    (tmp_path / "results.db").write_bytes(b"")
    with pytest.raises(RequestError, match="is damaged or not ours"):
        Study(tmp_path).__enter__()
    (tmp_path / "results.db").unlink()
    with Study(tmp_path) as study:
        assert study.failures() == []
