"""GPAW on the MPI ranks of SLURM's jobs, which go on without their driver."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymatgen.core import Structure
from slurm_cluster import cluster, missing

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task, static

pytestmark = [
    pytest.mark.gpaw,
    pytest.mark.slurm,
    pytest.mark.skipif(bool(missing()), reason="no SLURM"),
]

SMALL = {"kpts": [1, 1, 1], "mode": {"name": "pw", "ecut": 350}}
DRIVER = """
from test_gpaw_slurm import oxide
from lnmo_atoms.executors import SlurmJob, make_executor
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study

with Study("study") as study, make_executor("slurm", slurm=SlurmJob(tasks=2)) as pool:
    run_tasks([oxide(ranks=2)], study, pool)
"""


def oxide(**options):
    """MnO2 as a straight molecule."""
    structure = Structure(
        [[6.0, 0, 0], [0, 4.2, 0], [0, 0, 4.2]],
        ["Mn4+", "O2-", "O2-"],
        [[0, 0, 0], [1.8, 0, 0], [-1.8, 0, 0]],
        coords_are_cartesian=True,
        site_properties={"magmom": [3, 0, 0]},
    )
    spec = CalculatorSpec.parse("gpaw", **SMALL, **options)
    return Task.static("MnO2", structure, spec, forces=True)


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Starts the driver of a study in an empty folder, beside a cluster."""
    (tmp_path / "slurm").mkdir()
    here = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    here.insert(1, str(Path(__file__).parents[1]))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, here)))
    monkeypatch.chdir(tmp_path)
    with cluster(tmp_path / "slurm") as settings:
        monkeypatch.setenv("SLURM_CONF", str(settings))
        yield lambda: subprocess.Popen([sys.executable, "-c", DRIVER])


def test_ranks_in_a_job_outlive_the_driver_and_give_the_serial_numbers(driver, tmp_path):
    first = driver()
    (log,) = _within(120, lambda: list(tmp_path.glob("study/tasks/*/gpaw-1.log")))
    assert _within(120, lambda: "|iter:" in log.read_text())
    first.kill()
    first.wait()
    assert not list(tmp_path.glob("study/tasks/*/outcome.json"))
    assert driver().wait(300) == 0
    assert _jobs() == 1

    task = oxide()
    with Study("study") as study:
        found = study.get(task.key)
    (kept,) = tmp_path.glob("study/logs/*/gpaw-1.log")
    assert "cores:  2" in kept.read_text()
    alone = static(task.structures[0], task.spec, forces=True)
    assert found.energy == pytest.approx(alone.energy, abs=1e-3)
    assert found.forces == pytest.approx(alone.forces, abs=0.01)
    assert found.moments == pytest.approx(alone.moments, abs=0.01)


def _jobs():
    """How many jobs there were so far, those that ended included."""
    command = ["squeue", "--me", "--states=all", "--noheader"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return len(shown.splitlines())


def _within(seconds, happens):
    """What happens, at last, in that time."""
    end = time.monotonic() + seconds
    while not (found := happens()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
