"""SLURM's commands: sbatch, squeue, scancel."""

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.executors.slurm.job import PREFIX

ENDED = frozenset(
    {"BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "DEADLINE", "FAILED", "NODE_FAIL",
     "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"}
)  # fmt: skip
"""States of jobs that are over (man squeue, JOB STATE CODES)."""
PATIENCE = 30.0
"""Seconds for SLURM to answer."""


class SlurmError(RuntimeError):
    """SLURM did not do what it was told; the text is its own."""


@dataclass(frozen=True)
class Standing:
    """Where a job stands.

    Attributes:
        id: SLURM's number.
        state: SLURM's word, such as PENDING.
        seconds: it has run so far.
    """

    id: int
    state: str
    seconds: float

    @property
    def alive(self) -> bool:
        """It waits, runs, or may do so again."""
        return self.state not in ENDED


def require_slurm() -> None:
    """Refuse a machine without SLURM.

    Raises:
        RequestError: where one of its commands is missing.
    """
    missing = [name for name in ("sbatch", "squeue", "scancel") if shutil.which(name) is None]
    if missing:
        raise RequestError(
            f"there is no {missing[0]} on this machine: start where jobs are submitted, or use "
            'executor = "processes"'
        )


def under_way() -> dict[str, Standing]:
    """Our jobs that an earlier driver has left, by name.

    Raises:
        RequestError: where SLURM does not answer a driver that is about to begin.
    """
    try:
        return {name: found for name, found in standings().items() if found.alive}
    except SlurmError as error:
        raise RequestError(
            f"SLURM does not answer from here ({error}): start where sinfo works, or use "
            'executor = "processes"'
        ) from error


def would_run(script: str) -> None:
    """Ask SLURM whether it takes such a job; none is submitted.

    Raises:
        RequestError: with SLURM's reason, such as a partition that does not exist.
    """
    try:
        _run(["sbatch", "--test-only"], script)
    except SlurmError as error:
        raise RequestError(f"SLURM takes no such jobs: {error}") from error


def send(script: str, name: str, output: Path) -> None:
    """Submit a job, to run in the working directory.

    Args:
        script: its text.
        name: of the job.
        output: file for what it prints.

    Raises:
        SlurmError: where it is refused, or SLURM does not answer.
    """
    file = str(output.resolve()).replace("%", "%%")
    here = str(Path.cwd())
    _run(["sbatch", f"--job-name={name}", f"--output={file}", f"--chdir={here}"], script)


def standings() -> dict[str, Standing]:
    """Our jobs by name, those that ended lately included; of one name the one alive, or the last.

    Raises:
        SlurmError: where SLURM does not answer.
    """
    command = ["squeue", "--me", "--states=all", "--noheader", "--format=%i|%T|%M|%j"]
    found: dict[str, Standing] = {}
    for line in _run(command).splitlines():
        number, state, time, name = line.split("|", 3)
        if name.startswith(PREFIX):
            job = Standing(int(number), state, _seconds(time))
            last = found.get(name)
            if last is None or (job.alive, job.id) > (last.alive, last.id):
                found[name] = job
    return found


def cancel(jobs: Iterable[Standing]) -> None:
    """End jobs.

    Raises:
        SlurmError: where SLURM does not answer.
    """
    _run(["scancel", *(str(job.id) for job in jobs)])


def _run(command: Sequence[str], text: str | None = None) -> str:
    """What a command prints, given a text to read."""
    try:
        done = subprocess.run(  # noqa: S603  (SLURM's own commands, no shell)
            command, input=text, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlurmError(f"{command[0]}: {error}") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        errors = [line for line in lines if "error:" in line] or lines[:1]
        raise SlurmError(errors[-1].removeprefix(f"{command[0]}: error: "))
    return done.stdout


def _seconds(time: str) -> float:
    """SLURM's ``days-hours:minutes:seconds``, of which the first parts may be missing."""
    days, _, rest = time.rpartition("-")
    try:
        seconds = 0
        for part in rest.split(":"):
            seconds = 60 * seconds + int(part)
        return 86400.0 * int(days or 0) + seconds
    except ValueError:
        return 0.0  # INVALID, as it says of jobs that have not begun
