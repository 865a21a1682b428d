"""Runs that are cut short in every way: nothing finished is lost, done twice, or wrong."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest
from ase.build import bulk
from program import LNMO
from synthetic import surface

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.formats import to_structure
from lnmo_atoms.records import SURFACES_FILE, save_surfaces
from lnmo_atoms.results import Failure
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.tasks import Task, journal

FMAX = 0.01
WAIT = 0.05
ENGINE = '''
"""An engine of these tests: EMT that notes its process and number of atoms, and may go wrong."""
import os, sys, time
import numpy as np
from ase.calculators.emt import EMT


lost_gpus = []


class Faulty(EMT):
    def __init__(self, notes, wait=0.0, fault=None):
        super().__init__()
        self.notes, self.wait, self.fault, self.broken = notes, wait, fault, False

    def calculate(self, *args):
        super().calculate(*args)
        self.broken = self.broken or (self.fault == "breaks" and len(self.atoms) == 8)
        if self.broken:
            raise RuntimeError("broken")
        if self.fault == "loses":
            lost_gpus.append("cuda:0")
        if lost_gpus:  # from then on, whatever the process asks of it
            raise RuntimeError("CUDA error: unspecified launch failure")
        with open(f"{self.notes}.txt", "a") as file:
            file.write(f"{os.getpid()} {len(self.atoms)}\\n")
        time.sleep(self.wait)
        if self.fault == "raises":
            raise RuntimeError("no licence")
        if self.fault == "nan":
            self.results["forces"][0, 0] = np.nan
        if self.fault == "exits":
            sys.exit(3)
        if self.fault == "hangs":
            time.sleep(1000)
        if self.fault == "dies":
            os._exit(9)
'''
DRIVER = """
import json, sys
from test_faults import copper_tasks
from lnmo_atoms.executors import make_executor
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study

folder, wait = sys.argv[1], float(sys.argv[2])
with Study(folder + "/study") as study, make_executor("processes", 2) as pool:
    done = run_tasks(copper_tasks(folder, wait), study, pool)
failed = [task.name for task, got in zip(copper_tasks(folder, wait), done.values())
          if not hasattr(got, "energy")]
print(json.dumps(failed))
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9")


def copper_tasks(folder, wait=0.0, fault=None, sizes=range(1, 7)):
    """Tasks that can be told apart by their number of atoms: even repeats are relaxed."""
    spec = CalculatorSpec.parse(
        "faulty_engine:Faulty", notes=f"{folder}/notes", wait=wait, fault=fault
    )
    tasks = []
    for n in sizes:
        atoms = bulk("Cu", cubic=True) * (1, 1, n)
        atoms.rattle(0.1, seed=n)
        structure = to_structure(atoms)
        if n % 2:
            tasks.append(Task.static(f"static {n}", structure, spec, forces=True))
        else:
            tasks.append(Task.relax(f"relax {n}", structure, spec, fmax=FMAX))
    return tasks


def notes_of(folder):
    path = folder / "notes.txt"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [tuple(map(int, line.split())) for line in lines]


