"""Executors and the runner: nothing twice, nothing lost, nobody left behind."""

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from ase.build import bulk

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import SerialExecutor, SlurmJob, available_cores, make_executor
from lnmo_atoms.executors.slurm.queue import SlurmError, Standing, standings
from lnmo_atoms.formats import to_structure
from lnmo_atoms.results import Failure
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.tasks import Task, cost

EMT = CalculatorSpec.parse("emt")

ENGINE = '''
"""An engine of these tests: EMT that writes down every evaluation, takes its time, or dies."""
import os, signal, time
from ase.calculators.emt import EMT


class Noted(EMT):
    def __init__(self, notes, wait=0.0, die_at=None):
        super().__init__()
        self.notes, self.wait, self.die_at = notes, wait, die_at

    def calculate(self, atoms, properties, changes):
        super().calculate(atoms, properties, changes)
        with open(f"{self.notes}.txt", "a") as file:
            file.write(f"{os.getpid()} {len(atoms)}\\n")
        time.sleep(self.wait)
        if len(atoms) == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
'''

DRIVER = """
import sys
from ase.build import bulk
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.formats import to_structure
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task, journal

journal.INTERVAL = 0.0
executor, study, notes, wait = sys.argv[1:]
spec = CalculatorSpec.parse("noted_engine:Noted", notes=notes, wait=float(wait))


def copper(repeat):
    atoms = bulk("Cu", cubic=True) * repeat
    atoms.rattle(0.1, seed=1)
    return to_structure(atoms)


tasks = [Task.relax(f"relax {n}", copper((1, 1, n)), spec, fmax=1e-3) for n in (1, 2, 3)]
print("begin", flush=True)
with Study(study) as kept, make_executor(executor, 2) as pool:
    done = run_tasks(tasks, kept, pool)
print([result.steps for result in done.values()])
print([result.force_calls for result in done.values()])
"""


def copper_task(n=1, spec=EMT, seed=1, **options):
    atoms = bulk("Cu", cubic=True) * (1, 1, n)
    atoms.rattle(0.1, seed=seed)
    return Task.relax(f"relax {n}", to_structure(atoms), spec, **options)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A folder with the engine's module, importable here and in processes started from here."""
    (tmp_path / "noted_engine.py").write_text(ENGINE)
    (tmp_path / "driver.py").write_text(DRIVER)
    monkeypatch.syspath_prepend(str(tmp_path))
    paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    yield tmp_path
    sys.modules.pop("noted_engine", None)


def notes_of(folder):
    """(process, atoms) of every evaluation, in order."""
    path = folder / "notes.txt"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [tuple(map(int, line.split())) for line in lines]


def drive(folder, executor="serial", wait=0.0, **kwargs):
    command = [sys.executable, folder / "driver.py", executor, folder / "study", folder / "notes"]
    return subprocess.Popen(
        [*command, str(wait)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs
    )


def wait_until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def is_alive(pid):
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


# --- executors --------------------------------------------------------------------------------


def test_wrong_executors_are_refused():
    with pytest.raises(RequestError, match="executor 'cloud' is not known: use serial, processes"):
        make_executor("cloud")
    with pytest.raises(RequestError, match="at least one worker"):
        make_executor("processes", 0)
    with pytest.raises(RequestError, match="a time limit is kept by"):
        make_executor("serial", timeout=1.0)


def test_slurm_is_asked_for_where_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RequestError, match="there is no sbatch on this machine: start where"):
        make_executor("slurm")


@pytest.mark.parametrize("lines", [("module load a\nrm -r b",), ("a\r",)])
def test_a_line_of_a_job_is_one_line(lines):
    with pytest.raises(RequestError, match="holds a line break"):
        SlurmJob(setup=lines)
    with pytest.raises(RequestError, match="'mem=8G' is no option of sbatch"):
        SlurmJob(options=("mem=8G",))


@pytest.mark.parametrize(
    ("job", "header"),
    [
        (SlurmJob(), ["--ntasks=1", "--cpus-per-task=1"]),
        (
            SlurmJob("fast", 4, 2, 1, "02:00:00", ("--mem=8G",), ("module load x",)),
            ["--partition=fast", "--ntasks=4", "--cpus-per-task=2", "--gpus=1", "--time=02:00:00",
             "--mem=8G"],
        ),
    ],
)  # fmt: skip
def test_the_script_asks_for_what_is_given_and_nothing_else(job, header):
    first, *lines = job.script(["a b", "c"]).splitlines()
    assert first == "#!/bin/bash"
    assert [line.removeprefix("#SBATCH ") for line in lines if line.startswith("#")] == header
    assert lines[-1] == "'a b' c"
    _, *setup, _ = lines[lines.index("set -e") :]  # at a line of the user's that fails
    assert setup == list(job.setup)
    assert f"export OMP_NUM_THREADS={job.threads}" in lines


