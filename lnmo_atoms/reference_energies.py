"""Workflow: energies of the phases that fix chemical potentials."""

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import CalculationError
from lnmo_atoms.builders.reference_phases import reference_phases
from lnmo_atoms.builders.symmetry import space_group
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.reference import BULK_FMAX, SAME_GROUP
from lnmo_atoms.results import Failure, PhaseResult, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task


def reference_energies(
    elements: Iterable[str],
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> list[PhaseResult]:
    """Relax, cell and atoms, the phases that fix the chemical potentials of these elements.

    Args:
        elements: symbols of Li, Ni, Mn and O, as many as are exchanged.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        progress: called with every change of state of a calculation.

    Raises:
        RequestError: for an element without reference phase, or that the engine does not know.
        CalculationError: where a phase cannot be relaxed or becomes another one.
    """
    spec = CalculatorSpec.parse(calculator)
    phases = reference_phases(elements)
    tasks = phase_tasks(phases, spec)
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {"workflow": "reference energies", "phases": list(phases)}
        open_study.write_provenance(spec, options, sys.argv)
        outcomes = run_tasks(tasks.values(), open_study, pool, progress)
    return [
        _result(formula, phase, outcomes[tasks[formula].key], spec)
        for formula, phase in phases.items()
    ]


def phase_tasks(phases: dict[str, Structure], spec: CalculatorSpec) -> dict[str, Task[TaskResult]]:
    """The relaxations of these phases by formula.

    Raises:
        RequestError: for an element that the engine does not know.
    """
    spec.check({site.specie.symbol for phase in phases.values() for site in phase})
    return {
        formula: Task.relax(f"relax {formula}", phase, spec, fmax=BULK_FMAX, cell=True)
        for formula, phase in phases.items()
    }


def _result(
    formula: str, phase: Structure, outcome: TaskResult | Failure, spec: CalculatorSpec
) -> PhaseResult:
    if isinstance(outcome, Failure):
        raise CalculationError(f"{formula} could not be relaxed: {outcome.cause}")
    if not outcome.converged:
        raise CalculationError(
            f"{formula} did not relax to {BULK_FMAX} eV/Å in {outcome.steps} steps: this engine "
            "gives no chemical potential"
        )
    before, after = space_group(phase), space_group(outcome.structure, SAME_GROUP)
    if before.number != after.number:
        raise CalculationError(
            f"{formula} changed from {before.symbol} to {after.symbol} on relaxing: the engine "
            "does not hold this reference phase"
        )
    units = phase.composition.element_composition.get_reduced_composition_and_factor()[1]
    return PhaseResult(formula, outcome.energy / float(units), spec.engine(), outcome.structure)
