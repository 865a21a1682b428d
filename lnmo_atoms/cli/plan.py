"""What ``--dry-run`` shows: the calculations and what they cost."""

from collections.abc import Iterable
from pathlib import Path

from lnmo_atoms.cli.screen import counted, note, print_json, table
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task, cost

BEST_UNKNOWN = "the first terminations of a facet stand for its best, which are known only later"

SYMMETRY_UNKNOWN = "symmetric paths, known once their ends are relaxed, cost half"


def show_plan(tasks: Iterable[Task], remark: str, study: Path, json: bool) -> None:
    """List the calculations, equal ones once, with an estimate of their cost.

    Args:
        tasks: what would be calculated.
        remark: what the plan cannot know.
        study: folder whose finished calculations are not done again.
        json: instead of a table.
    """
    held = Study(study)
    rows = [
        (task.name, len(task.structures[0]), round(cost(task), 1), held.get(key) is not None)
        for key, task in {task.key: task for task in tasks}.items()
    ]
    if json:
        names = ("calculation", "atoms", "estimate_core_s", "done")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    done = sum(row[3] for row in rows)
    table(
        counted(len(rows), "calculation") + (f", {done} already done" if done else ""),
        ("calculation", "atoms", "core s, about", "done"),
        rows,
    )
    note(
        f"about {sum(row[2] for row in rows if not row[3]):.0f} core seconds to go with CHGNet "
        f"(other engines differ); nothing was run; {remark}"
    )
