"""Jobs of a real SLURM, brought up on this machine for these tests."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from ase.build import bulk
from program import LNMO, lnmo
from pymatgen.core import Lattice, Structure
from slurm_cluster import cluster
from toy_engines import valley_path

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import SlurmJob, make_executor
from lnmo_atoms.executors.slurm import call, queue
from lnmo_atoms.executors.slurm import executor as slurm_executor
from lnmo_atoms.formats import to_structure, write
from lnmo_atoms.results import Failure
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.searches import run_searches
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.tasks import Task, band

pytestmark = pytest.mark.slurm

ENGINE = '''
"""Engines of these tests."""
import os, subprocess, time
from ase.calculators.emt import EMT


class Slow(EMT):
    """Notes every evaluation, and takes its time."""

    def __init__(self, notes, wait=0.0):
        super().__init__()
        self.notes, self.wait = notes, wait

    def calculate(self, *args):
        super().calculate(*args)
        with open(f"{self.notes}.txt", "a") as file:
            file.write(f"{os.environ.get('SLURM_JOB_ID', 'here')} {len(self.atoms)}\\n")
        time.sleep(self.wait)


class Ranks(EMT):
    """Its energy is the number of MPI ranks that it gets."""

    def calculate(self, *args):
        super().calculate(*args)
        command = ["mpiexec", "-n", os.environ["SLURM_NTASKS"], "sh", "-c", "echo rank"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.results["energy"] = float(shown.count("rank"))
'''

DRIVER = """
import sys
from test_slurm import relaxations, slurm_executor
from lnmo_atoms.executors import make_executor
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study

slurm_executor.LOOK = 0.5
study, notes, wait = sys.argv[1:]
with Study(study) as kept, make_executor("slurm") as pool:
    done = run_tasks(relaxations(notes, float(wait)), kept, pool)
