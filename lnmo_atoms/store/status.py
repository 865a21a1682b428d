"""Where the tasks of a study stand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lnmo_atoms.tasks.journal import read_effort
from lnmo_atoms.tasks.notebook import evaluations_noted
from lnmo_atoms.tasks.task import CHECKPOINT, NOTEBOOK, STARTED

NAME = "name.txt"
"""File in a task's folder that holds its name."""


@dataclass(frozen=True)
class TaskState:
    """Where one task stands.

    Attributes:
        name: such as ``"relax 111-a"``.
        state: unfinished has begun and can be continued, waiting has not begun.
        steps: geometry steps so far; None where none were counted.
        seconds: wall time so far; None where none was counted.
        cause: why it failed; None otherwise.
    """

    name: str
    state: Literal["done", "failed", "unfinished", "waiting"]
    steps: int | None = None
    seconds: float | None = None
    cause: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(vars(self))


def recorded(row: Any) -> TaskState:
    """State of a task with a row in the database."""
    if row.status == "failed":
        return TaskState(row.data["name"], "failed", cause=row.data["cause"])
    return TaskState(row.name, "done", row.steps, row.seconds)


def under_way(folder: Path) -> TaskState:
    """State of a task that has a folder only."""
    name = (folder / NAME).read_text(encoding="utf-8")
    if (noted := evaluations_noted(folder / NOTEBOOK)) is not None:
        return TaskState(name, "unfinished", *noted)
    effort = read_effort(folder / CHECKPOINT)
    if effort is None:
        return TaskState(name, "unfinished" if (folder / STARTED).exists() else "waiting")
    return TaskState(name, "unfinished", effort.steps, effort.seconds)
