"""What SLURM is asked for, and the script of a job."""

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lnmo_atoms.builders.errors import RequestError

PREFIX = "lnmo-"
"""All our jobs' names begin so."""
CALL = "call.json"
"""File in a task's folder that holds what its job does."""
MPI_VARIABLES = ("OMPI_", "PMIX_", "PMI_")
"""What an MPI around the driver leaves in the environment; it would stop the job's own."""


@dataclass(frozen=True)
class SlurmJob:
    """Resources of each job.

    Attributes:
        partition: None is the cluster's own choice.
        tasks: MPI ranks that the engine may start, each on a core of its own; the calculation
            itself is one process.
        threads: of each of them.
        gpus: of the whole job.
        walltime: as sbatch takes it, such as ``"02:00:00"`` or minutes; None is the partition's.
        options: more options of sbatch, such as ``"--account=abc"`` or ``"--mem=8G"``.
        setup: lines of the shell before the calculation, such as ``"module load openmpi"``; where
            one fails, so does the job.
        local_below: s, by :func:`lnmo_atoms.tasks.cost`; shorter tasks run beside the driver, if
            their engine is one that it estimates: CHGNet or EMT.
    """

    partition: str | None = None
    tasks: int = 1
    threads: int = 1
    gpus: int = 0
    walltime: str | None = None
    options: Sequence[str] = ()
    setup: Sequence[str] = ()
    local_below: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what would make another script.

        Raises:
            RequestError: for a line break in one of the lines, or an option without its dashes.
        """
        texts = [*filter(None, (self.partition, self.walltime)), *self.options, *self.setup]
        if broken := [text for text in texts if "\n" in text or "\r" in text]:
            raise RequestError(f"{broken[0]!r} holds a line break: give one line each")
        if wrong := [option for option in self.options if not option.startswith("-")]:
            raise RequestError(f"{wrong[0]!r} is no option of sbatch: write it as in --mem=8G")

    def require_ranks(self, ranks: int) -> None:
        """Refuse MPI ranks that would have to share cores.

        Raises:
            RequestError: where there are more than tasks.
        """
        if ranks > self.tasks:
            raise RequestError(
                f"ranks = {ranks} need as many cores in each job: write tasks = {ranks} in [slurm]"
            )

    def script(self, command: Sequence[str]) -> str:
        """The batch script that runs a command."""
        asked = {
            "partition": self.partition,
            "ntasks": self.tasks,
            "cpus-per-task": self.threads,
            "gpus": self.gpus or None,
            "time": self.walltime,
        }
        options = [f"--{name}={value}" for name, value in asked.items() if value is not None]
        lines = [
            "#!/bin/bash",
            *(f"#SBATCH {option}" for option in [*options, *self.options]),
            "unset " + " ".join(f'"${{!{prefix}@}}"' for prefix in MPI_VARIABLES),
            f"export OMP_NUM_THREADS={self.threads}",
            "set -e",
            *self.setup,
            shlex.join(command),
        ]
        return "\n".join(lines) + "\n"


def job_name(folder: Path) -> str:
    """Name of the job of the task in this folder: by it alone a later driver finds the job."""
    path = str(folder.resolve())
    return PREFIX + hashlib.sha256(path.encode()).hexdigest()[:24]
