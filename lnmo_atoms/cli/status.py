"""Command status: where the calculations of a study stand."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lnmo_atoms.cli.options import DEFAULT_STUDY, Json
from lnmo_atoms.cli.screen import counted, note, print_json, table
from lnmo_atoms.executors import job_states
from lnmo_atoms.store import TaskState, status_of

LONGEST_TABLE = 200
"""Of more calculations than these, some that are done are left out."""


def status(
    study: Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")] = DEFAULT_STUDY,
    json: Json = False,
) -> int:
    """What a study has done, what failed and why, what is unfinished.

    Example: lnmo status my-study
    """
    entries = status_of(study, job_states(study))
    if json:
        print_json([entry.as_dict() for entry in entries])
    else:
        states = Counter(entry.state for entry in entries)
        title = f"{study}: {counted(len(entries), 'calculation')}"
        shown = _worth_showing(entries)
        table(
            ", ".join([title, *(f"{number} {state}" for state, number in states.items())]),
            ("calculation", "state", "steps", "seconds", "cause"),
            [(e.name, e.state, e.steps, e.seconds, e.cause) for e in shown],
        )
        if len(shown) < len(entries):
            note(f"{len(entries) - len(shown)} calculations are left out; --json lists all")
    return 1 if any(entry.state == "failed" for entry in entries) else 0


def _worth_showing(entries: Sequence[TaskState]) -> list[TaskState]:
    """All, or of very many those that are not done first, in their order."""
    order = sorted(range(len(entries)), key=lambda i: (entries[i].state == "done", -i))
    return [entries[i] for i in sorted(order[:LONGEST_TABLE])]
