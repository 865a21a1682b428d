"""Ctrl-C at any moment: one line, exit code 130, no traceback."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from ase.build import bulk
from ase.io import write
from program import LNMO

from lnmo_atoms.cli.interrupt import STOPPED

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals to a process group")

LOADS = """
from lnmo_atoms.cli.interrupt import Interruption
interruption = Interruption()
import stops_while_loaded
"""
CONVERTS = """
from lnmo_atoms.cli import app
from lnmo_atoms.cli.commands import MODULES
from lnmo_atoms.cli.interrupt import Interruption
import os, signal, sys, types
def converts():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt as error:
        raise RuntimeError("initialization failed") from error
MODULES["converts"] = "converts"
sys.modules["lnmo_atoms.cli.converts"] = types.SimpleNamespace(converts=converts)
app.main(Interruption())
"""


def run(code, folder, *words):
    (folder / "stops_while_loaded.py").write_text(
        "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt:\n    raise ImportError('initialization failed')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_while_a_module_is_loaded_the_program_ends_at_once(tmp_path):
    done = run(LOADS, tmp_path)
    assert (done.returncode, done.stderr) == (130, f"lnmo: {STOPPED}\n")


def test_what_others_make_of_the_interruption_is_no_error(tmp_path):
    done = run(CONVERTS, tmp_path, "converts")
    assert (done.returncode, done.stderr) == (130, f"lnmo: {STOPPED}\n")


def test_a_job_in_the_background_does_not_listen(tmp_path):
    before = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done = run(before + LOADS, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("seed", range(3))
def test_at_a_random_moment_of_a_run(tmp_path, seed):
    """Workers start, compute or end, and the signal comes to them as well."""
    write(tmp_path / "POSCAR", bulk("Cu", cubic=True))
    words = ("surface", "POSCAR", "--calculator", "emt", "--workers", "2", "--study", "s")
    command = [*LNMO, *words]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored, and so inherited
    running = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not (tmp_path / "s").exists() and running.poll() is None:
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0.0, 4.0))  # noqa: S311
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    if running.returncode:  # else it was done before
        assert running.returncode == 130
        assert err.endswith(f"lnmo: {STOPPED}\n")
