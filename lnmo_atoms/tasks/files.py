"""Files in a task's folder, and how far the task is by them."""

import json
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

CHECKPOINT = "checkpoint.json"
NOTEBOOK = "evaluations.jsonl"
"""File in a search's folder: every evaluation so far."""
STARTED = "started"
"""File that says that a worker has begun."""


@dataclass(frozen=True)
class Effort:
    """Steps, evaluations by the engine and wall time in seconds."""

    steps: int = 0
    force_calls: int = 0
    seconds: float = 0.0


def read_effort(path: Path) -> Effort | None:
    """What a checkpoint says was spent so far; None where there is no sound checkpoint."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Effort(**{field.name: document[field.name] for field in fields(Effort)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def evaluations_noted(path: Path) -> tuple[int, float] | None:
    """How many evaluations a notebook holds, and the seconds they took; None without one.

    Lines behind the first that is damaged do not count. The file is left as it is: its search may
    be writing the next line.
    """
    seconds: list[float] = []
    with suppress(OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        seconds.extend(
            float(json.loads(line)["seconds"]) for line in path.read_bytes().splitlines()
        )
    return (len(seconds), seconds[-1]) if seconds else None