print([result.force_calls for result in done.values()])
"""


STUDY = """
structure = "POSCAR"
calculator = "slurm_engines:Slow"
calculator_options = {{ notes = "{name}-notes", wait = 0.1 }}
study = "{name}"
executor = "{name}"
[surface]
facets = ["110"]
[migration]
mobile = "Cu"
separation = 5.0
per_ring = 1
images = 3
"""


def relaxations(notes, wait=0.0, sizes=(1, 2)):
    spec = CalculatorSpec.parse("slurm_engines:Slow", notes=str(notes), wait=wait)
    structures = []
    for n in sizes:
        atoms = bulk("Cu", cubic=True) * (1, 1, n)
        atoms.rattle(0.1, seed=1)
        structures.append(to_structure(atoms))
    return [
        Task.relax(f"relax {n}", structure, spec, fmax=1e-2)
        for n, structure in zip(sizes, structures, strict=True)
    ]


@pytest.fixture(scope="module", autouse=True)
def slurm(tmp_path_factory):
    """A cluster, and the engines where its jobs find them."""
    engines = tmp_path_factory.mktemp("engines")
    (engines / "slurm_engines.py").write_text(ENGINE)
    (engines / "driver.py").write_text(DRIVER)
    with (
        cluster(tmp_path_factory.mktemp("slurm")) as settings,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SLURM_CONF", str(settings))
        paths = [str(engines), os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")]  # noqa: PTH120
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        patch.syspath_prepend(str(engines))
        patch.setattr(slurm_executor, "LOOK", 0.5)
        patch.setattr(slurm_executor, "GRACE", 2.0)
        yield engines


def jobs():
    """Names of all jobs so far, those that ended included."""
    command = ["squeue", "--me", "--states=all", "--noheader", "--format=%j"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def notes_of(path):
    file = path.with_suffix(".txt")
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def wait_until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_relaxations_and_a_path_are_a_job_each(in_tmp):
    """The same numbers as in this process; a path, many evaluations long, is one job."""
    tasks = relaxations("notes")
    path = Task.band(
        "path", valley_path(5), CalculatorSpec.parse("toy_engines:Valley"),
        end_energies=(0, 0), fmax=0.01,
    )  # fmt: skip
    before = len(jobs())
    with Study("my study") as study, make_executor("slurm") as pool:
        relaxed = run_tasks(tasks, study, pool)
        found = run_searches([path], study, pool)[path.key]
        assert len(jobs()) == before + 3
        run_tasks(tasks, study, pool)
        assert len(jobs()) == before + 3
        assert not list((study.path / "tasks").iterdir())
    assert len(notes_of(in_tmp / "notes")) == sum(r.force_calls + 1 for r in relaxed.values())
    emt = CalculatorSpec.parse("emt")
    with Study() as study, make_executor() as pool:
        same = [Task.relax(t.name, t.structures[0], emt, fmax=1e-2) for t in tasks]
        here = run_tasks(same, study, pool)
    assert [r.energy for r in relaxed.values()] == [r.energy for r in here.values()]
    alone = band(path.structures, path.spec, **path.options)
    assert found.energies.tolist() == alone.energies.tolist()


def test_a_killed_driver_finds_its_jobs_again(slurm, tmp_path):
    """Jobs go on without it; the next one takes over what finished and what still runs."""
    notes, study = tmp_path / "notes", tmp_path / "study"

    def drive():
        command = [sys.executable, slurm / "driver.py", study, notes, "2.0"]
        return subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    before = len(jobs())
    driver = drive()
    wait_until(lambda: len({job for job, _ in notes_of(notes)}) == 2)
    status = lnmo("status", study, "--json", cwd=tmp_path)
    assert {entry["state"] for entry in json.loads(status.stdout)} == {"running"}, status
    _, err = drive().communicate(timeout=60)
    assert err.splitlines()[-1].count("RequestError: another run is at work on the study") == 1
    driver.kill()
    driver.communicate()
    at_the_kill = len(notes_of(notes))
    out, err = drive().communicate(timeout=180)
    assert err == ""
    calls = json.loads(out)
    assert len(notes_of(notes)) == sum(calls) + 2 > at_the_kill
    assert len(jobs()) == before + 2
    assert [state.state for state in status_of(study)] == ["done"] * 2


def test_the_same_command_picks_up_a_study_whose_driver_was_killed(in_tmp):
    """A crystal in which copper hops; each calculation is a job, whatever becomes of the driver."""
    cell = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.6), ["Cu", "O"], [[0.25] * 3, [0, 0, 0]]
    )
    write(cell, in_tmp / "POSCAR")
    for name in ("serial", "slurm"):
        (in_tmp / f"{name}.toml").write_text(STUDY.format(name=name))
    before = len(jobs())
    command = [*LNMO, "study", "slurm.toml"]
    driver = subprocess.Popen(
        command, cwd=in_tmp, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: notes_of(in_tmp / "slurm-notes"))
    driver.kill()
    driver.wait()
    left = len(notes_of(in_tmp / "slurm-notes"))
    for name in ("slurm", "serial"):
        done = lnmo("study", f"{name}.toml", cwd=in_tmp)
        assert done.returncode == 0, done.stderr

    calls = {name: notes_of(in_tmp / f"{name}-notes") for name in ("slurm", "serial")}
    by_job = {job for job, _ in calls["slurm"]}
    assert "here" not in by_job
    states = status_of("slurm")
    # none is repeated; one process for all sometimes knows a geometry from the task before
    assert left < len(calls["slurm"]) <= len(calls["serial"]) + len(states)
    assert {state.state for state in states} == {"done"}
    assert len(jobs()) - before == len(by_job) == len(states)
    found, alone = (json.loads(Path(name, "comparison.json").read_text()) for name in calls)
    assert _gammas(found) == pytest.approx(_gammas(alone), abs=1e-6)
    assert lnmo("study", "slurm.toml", cwd=in_tmp).returncode == 0
    assert len(jobs()) - before == len(states)


def _gammas(comparison):
    return [row["gamma_J_per_m2"] for row in comparison["facets"]]


def test_a_cancelled_job_fails_alone_and_is_tried_again(in_tmp):
    notes = in_tmp / "notes"
    fast, slow = relaxations("notes", sizes=(1,)), relaxations("notes", wait=60.0, sizes=(2,))

    cancelled = set()

    def begun():
        return {job for job, size in notes_of(notes) if size == "8"}

    def cancel(event):
        if event.status == "running" and event.name == "relax 2":
            wait_until(lambda: begun() - cancelled)
            cancelled.update(begun())
            subprocess.run(["scancel", *cancelled], check=False)

    with Study("study") as study, make_executor("slurm") as pool:
        good, bad = run_tasks([*fast, *slow], study, pool, cancel).values()
        assert good.converged
        assert bad.cause.startswith("its job ended without a result (CANCELLED): see study")
        assert study.failures() == [bad]
        before = len(jobs())
        assert run_tasks(fast, study, pool)[fast[0].key].converged
        assert len(jobs()) == before
        (again,) = run_tasks(slow, study, pool, cancel).values()
        assert again == bad
        assert len(jobs()) == before + 1


SHIM = """#!/bin/bash
if [ -e {folder}/busy ] && [[ "$*" != *--test-only* ]]; then
    echo "$0: error: {reason}" >&2
    exit 1
