"""A SLURM of one node on this machine, for as long as a test needs it."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

SETTINGS = Path(__file__).parent / "slurm" / "slurm.conf"
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")


def missing():
    """Programs of SLURM that are not installed."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@contextmanager
def cluster(folder):
    """The file for SLURM_CONF, while both daemons run."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    text = SETTINGS.read_text()
    for word, value in {
        "FOLDER": str(folder), "USER": getpass.getuser(),
        "CTLPORT": free_port(), "NODEPORT": free_port(),
    }.items():  # fmt: skip
        text = text.replace(word, value)
    settings = folder / "slurm.conf"
    settings.write_text(text)
    environment = {**os.environ, "SLURM_CONF": str(settings)}
    environment["PATH"] += os.pathsep + os.pathsep.join(["/usr/sbin", "/sbin"])
    daemons = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in (
            ["slurmctld", "-D", "-f", settings], ["slurmd", "-D", "-f", settings, "-N", "localhost"]
        )
    ]  # fmt: skip
    try:
        _wait_until_idle(environment, folder)
        yield settings
    finally:
        subprocess.run(["scancel", "--me"], env=environment, check=False)
        _wait_until_idle(environment, folder)
        for daemon in reversed(daemons):
            daemon.kill()
            daemon.wait()


def _wait_until_idle(environment, folder):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        shown = subprocess.run(
            ["sinfo", "-h", "-o", "%t"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        if shown.strip() == "idle":
            return
        time.sleep(0.2)
    logs = "\n".join(path.read_text() for path in folder.glob("*.log"))
    raise RuntimeError(f"SLURM does not come to rest:\n{logs[-4000:]}")
