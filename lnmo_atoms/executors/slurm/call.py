"""A task's call and its outcome as files, and what the job runs between them."""

import pickle
import sys
from pathlib import Path
from typing import Any

from ase.io import jsonio

from lnmo_atoms.builders.files import write_atomically, write_text_atomically
from lnmo_atoms.executors.causes import JobError, cause_of
from lnmo_atoms.executors.slurm.job import CALL
from lnmo_atoms.store.rows import Result, pack, unpack
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

    def fill(new: Path) -> None:
        new.write_bytes(pickle.dumps(task))

    write_atomically(folder / CALL, fill)


def read_outcome(folder: Path) -> Result | JobError | None:
    """What came of the call; None as long as nothing has."""
    try:
        outcome = jsonio.decode((folder / OUTCOME).read_text(encoding="utf-8"))
        return JobError(outcome["error"]) if "error" in outcome else unpack(outcome["result"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return JobError(f"{folder / OUTCOME} is damaged")


def run(folder: Path) -> None:
    """Do the task of a folder."""
    task = pickle.loads((folder / CALL).read_bytes())  # noqa: S301  (written by the driver for us)
    outcome: dict[str, Any]
    try:
        outcome = {"result": pack(execute(task, folder))}
    except Exception as error:  # noqa: BLE001  (it travels to the driver)
        outcome = {"error": cause_of(error)}
    write_text_atomically(folder / OUTCOME, jsonio.encode(outcome))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