def prepare(folder):
    """Put engine and driver there; the environment in which they are found."""
    (folder / "faulty_engine.py").write_text(ENGINE)
    (folder / "driver.py").write_text(DRIVER)
    here = os.path.dirname(__file__)  # noqa: PTH120
    paths = [str(folder), here, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def drive(folder, environment, wait, *before):
    return subprocess.Popen(
        [*before, sys.executable, folder / "driver.py", folder, str(wait)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    """A folder with the engine, which processes started from here find as well."""
    monkeypatch.setenv("PYTHONPATH", prepare(tmp_path)["PYTHONPATH"])
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("faulty_engine", None)


def undisturbed():
    """Energies of the same tasks in EMT itself, in their order."""
    emt = CalculatorSpec.parse("emt")
    tasks = [Task(t.name, t.kind, t.structures, emt, t.options) for t in copper_tasks("nowhere")]
    with Study() as study, make_executor() as pool:
        return [result.energy for result in run_tasks(tasks, study, pool).values()]


def assert_undisturbed(folder, wait):
    """Every result is there; a relaxation may have been begun anew from where it was."""
    found = [Study(folder / "study").get(task.key) for task in copper_tasks(folder, wait)]
    for task, result, energy in zip(copper_tasks(folder, wait), found, undisturbed(), strict=True):
        assert result.converged
        tolerance = 0.0 if task.kind == "static" else 1e-4
        assert result.energy == pytest.approx(energy, abs=tolerance, rel=0)


# --- kill -9 ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What was killed when, and what it cost."""

    victim: str
    seconds: float
    finished: int
    failed: int
    repeated: int


def killed_at_random(folder, seed, wait=WAIT):
    """Kill the driver or a worker, run again, and compare with a run left alone."""
    chance = random.Random(seed)  # noqa: S311
    environment = prepare(folder)
    victim, seconds = chance.choice(["driver", "worker"]), chance.uniform(0.0, 2.5)
    driver = drive(folder, environment, wait)
    while not notes_of(folder):
        time.sleep(0.01)
    time.sleep(seconds)
    pid = driver.pid if victim == "driver" else chance.choice(notes_of(folder)[-4:])[0]
    with contextlib.suppress(ProcessLookupError):  # all was done before
        os.kill(pid, signal.SIGKILL)
    driver.communicate(timeout=120)
    study, tasks = Study(folder / "study"), copper_tasks(folder, wait)
    finished = {len(t.structures[0]) for t in tasks if study.get(t.key) is not None}
    failures, before = study.failures(), notes_of(folder)
    again = drive(folder, environment, wait)
    out, err = again.communicate(timeout=120)
    assert (json.loads(out), err) == ([], "")
    anew = [size for _, size in notes_of(folder)[len(before) :]]
    assert not finished & set(anew)
    assert study.failures() == []
    assert_undisturbed(folder, wait)
    known = sum(study.get(t.key).force_calls for t in tasks) + sum(t.kind == "relax" for t in tasks)
    statics = sum(t.kind == "static" for t in tasks)
    repeated = len(notes_of(folder)) - known - statics
    return Trial(victim, seconds, len(finished), len(failures), repeated)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_killed_at_random_ends_like_one_left_alone(faulty, seed):
    trial = killed_at_random(faulty, seed)
    assert trial.failed <= (1 if trial.victim == "worker" else 0)
    # what either worker did since its last checkpoint, and the geometry under way
    assert trial.repeated <= 2 * (journal.INTERVAL / WAIT + 2)


HALF_WRITTEN = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the end
database.execute("BEGIN")
database.execute("DELETE FROM systems")
database.execute("CREATE TABLE t (x)")
for _ in range(100):
    database.execute("INSERT INTO t VALUES (zeroblob(3000))")
os._exit(9)
"""


@pytest.mark.parametrize("look", [Study.failures, lambda study: status_of(study.path)])
def test_a_driver_killed_as_it_writes_leaves_what_was_before(faulty, look):
    """SQLite's journal lies there; whoever looks first plays it back."""
    (task,) = copper_tasks(faulty, sizes=[1])
    with Study(faulty / "study") as study, make_executor() as pool:
        result = run_tasks([task], study, pool)[task.key]
    size = (study.path / "results.db").stat().st_size
    command = [sys.executable, "-c", HALF_WRITTEN, study.path / "results.db"]
    assert subprocess.run(command, check=False).returncode == 9
    assert (study.path / "results.db-journal").exists()
    assert (study.path / "results.db").stat().st_size > size
    look(study)
    assert study.get(task.key).energy == result.energy
    assert [state.state for state in status_of(study.path)] == ["done"]
    with Study(faulty / "study") as again:
        assert again.get(task.key).energy == result.energy


def test_a_second_driver_is_refused_until_the_first_is_killed(faulty):
    environment = prepare(faulty)
    first = drive(faulty, environment, WAIT)
    while not notes_of(faulty):
        time.sleep(0.01)
    out, err = drive(faulty, environment, WAIT).communicate(timeout=120)
    assert out == ""
    assert err.splitlines()[-1].endswith(
        f"RequestError: another run is at work on the study {faulty}/study: wait until it ends, "
        "or take another folder"
    )
    first.kill()
    out, err = drive(faulty, environment, WAIT).communicate(timeout=120)
    assert (json.loads(out), err) == ([], "")
    assert_undisturbed(faulty, WAIT)
    first.communicate()


# --- disks --------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="limits the size of files")
@pytest.mark.parametrize("kilobytes", [1, 60, 90])
def test_a_full_disk_is_said_and_costs_nothing_that_was_finished(faulty, kilobytes):
    """Files may not grow beyond a limit: the database reaches it sooner or later."""
    environment = prepare(faulty)
    full = drive(faulty, environment, 0.0, "prlimit", f"--fsize={1024 * kilobytes}")
    _, err = full.communicate(timeout=120)
    assert full.returncode == 1
    assert "RequestError: cannot " in err.splitlines()[-1]
    study, tasks = Study(faulty / "study"), copper_tasks(faulty)
    finished = {len(t.structures[0]) for t in tasks if study.get(t.key) is not None}
    before = len(notes_of(faulty))
    out, err = drive(faulty, environment, 0.0).communicate(timeout=120)
    assert (json.loads(out), err) == ([], "")
    assert not finished & {size for _, size in notes_of(faulty)[before:]}
    assert_undisturbed(faulty, 0.0)


def obedient(*command):
    """The command as someone whom permissions bind, which they do not for root."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]


needs_permissions = pytest.mark.skipif(
    sys.platform == "win32" or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="permissions bind neither Windows nor, without setpriv, root",
)


def set_writable(study, writable):
    """Give or take the right to write, everywhere in a study."""
    for path in [study, *sorted(study.rglob("*"))]:
        with contextlib.suppress(FileNotFoundError):  # a checkpoint just replaced
            path.chmod(0o444 | 0o111 * path.is_dir() | 0o200 * writable)


@needs_permissions
@pytest.mark.parametrize("finished", [0, 2])
def test_a_folder_that_turns_read_only_is_said_and_costs_nothing_finished(faulty, finished):
    """A run begins, and at its first evaluation or later somebody takes the right to write."""
    environment, study = prepare(faulty), Study(faulty / "study")
    driver = drive(faulty, environment, WAIT, *obedient())
    while not notes_of(faulty) or len(done_so_far(study)) < finished:
        time.sleep(0.01)
    set_writable(study.path, writable=False)
    try:
        _, err = driver.communicate(timeout=120)
        assert driver.returncode == 1
        assert "RequestError: cannot " in err.splitlines()[-1]
    finally:
        set_writable(study.path, writable=True)
    kept = done_so_far(study)
    assert len(kept) >= finished
    before = len(notes_of(faulty))
    out, err = drive(faulty, environment, WAIT).communicate(timeout=120)
    assert (json.loads(out), err) == ([], "")
    assert not kept & {size for _, size in notes_of(faulty)[before:]}
    assert_undisturbed(faulty, WAIT)


def done_so_far(study):
    """Numbers of atoms of the finished tasks."""
    if not (study.path / "results.db").exists():
        return set()
    return {
        len(task.structures[0])
        for task in copper_tasks(study.path.parent, WAIT)
        if study.get(task.key) is not None
    }


@needs_permissions
def test_a_read_only_study_is_read_but_not_gone_on_with(faulty):
    environment, study = prepare(faulty), faulty / "study"
    with Study(study) as kept, make_executor() as pool:
        run_tasks(copper_tasks(faulty, sizes=[1, 3]), kept, pool)
        kept.write_provenance(CalculatorSpec.parse("emt"))
    save_surfaces([surface((1, 1, 1), 0.5)], study / SURFACES_FILE)
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    set_writable(study, writable=False)
    try:
        driver = drive(faulty, environment, 0.0, *obedient())
        _, err = driver.communicate(timeout=120)
        looked = [
            subprocess.run(
                obedient(*LNMO, *words, study, "--json"), env=environment,
                capture_output=True, text=True, check=False,
            )
            for words in (["status"], ["compare"])
        ]  # fmt: skip
    finally:
        set_writable(study, writable=True)
    assert driver.returncode == 1
    assert f"RequestError: cannot write to {study}/tasks/" in err.splitlines()[-1]
    assert [(one.returncode, one.stderr) for one in looked] == [(0, "")] * 2
    status, compared = (json.loads(one.stdout) for one in looked)
    assert [entry["state"] for entry in status] == ["done"] * 2
    assert compared["facets"][0]["gamma_J_per_m2"] == 0.5
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


def test_a_torn_copy_of_the_database_gives_the_same_results_or_a_refusal(faulty):
    tasks = copper_tasks(faulty, sizes=range(1, 4))
    with Study(faulty / "study") as study, make_executor() as pool:
        whole = run_tasks(tasks, study, pool)
    content = (faulty / "study" / "results.db").read_bytes()
    chance = random.Random(3)  # noqa: S311
    read = 0
    for _ in range(200):
        copy = faulty / "copy"
        copy.mkdir()
        (copy / "results.db").write_bytes(content[: chance.randrange(len(content))])
        with contextlib.suppress(RequestError), Study(copy) as study:
            for key, result in whole.items():
                found = study.get(key)
                if found is not None:
                    read += 1
                    assert found.energy == result.energy
                    assert found.forces.tolist() == result.forces.tolist()
                    assert found.structure == result.structure
        shutil.rmtree(copy)
    assert 0 < read < 300


# --- engines ------------------------------------------------------------------------------------


def test_every_fault_of_an_engine_fails_its_task_alone_with_its_cause(faulty):
    causes = {
        "raises": "RuntimeError: no licence",
        "exits": "CalculationFailed: the engine gave up with exit code 3",
        "loses": "RuntimeError: CUDA error: unspecified launch failure",
        "nan": "CalculationFailed: the engine gave forces that are not finite",
        "hangs": "TimeoutError: took longer than the 8 s it was given",
        "dies": "its worker process died: killed, or out of memory",
    }
    bad = [copper_tasks(faulty, fault=fault, sizes=[2])[0] for fault in causes]
    with Study(faulty / "study") as study, make_executor("processes", 2, timeout=8.0) as pool:
        outcomes = run_tasks([*bad, *copper_tasks(faulty)], study, pool)
        failed = [outcomes[task.key] for task in bad]
        assert sorted(study.failures(), key=str) == sorted(failed, key=str)
    for failure, cause in zip(failed, causes.values(), strict=True):
        assert isinstance(failure, Failure)
        assert failure.cause.startswith(cause)
    assert_undisturbed(faulty, 0.0)
    assert all(Study(faulty / "study").get(task.key) is None for task in bad)


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_calculator_that_failed_is_not_used_again(faulty, executor):
    """It breaks at a geometry of eight atoms, which is neither the first task nor the last."""
    tasks = copper_tasks(faulty, fault="breaks")
    with Study(faulty / "study") as study, make_executor(executor) as pool:
        outcomes = [run_tasks(tasks, study, pool)[task.key] for task in tasks]
    assert outcomes[1] == Failure("relax 2", "RuntimeError: broken")
    assert all(result.converged for i, result in enumerate(outcomes) if i != 1)


def test_an_engine_that_ends_the_program_fails_its_task_alone_here_too(faulty):
    tasks = [*copper_tasks(faulty, fault="exits", sizes=[2]), *copper_tasks(faulty, sizes=[1])]
    with Study(faulty / "study") as study, make_executor() as pool:
        first, last = run_tasks(tasks, study, pool).values()
    assert first.cause == "CalculationFailed: the engine gave up with exit code 3"
    assert last.converged
