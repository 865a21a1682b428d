"""Where the tasks of a study stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lnmo_atoms.tasks.journal import read_effort
from lnmo_atoms.tasks.notebook import evaluations_noted
from lnmo_atoms.tasks.task import CHECKPOINT, NOTEBOOK, STARTED

NAME = "name.txt"
"""File in a task's folder that holds its name."""

JobState: TypeAlias = Literal["queued", "running"]


@dataclass(frozen=True)
class TaskState:
    """Where one task stands.

    Attributes:
        name: such as ``"relax 111-a"``.
        state: unfinished has begun and can be continued, waiting has not begun; queued and running
            are jobs of SLURM.
        steps: geometry steps so far; None where none were counted.
        seconds: wall time so far; None where none was counted.
        cause: why it failed; None otherwise.
    """

    name: str
    state: Literal["done", "failed", "unfinished", "waiting", "queued", "running"]
    steps: int | None = None
    seconds: float | None = None
    cause: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(vars(self))


def recorded(columns: Mapping[str, Any], failure: Mapping[str, str] | None) -> TaskState:
    """State of a task by its row's columns in the database, and why it failed."""
    if failure is not None:
        return TaskState(failure["name"], "failed", cause=failure["cause"])
    return TaskState(columns["name"], "done", columns["steps"], columns["seconds"])


def under_way(folder: Path, job: JobState | None) -> TaskState:
    """State of a task that has a folder, and perhaps a job, only."""
    name = (folder / NAME).read_text(encoding="utf-8")
    if (noted := evaluations_noted(folder / NOTEBOOK)) is not None:
        return TaskState(name, job or "unfinished", *noted)
    effort = read_effort(folder / CHECKPOINT)
    if effort is None:
        begun = (folder / STARTED).exists()
        return TaskState(name, job or ("unfinished" if begun else "waiting"))
    return TaskState(name, job or "unfinished", effort.steps, effort.seconds)
