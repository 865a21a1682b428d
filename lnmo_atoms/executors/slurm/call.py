"""A task's call and its outcome as files, and what the job runs between them."""

import json
import sys
from pathlib import Path
from typing import Any

from ase.io import jsonio

from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.executors.causes import JobError, cause_of
from lnmo_atoms.executors.slurm.job import CALL
from lnmo_atoms.formats.json_files import refuse_unsafe
from lnmo_atoms.store.rows import Result, pack, pack_task, unpack, unpack_task
from lnmo_atoms.tasks import Task, execute

OUTCOME = "outcome.json"
OUTPUT = "slurm.out"
"""File for what the job prints."""


def command(folder: Path) -> list[str]:
    """What the job runs."""
    return [sys.executable, "-m", "lnmo_atoms.executors.slurm.call", str(folder.resolve())]


def write_call(task: Task[Any], folder: Path) -> None:
    """Keep the call for the job; the outcome of an earlier one is dropped."""
    (folder / OUTCOME).unlink(missing_ok=True)
    write_text_atomically(folder / CALL, pack_task(task))


def read_outcome(folder: Path) -> Result | JobError | None:
    """What came of the call; None as long as nothing has."""
    try:
        text = (folder / OUTCOME).read_text(encoding="utf-8")
        refuse_unsafe(json.loads(text))
        outcome = jsonio.decode(text)
        return JobError(outcome["error"]) if "error" in outcome else unpack(outcome["result"])
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return JobError(f"{folder / OUTCOME} is damaged")


def run(folder: Path) -> None:
    """Do the task of a folder."""
    task = unpack_task((folder / CALL).read_text(encoding="utf-8"))
    outcome: dict[str, Any]
    try:
        outcome = {"result": pack(execute(task, folder))}
    except Exception as error:  # noqa: BLE001  (it travels to the driver)
        outcome = {"error": cause_of(error)}
    write_text_atomically(folder / OUTCOME, jsonio.encode(outcome))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
