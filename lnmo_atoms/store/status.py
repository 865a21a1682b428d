"""Where the tasks of a study stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.store.files import LOCK, NAME, PROVENANCE, RESULTS, TASKS
from lnmo_atoms.store.lock import held_since
from lnmo_atoms.store.sqlite import columns_and_causes, errors_in_words
from lnmo_atoms.tasks.files import (
    CHECKPOINT,
    NOTEBOOK,
    STARTED,
    evaluations_noted,
    read_effort,
)

JobState: TypeAlias = Literal["queued", "running"]


@dataclass(frozen=True)
class TaskState:
    """Where one task stands.

    Attributes:
        name: such as ``"relax 111-a"``.
        state: unfinished has begun and can be continued, waiting has not begun, queued is a job of
            SLURM.
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


def status_of(
    path: Path | str, jobs: Mapping[str, JobState] = MappingProxyType({})
) -> list[TaskState]:
    """Finished and failed tasks of a study, then those under way or waiting.

    Args:
        path: the study's folder.
        jobs: states of jobs elsewhere by the tasks' keys.

    Raises:
        RequestError: where there is no study in the folder.
    """
    results = existing(path) / RESULTS
    rows = columns_and_causes(results)
    with errors_in_words(results):
        settled = {
            row["key"]: _recorded(row, cause) for row, cause in rows if row["key"] not in jobs
        }
    names = (Path(path) / TASKS).glob(f"*/{NAME}")
    folders = [name.parent for name in sorted(names, key=lambda name: name.stat().st_mtime)]
    since = held_since(Path(path) / LOCK)
    return [*settled.values()] + [
        _under_way(folder, jobs.get(folder.name), since)
        for folder in folders
        if folder.name not in settled
    ]


def existing(path: Path | str) -> Path:
    """The folder of a study that has begun.

    Raises:
        RequestError: where there is none.
    """
    if not any((Path(path) / name).exists() for name in (RESULTS, PROVENANCE)):
        raise RequestError(f"there is no study in {path}: start one with lnmo study")
    return Path(path)


def _recorded(columns: Mapping[str, Any], failure: Mapping[str, str] | None) -> TaskState:
    """State of a task by its row's columns in the database, and why it failed."""
    if failure is not None:
        return TaskState(str(failure["name"]), "failed", cause=str(failure["cause"]))
    steps, seconds = int(columns["steps"]), float(columns["seconds"])
    return TaskState(str(columns["name"]), "done", steps, seconds)


def _under_way(folder: Path, job: JobState | None, since: float | None) -> TaskState:
    """State of a task that has a folder, and perhaps a job, only.

    Args:
        folder: the task's.
        job: state of its job elsewhere; None without one.
        since: when the run began that is at work now; None where none is.
    """
    name = (folder / NAME).read_text(encoding="utf-8", errors="replace")
    begun = _time_of(folder / STARTED)
    running = since is not None and begun is not None and begun >= since
    state = job or ("running" if running else "unfinished")
    if (noted := evaluations_noted(folder / NOTEBOOK)) is not None:
        return TaskState(name, state, *noted)
    effort = read_effort(folder / CHECKPOINT)
    if effort is None:
        return TaskState(name, "waiting" if begun is None and job is None else state)
    return TaskState(name, state, effort.steps, effort.seconds)


def _time_of(path: Path) -> float | None:
    """When a file was made; None where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None
