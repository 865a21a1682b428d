"""Workflow: energies of nickel–manganese orderings, each relaxed in its smallest cell."""

import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.primitive import PrimitiveCell, primitive_cell
from lnmo_atoms.builders.symmetry import SpaceGroup, space_group
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.flags import atoms_that_left, moment_changes
from lnmo_atoms.records import ORDERINGS_FILE, save_orderings
from lnmo_atoms.reference import SAME_GROUP, check_bulk
from lnmo_atoms.results import Failure, OrderingResult, TaskResult, formula_units
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

log = logging.getLogger(__name__)


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
        RequestError: for a wrong request, before anything is calculated.
    """
    spec = CalculatorSpec.parse(calculator)
    asked = _asked(orderings, spec, fmax)
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "ordering energies",
            "composition": asked[0].structure.composition.element_composition.reduced_formula,
            "orderings": len(asked),
            "fmax_eV_per_A": fmax,
        }
        open_study.write_provenance(spec, options, sys.argv)
        outcomes = run_tasks(_tasks(asked), open_study, pool, progress)
        judge = _Judge(asked, outcomes, spec.engine())
        results = [result for one in asked if (result := judge.result(one)) is not None]
        save_orderings(results, open_study.path / ORDERINGS_FILE)
    return results


def plan_orderings(
    orderings: Iterable[tuple[Structure, int]], spec: CalculatorSpec, *, fmax: float = 0.05
) -> list[Task]:
    """The calculations that :func:`ordering_energies` would do."""
    return _tasks(_asked(orderings, spec, fmax))


@dataclass(frozen=True)
class _Asked:
    """One ordering to calculate."""

    number: int
    structure: Structure
    degeneracy: int
    spec: CalculatorSpec
    fmax: float

    @cached_property
    def cell(self) -> PrimitiveCell:
        return primitive_cell(self.structure)

    @cached_property
    def group(self) -> SpaceGroup:
        return space_group(self.structure)

    @property
    def name(self) -> str:
        return f"ordering {self.number} {self.group.symbol}"

    @cached_property
    def static(self) -> Task[TaskResult]:
        """Its energy as built."""
        return Task.static(f"static {self.name}", self.cell.structure, self.spec)

    @cached_property
    def relaxation(self) -> Task[TaskResult]:
        """Cell and atoms."""
        return Task.relax(
            f"relax {self.name}", self.cell.structure, self.spec, fmax=self.fmax, cell=True
        )


def _asked(
    orderings: Iterable[tuple[Structure, int]], spec: CalculatorSpec, fmax: float
) -> list[_Asked]:
    """The orderings, numbered.

    Raises:
        RequestError: for none, for what the engine or this workflow cannot calculate, or for
            more than one composition.
    """
    if fmax <= 0:
        raise RequestError(f"fmax is a force in eV/Å above 0, not {fmax:g}")
    asked = [
        _Asked(number, structure, int(degeneracy), spec, fmax)
        for number, (structure, degeneracy) in enumerate(orderings, start=1)
    ]
    if not asked:
        raise RequestError("there is no ordering to calculate: give one at least")
    for one in asked:
        check_bulk(one.structure, spec)
    formulas = {one.structure.composition.element_composition.reduced_formula for one in asked}
    if len(formulas) > 1:
        raise RequestError(
            f"energies of {', '.join(sorted(formulas))} cannot be compared: give orderings of one "
            "composition"
        )
    if not formula_units(asked[0].structure):
        raise RequestError(f"{formulas.pop()} has no oxygen: give orderings of LiNixMn2-xO4")
    return asked


def _tasks(asked: Iterable[_Asked]) -> list[Task]:
    return [task for one in asked for task in (one.static, one.relaxation)]


class _Judge:
    """Makes results of what the engine gave."""

    def __init__(
        self, asked: Sequence[_Asked], outcomes: Mapping[str, TaskResult | Failure], engine: str
    ) -> None:
        self._outcomes, self._engine = outcomes, engine
        self._usual = self._usual_moments(asked)

    def _usual_moments(self, asked: Sequence[_Asked]) -> dict[str, float]:
        """μB, median over all relaxed orderings of each species; empty without moments."""
        moments: dict[str, list[float]] = defaultdict(list)
        for one in asked:
            outcome = self._outcomes[one.relaxation.key]
            if isinstance(outcome, TaskResult) and outcome.moments is not None:
                for site, moment in zip(one.cell.structure, outcome.moments, strict=True):
                    moments[site.species_string].append(float(moment))
        return {species: float(np.median(values)) for species, values in moments.items()}

    def result(self, one: _Asked) -> OrderingResult | None:
        """What came of an ordering; None where a calculation of it failed."""
        static = self._outcomes[one.static.key]
        relaxation = self._outcomes[one.relaxation.key]
        if isinstance(static, Failure) or isinstance(relaxation, Failure):
            return None
        if not relaxation.converged:
            log.warning("%s: not converged after %d steps", one.name, relaxation.steps)
        relaxed = one.cell.unfolded(relaxation.structure)
        group = space_group(relaxed, SAME_GROUP)
        units = formula_units(one.cell.structure)
        return OrderingResult(
            number=one.number,
            structure=one.structure,
            degeneracy=one.degeneracy,
            space_group=one.group,
            engine=self._engine,
            energy_per_formula=relaxation.energy / units,
            energy_unrelaxed_per_formula=static.energy / units,
            relaxed=relaxed,
            relaxed_space_group=group,
            atoms_calculated=len(one.cell.structure),
            converged=relaxation.converged,
            flags=self._flags(one, relaxation, group),
        )

    def _flags(self, one: _Asked, relaxation: TaskResult, group: SpaceGroup) -> tuple[str, ...]:
        """What a user must know; moments are compared with those usual of their species."""
        cell = one.cell.structure
        usual = np.array([self._usual.get(site.species_string, 0.0) for site in cell])
        unusual = moment_changes(cell, usual, relaxation.moments)
        became = f"space group {one.group.symbol} became {group.symbol} on relaxing"
        flags = [
            None if relaxation.converged else f"not converged after {relaxation.steps} steps",
            atoms_that_left(cell, relaxation.structure),
            unusual and f"against the median of all orderings, {unusual}",
            became if one.group.number != group.number else None,
        ]
        return tuple(filter(None, flags))