fi
exec {program} "$@"
"""


def test_a_cluster_that_does_not_answer_for_a_while_is_asked_again(in_tmp, monkeypatch):
    """First no job is taken, then nobody says how jobs stand."""
    for name, reason in {
        "sbatch": "Batch job submission failed: QOSMaxSubmitJobPerUserLimit",
        "squeue": "slurm_load_jobs error: Socket timed out on send/recv operation",
    }.items():
        shim = in_tmp / name
        shim.write_text(SHIM.format(folder=in_tmp, reason=reason, program=shutil.which(name)))
        shim.chmod(0o755)
    tasks, before = relaxations("notes", sizes=(1,)), len(jobs())
    monkeypatch.setenv("PATH", f"{in_tmp}{os.pathsep}{os.environ['PATH']}")
    with Study("study") as study, make_executor("slurm") as pool:
        (in_tmp / "busy").touch()
        timer = threading.Timer(2.0, (in_tmp / "busy").unlink)
        timer.start()
        (result,) = run_tasks(tasks, study, pool).values()
        timer.join()
    assert result.converged
    assert len(jobs()) == before + 1


TAKEN = """#!/bin/bash
{program} "$@" || exit
[[ "$*" == *--test-only* ]] && exit
echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
exit 1
"""


def test_a_job_that_slurm_took_without_an_answer_is_not_sent_again(in_tmp, monkeypatch):
    """Two of them would write one checkpoint."""
    shim = in_tmp / "sbatch"
    shim.write_text(TAKEN.format(program=shutil.which("sbatch")))
    shim.chmod(0o755)
    tasks, before = relaxations("notes", wait=0.3, sizes=(1,)), len(jobs())
    monkeypatch.setenv("PATH", f"{in_tmp}{os.pathsep}{os.environ['PATH']}")
    with Study("study") as study, make_executor("slurm") as pool:
        (result,) = run_tasks(tasks, study, pool).values()
    assert result.converged
    assert len(jobs()) == before + 1
    assert len({job for job, _ in notes_of(in_tmp / "notes")}) == 1


def test_an_outcome_that_appears_late_is_waited_for(in_tmp, monkeypatch):
    """As on NFS, where the driver's machine sees a node's files up to a minute later."""
    seen, at_once = [], call.read_outcome

    def late(folder):
        outcome = at_once(folder)
        if outcome is not None:
            seen.append(time.monotonic())
        return outcome if seen and seen[-1] - seen[0] > 5.0 else None

    monkeypatch.setattr(call, "read_outcome", late)
    monkeypatch.setattr(slurm_executor, "GRACE", 60.0)
    with Study(in_tmp / "study") as study, make_executor("slurm") as pool:
        (result,) = run_tasks(relaxations("notes", sizes=(1,)), study, pool).values()
    assert result.converged
    assert seen[-1] - seen[0] > 5.0


@pytest.mark.usefixtures("in_tmp")
def test_a_job_that_takes_too_long_is_ended():
    fast, slow = relaxations("notes", sizes=(1,)), relaxations("notes", wait=60.0, sizes=(2,))
    with Study("study") as study, make_executor("slurm", timeout=15.0) as pool:
        good, bad = run_tasks([*fast, *slow], study, pool).values()
    assert good.converged
    assert bad == Failure("relax 2", "TimeoutError: took longer than the 15 s it was given")


@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="no MPI")
@pytest.mark.usefixtures("in_tmp")
def test_an_engine_gets_its_ranks_whatever_mpi_the_driver_runs_in(monkeypatch):
    """The environment is that of a rank of another mpiexec, which stops a nested one."""
    allow = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    around = subprocess.run(
        ["mpiexec", "-n", "1", "env"],
        env=os.environ | allow, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for line in around.splitlines():
        if line.startswith(("OMPI_", "PMIX_", "PMI_")):
            monkeypatch.setenv(*line.split("=", 1))
    setup = "export " + " ".join(f"{name}={value}" for name, value in allow.items())
    spec = CalculatorSpec.parse("slurm_engines:Ranks")
    task = Task.static("ranks", to_structure(bulk("Cu")), spec)
    with (
        Study("study") as study,
        make_executor("slurm", slurm=SlurmJob(tasks=2, setup=(setup,))) as pool,
    ):
        (result,) = run_tasks([task], study, pool).values()
    assert result.energy == 2.0


@pytest.mark.usefixtures("in_tmp")
def test_short_tasks_run_beside_the_driver():
    """The limit lies between EMT's cost of four atoms and of eight; other engines' is unknown."""
    job, before, unknown = SlurmJob(local_below=0.5), len(jobs()), relaxations("notes")
    known = [replace(task, spec=CalculatorSpec.parse("emt")) for task in unknown]
    with Study("study") as study, make_executor("slurm", slurm=job) as pool:
        done = run_tasks([*known, *unknown], study, pool)
    assert all(result.converged for result in done.values())
    assert len(jobs()) == before + 3


def test_ranks_that_would_share_a_core_are_refused(in_tmp, monkeypatch):
    (in_tmp / "gpaw.py").touch()  # as good as installed
    monkeypatch.syspath_prepend(str(in_tmp))
    spec = CalculatorSpec.parse("gpaw", ranks=2)
    task = Task.static("ranks", to_structure(bulk("Cu")), spec)
    with (
        Study("study") as study,
        make_executor("slurm") as pool,
        pytest.raises(RequestError, match=r"write tasks = 2 in \[slurm\]"),
    ):
        run_tasks([task], study, pool)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('partition = "nosuch"', "invalid partition specified: nosuch"),
        ("tasks = 64", "Requested node configuration is not available"),
        ("gpus = 1", "Invalid generic resource (gres) specification"),
        ('walltime = "1:2:3:4"', "give minutes, or hours:minutes:seconds"),
    ],
)
def test_what_the_cluster_does_not_have_is_one_line(in_tmp, table, reason):
    (in_tmp / "r.toml").write_text(f'calculator = "chgnet"\nexecutor = "slurm"\n[slurm]\n{table}\n')
    done = lnmo("study", "r.toml", cwd=in_tmp)
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in in_tmp.iterdir()] == ["r.toml"]


def test_where_slurm_does_not_answer_one_line_says_where_to_start(in_tmp, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(in_tmp / "none.conf"))
    monkeypatch.setattr(queue, "PATIENCE", 3.0)
    with pytest.raises(RequestError, match="start where sinfo works"):
        make_executor("slurm")
