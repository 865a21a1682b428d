"""Workflow: energies of nickel–manganese orderings, each relaxed in its smallest cell."""

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.ordering_energies.asked import asked_orderings, joined_with_study, tasks_of
from lnmo_atoms.ordering_energies.judge import Judge
from lnmo_atoms.records import ORDERINGS_FILE, save_orderings
from lnmo_atoms.results import OrderingResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task


def ordering_energies(
    orderings: Iterable[tuple[Structure, int]],
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    fmax: float = 0.05,
    progress: Callable[[Progress], None] | None = None,
) -> list[OrderingResult]:
    """Energy of every ordering as built, and with cell and atoms relaxed.

    An ordering that repeats inside its cell is calculated in its smallest cell, charges and
    moments included, and unfolded again: the energy per formula unit is the same.

    A study gathers the orderings of all runs in its ``orderings.json`` (see
    :func:`lnmo_atoms.records.load_orderings`), each once and under a number that it keeps.

    Args:
        orderings: crystals of one composition LiNixMn2-xO4, each with its degeneracy, as from
            :func:`lnmo_atoms.enumerate_orderings`.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        fmax: eV/Å, at which an ordering counts as relaxed; for the cell, volume times stress over
            the square root of the number of atoms.
        progress: called with every change of state of a calculation.

    Returns:
        one result per ordering in the order given. An ordering whose calculation failed is
        missing; the study names it and the cause.

    Raises:
        RequestError: for a wrong request, or a study whose orderings have another composition,
            engine or fmax, before anything is calculated.
    """
    spec = CalculatorSpec.parse(calculator)
    asked = asked_orderings(orderings, spec, fmax)
    with Study.open(study) as open_study, make_executor(executor) as pool:
        gathered = joined_with_study(asked, open_study)
        options = {
            "workflow": "ordering energies",
            "composition": asked[0].formula,
            "orderings": len(asked),
            "fmax_eV_per_A": fmax,
        }
        open_study.write_provenance(spec, options, sys.argv)
        outcomes = run_tasks(tasks_of(gathered), open_study, pool, progress)
        judge = Judge(gathered, outcomes, spec.engine())
        results = {
            one.identity: result for one in gathered if (result := judge.result(one)) is not None
        }
        save_orderings(list(results.values()), open_study.path / ORDERINGS_FILE)
    return [results[one.identity] for one in asked if one.identity in results]


def plan_orderings(
    orderings: Iterable[tuple[Structure, int]], spec: CalculatorSpec, *, fmax: float = 0.05
) -> list[Task]:
    """The calculations that :func:`ordering_energies` would do."""
    return tasks_of(asked_orderings(orderings, spec, fmax))
