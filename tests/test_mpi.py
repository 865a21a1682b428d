"""Ranks and the process that drives them, without MPI: who ends when, and whose answer is whose."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from ase.calculators.subprocesscalculator import MPICommand, PackedCalculator, Protocol

from lnmo_atoms.calculators import mpi


class Echo(PackedCalculator):
    """Gives back what it is given."""

    def unpack_calculator(self):
        return self

    def say(self, word):
        return word


@pytest.fixture
def group(monkeypatch):
    """A group of one rank, which no MPI starts."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(mpi.shutil, "which", lambda name: name)
    monkeypatch.setattr(mpi, "_Command", lambda *_: MPICommand.serial())
    return mpi.RankGroup(Echo(), 1)


def test_a_call_after_an_interrupted_one_gets_its_own_answer(group, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    assert group.call("say", "one") == "one"
    with monkeypatch.context() as patch:
        patch.setattr(Protocol, "recv", interrupted)
        with pytest.raises(KeyboardInterrupt):
            group.call("say", "two")
    assert group.call("say", "three") == "three"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_ranks_are_started_everywhere(platform, monkeypatch):
    """Also where no command of Linux is found."""
    monkeypatch.setattr(mpi.sys, "platform", platform)
    argv = mpi._Command(3, None).argv
    ranked = argv[argv.index("mpiexec") :]
    assert ranked[:3] == ["mpiexec", "-n", "3"]
    assert (argv == ranked) == (platform != "linux")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells of a parent's end")
def test_what_is_on_the_leash_ends_with_its_parent(tmp_path):
    code = (
        "import subprocess, sys, time; from lnmo_atoms.calculators.mpi import LEASH; "
        "subprocess.Popen([sys.executable, '-c', LEASH, 'sh', '-c', "
        "'echo $$ > pid.new; mv pid.new pid; exec sleep 60']); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    assert _within(30, (tmp_path / "pid").exists)
    child = Path("/proc", (tmp_path / "pid").read_text().strip())
    assert child.exists()
    parent.kill()
    parent.wait()
    assert _within(10, lambda: not child.exists())


def _within(seconds, happens):
    """Whether it happens in that time."""
    end = time.monotonic() + seconds
    while not (found := happens()) and time.monotonic() < end:
        time.sleep(0.05)
    return found