SHOWN = """\
7|RUNNING|1-02:03:04|lnmo-a
8|PENDING|0:00|lnmo-b
5|TIMEOUT|59:59|lnmo-b
9|CANCELLED|INVALID|lnmo-a
3|FAILED|1:00|lnmo-c
4|COMPLETED|2:00|lnmo-c
6|RUNNING|1:00|another|job
"""


def test_of_jobs_with_one_name_the_one_alive_counts_or_the_last(in_tmp, monkeypatch):
    """The times as squeue writes them; other people's jobs are left out."""
    (in_tmp / "squeue").write_text(f"#!/bin/sh\ncat {in_tmp}/shown\n")
    (in_tmp / "squeue").chmod(0o755)
    (in_tmp / "shown").write_text(SHOWN)
    monkeypatch.setenv("PATH", f"{in_tmp}{os.pathsep}{os.environ['PATH']}")
    assert standings() == {
        "lnmo-a": Standing(7, "RUNNING", 93784.0),
        "lnmo-b": Standing(8, "PENDING", 0.0),
        "lnmo-c": Standing(4, "COMPLETED", 120.0),
    }
    (in_tmp / "squeue").write_text("#!/bin/sh\necho 'squeue: error: no answer' >&2; exit 1\n")
    with pytest.raises(SlurmError, match="no answer"):
        standings()


