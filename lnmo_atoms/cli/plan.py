"""What ``--dry-run`` shows: the calculations and what they cost."""

from collections.abc import Iterable

from lnmo_atoms.cli.screen import counted, note, print_json, table
from lnmo_atoms.tasks import Task, cost

BEST_UNKNOWN = "the first terminations of a facet stand for its best, which are known only later"

SYMMETRY_UNKNOWN = "symmetric paths, known once their ends are relaxed, cost half"


def show_plan(tasks: Iterable[Task], remark: str, json: bool) -> None:
    """List the calculations, equal ones once, with an estimate of their cost and a remark."""
    distinct = {task.key: task for task in tasks}.values()
    rows = [(task.name, len(task.structures[0]), round(cost(task), 1)) for task in distinct]
    if json:
        names = ("calculation", "atoms", "estimate_core_s")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    table(counted(len(rows), "calculation"), ("calculation", "atoms", "core s, about"), rows)
    note(
        f"about {sum(row[2] for row in rows):.0f} core seconds in all with CHGNet (other engines "
        f"differ); nothing was run; {remark}"
    )
