"""What refinements share: the second engine's check, its outcomes, and the flags they leave."""

from collections.abc import Mapping, Sequence

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import CalculationError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.results import Failure, TaskResult
from lnmo_atoms.tasks import Task

REFINED = "refined: "
"""Begins a flag on the second engine's numbers."""
NOT_REFINED = "not refined: "
"""Begins the flag that says why there are none."""

Outcomes = Mapping[str, TaskResult | Failure]


def check(spec: CalculatorSpec, structures: Sequence[Structure]) -> None:
    """Refuse an engine that cannot calculate these.

    Raises:
        RequestError: saying why.
    """
    spec.check({site.specie.symbol for structure in structures for site in structure})


def results_of(tasks: Sequence[Task[TaskResult]], outcomes: Outcomes) -> list[TaskResult]:
    """Results of all the tasks.

    Raises:
        CalculationError: where one of them failed.
    """
    found = []
    for task in tasks:
        outcome = outcomes[task.key]
        if isinstance(outcome, Failure):
            raise CalculationError(f"{outcome.name} failed: {outcome.cause}")
        found.append(outcome)
    return found


def flagged(flags: Sequence[str], *new: str) -> tuple[str, ...]:
    """The flags, those of earlier refinements replaced."""
    return (*(flag for flag in flags if not flag.startswith((REFINED, NOT_REFINED))), *new)