def test_an_executor_comes_from_ones_own_factory(tmp_path, in_tmp, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (in_tmp / "mycluster_of_test.py").write_text(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def make(): return ThreadPoolExecutor(2)\n"
        "def wrong(): return 3\n"
    )
    with make_executor("mycluster_of_test:make") as executor, Study(tmp_path / "study") as study:
        assert isinstance(executor, ThreadPoolExecutor)
        (result,) = run_tasks([copper_task()], study, executor).values()
        assert result.converged
    for factory, line in [
        ("mycluster_of_test:wrong", "returned int instead of a concurrent.futures.Executor"),
        ("mycluster_of_test:none", "AttributeError: module 'mycluster_of_test' has no attribute"),
        ("nomodule_of_test:make", "ModuleNotFoundError: No module named 'nomodule_of_test'"),
        ("mycluster_of_test:", "use the form module:callable"),
    ]:
        with pytest.raises(RequestError, match=line):
            make_executor(factory)


def test_serial_runs_at_submit_in_this_process():
    with make_executor() as executor:
        future = executor.submit(os.getpid)
        assert future.done()
        assert future.result() == os.getpid()
        assert isinstance(executor.submit(int, "x").exception(), ValueError)
        with pytest.raises(KeyboardInterrupt):
            executor.submit(signal.raise_signal, signal.SIGINT)


def test_processes_are_others_with_one_thread_each():
    with make_executor("processes", 1) as executor:
        assert executor.submit(os.getpid).result() != os.getpid()
        assert executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert 1 <= available_cores() <= os.cpu_count()


def test_ones_own_executor_is_left_open():
    with ThreadPoolExecutor(1) as mine:
        with make_executor(mine) as executor:
            assert executor is mine
        assert mine.submit(int).result() == 0


def test_a_script_without_a_main_guard_runs_once(engine):
    driver = drive(engine, "processes")
    out, err = driver.communicate(timeout=60)
    assert err == ""
    assert out.count("begin") == 1
    assert out.count("\n") == 3
    assert os.getpid() not in {pid for pid, _ in notes_of(engine)}


# --- runner -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["serial", "processes"])
def test_everything_is_done_once_and_longest_first(engine, kind):
    spec = CalculatorSpec.parse("noted_engine:Noted", notes=str(engine / "notes"))
    tasks = [copper_task(n, spec) for n in (1, 3, 2)]
    events = []
    with Study(engine / "study") as study, make_executor(kind, 1) as executor:
        outcomes = run_tasks([*tasks, copper_task(3, spec)], study, executor, events.append)
        assert list(outcomes) == [task.key for task in tasks]
        expected = sum(result.force_calls for result in outcomes.values())
        sizes = [size for _, size in notes_of(engine)]
        assert len(sizes) == expected + 3  # EMT is asked for moments in vain
        assert sizes == sorted(sizes, reverse=True)
        again = run_tasks(tasks, study, executor, events.append)
        assert len(notes_of(engine)) == len(sizes)
    assert [r.energy for r in again.values()] == [r.energy for r in outcomes.values()]
    settled = [event for event in events if event.status != "running"]
    assert [event.status for event in settled] == ["done"] * 3 + ["cached"] * 3
    assert [event.done for event in settled] == [1, 2, 3] * 2
    assert {event.total for event in events} == {3}
    assert settled[2].cost_done == pytest.approx(sum(map(cost, tasks)))
    assert settled[2].cost_total == pytest.approx(settled[2].cost_done)
    assert settled[5].cost_total == 0
    assert {event.name for event in events if event.status == "running"} == {
        task.name for task in tasks
    }


@pytest.mark.parametrize("kind", ["serial", "processes"])
def test_a_failure_is_recorded_and_the_others_go_on(tmp_path, kind):
    lithium = to_structure(bulk("Li", cubic=True))
    tasks = [copper_task(2), Task.static("bad", lithium, EMT), copper_task(1)]
    with Study(tmp_path) as study, make_executor(kind, 1) as executor:
        first, bad, last = run_tasks(tasks, study, executor).values()
        assert first.converged
        assert last.converged
        assert bad == Failure("bad", "NotImplementedError: No EMT-potential for Li")
        assert study.failures() == [bad]


def test_other_peoples_executors_serve(tmp_path):
    with Study(tmp_path) as study, ThreadPoolExecutor(2) as executor:
        outcomes = run_tasks([copper_task(n) for n in (1, 2, 3)], study, executor)
        assert all(result.converged for result in outcomes.values())


class Bureaucrat(Executor):
    """Gives everything through pickle, and cancels every second task."""

    count = 0

    def submit(self, fn, /, *args):
        self.count += 1
        future = Future()
        if self.count % 2 == 0:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(pickle.loads(pickle.dumps(fn(*pickle.loads(pickle.dumps(args))))))  # noqa: S301
        return future


def test_tasks_travel_and_cancelled_ones_are_failures(tmp_path):
    with Study(tmp_path) as study:
        outcomes = list(run_tasks([copper_task(2), copper_task(1)], study, Bureaucrat()).values())
    assert outcomes[0].converged
    assert outcomes[1] == Failure("relax 1", "CancelledError: cancelled")


def test_an_interrupt_leaves_the_study_as_it_is(tmp_path):
    tasks = [copper_task(n) for n in (3, 2, 1)]

    def interrupt(event):
        if event.status == "running" and event.name == "relax 2":
            raise KeyboardInterrupt

    with Study(tmp_path) as study:
        with pytest.raises(KeyboardInterrupt):
            run_tasks(tasks, study, SerialExecutor(), interrupt)
        assert [study.get(task.key) is not None for task in tasks] == [True, False, False]
        assert study.failures() == []


# --- deaths -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_dead_worker_fails_its_task_alone(engine):
    notes = str(engine / "notes")
    fatal = CalculatorSpec.parse("noted_engine:Noted", notes=notes, die_at=12)
    tasks = [copper_task(3, fatal), copper_task(2), copper_task(1), copper_task(1, seed=2)]
    with Study(engine / "study") as study, make_executor("processes", 1) as executor:
        outcomes = list(run_tasks(tasks, study, executor).values())
        assert outcomes[0] == Failure(
            "relax 3", "its worker process died: killed, or out of memory"
        )
        assert all(result.converged for result in outcomes[1:])
        assert study.failures() == outcomes[:1]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_dead_worker_leaves_the_others_at_work(engine):
    """Both calculate at the same time when one of them dies."""
    notes = str(engine / "notes")
    slow = CalculatorSpec.parse("noted_engine:Noted", notes=notes, wait=0.3)
    fatal = CalculatorSpec.parse("noted_engine:Noted", notes=notes, wait=0.3, die_at=12)
    with Study(engine / "study") as study, make_executor("processes", 2) as executor:
        dead, alive = run_tasks(
            [copper_task(3, fatal), copper_task(2, slow)], study, executor
        ).values()
    assert "worker process died" in dead.cause
    assert alive.converged
    assert {len({pid for pid, size in notes_of(engine) if size == n}) for n in (8, 12)} == {1}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_task_that_takes_too_long_fails_alone(engine):
    notes = str(engine / "notes")
    hangs = CalculatorSpec.parse("noted_engine:Noted", notes=notes, wait=1000.0)
    slow = CalculatorSpec.parse("noted_engine:Noted", notes=notes, wait=0.2)
    tasks = [copper_task(3, hangs), copper_task(2, slow), copper_task(1, slow), copper_task(1)]
    with Study(engine / "study") as study, make_executor("processes", 2, timeout=10.0) as executor:
        hung, *others = run_tasks(tasks, study, executor).values()
        assert hung == Failure("relax 3", "TimeoutError: took longer than the 10 s it was given")
        assert study.failures() == [hung]
    assert all(result.converged for result in others)
    (pid,) = {pid for pid, size in notes_of(engine) if size == 12}
    assert not is_alive(pid)


def test_a_process_in_which_a_call_failed_is_replaced():
    """A time limit of the engine's own is told as such."""
    with make_executor("processes", 1, timeout=60.0) as executor:
        before = executor.submit(os.getpid).result()
        assert executor.submit(os.getpid).result() == before
        failed = executor.submit(_give_up).exception()
        assert (type(failed), str(failed)) == (TimeoutError, "no licence")
        assert executor.submit(os.getpid).result() != before
        wait_until(lambda: not is_alive(before))


def _give_up():
    raise TimeoutError("no licence")


class Broken(Executor):
    """Every worker dies before it begins."""

    def submit(self, fn, /, *args, **kwargs):
        del fn, args, kwargs
        from concurrent.futures.process import BrokenProcessPool

        future = Future()
        future.set_exception(BrokenProcessPool("again"))
        return future


def test_an_executor_that_never_works_ends(tmp_path):
    with Study(tmp_path) as study:
        (outcome,) = run_tasks([copper_task()], study, Broken()).values()
    assert "worker process died" in outcome.cause


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_workers_do_not_outlive_a_killed_driver(engine):
    driver = drive(engine, "processes", wait=0.5)
    wait_until(lambda: len({pid for pid, _ in notes_of(engine)}) == 2)
    driver.kill()
    driver.communicate()
    wait_until(lambda: not any(is_alive(pid) for pid, _ in notes_of(engine)), seconds=5)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_an_interrupted_driver_ends_at_once_with_its_workers(engine):
    driver = drive(engine, "processes", wait=2.0)
    wait_until(lambda: len({pid for pid, _ in notes_of(engine)}) == 2)
    driver.send_signal(signal.SIGINT)
    _, err = driver.communicate(timeout=10)
    assert err.rstrip().endswith("KeyboardInterrupt")
    wait_until(lambda: not any(is_alive(pid) for pid, _ in notes_of(engine)), seconds=5)
    assert Study(engine / "study").failures() == []


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_killed_run_goes_on_where_it_was(engine):
    """The longest task finishes, the second is cut short, the third has not begun."""
    undisturbed = drive(engine, "serial")
    steps = json.loads(undisturbed.communicate(timeout=60)[0].splitlines()[1])
    (engine / "notes.txt").unlink()
    shutil.rmtree(engine / "study")

    driver = drive(engine, "serial", wait=0.05)
    wait_until(lambda: [size for _, size in notes_of(engine)].count(8) == 4)
    driver.kill()
    driver.communicate()
    first = [size for _, size in notes_of(engine)]
    states = {s.name: s for s in status_of(engine / "study")}
    assert states["relax 3"].state == "done"
    assert states["relax 2"].state == "unfinished"
    kept_steps = states["relax 2"].steps
    assert 1 <= kept_steps <= 3

    out, err = drive(engine, "serial", wait=0.05).communicate(timeout=60)
    assert err == ""
    second = [size for _, size in notes_of(engine)][len(first) :]
    assert 12 not in second
    new_steps = json.loads(out.splitlines()[1])
    # a restart forgets the curvature, not the geometry
    assert kept_steps < new_steps[1] <= steps[1] + kept_steps + 2
    assert second.count(8) == new_steps[1] - kept_steps + 2
    assert [state.state for state in status_of(engine / "study")] == ["done"] * 3
    assert (new_steps[0], new_steps[2]) == (steps[0], steps[2])
