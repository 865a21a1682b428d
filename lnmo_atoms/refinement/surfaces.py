"""Surface energies by a second engine on relaxed slabs and their bulk."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from lnmo_atoms.builders.errors import CalculationError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.flags import moment_changes
from lnmo_atoms.records import SURFACES_FILE, renew_surfaces
from lnmo_atoms.reference import BulkReference
from lnmo_atoms.refinement.outcomes import (
    NOT_REFINED,
    REFINED,
    Outcomes,
    check,
    flagged,
    results_of,
)
from lnmo_atoms.results import RefinedSurface, SurfaceResult, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.store.provenance import REFINEMENT
from lnmo_atoms.surfaces import moments_in_bulk, surface_energy
from lnmo_atoms.tasks import Task


def refine_surfaces(
    results: Sequence[SurfaceResult],
    calculator: str | CalculatorSpec = "gpaw",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> list[SurfaceResult]:
    """The results with γ by a second engine: relaxed slabs and their bulk, as they stand.

    Where the study's file holds these results, they are renewed there.

    Args:
        results: from :func:`~lnmo_atoms.surfaces.surface_energies`.
        calculator: the second engine.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        progress: called with every change of state of a calculation.

    Returns:
        in the order of ``results``. Slabs that were not relaxed to convergence are not refined; one
        whose calculation failed has a flag that says why, and one whose ions have other moments
        than in the bulk a flag that names them.

    Raises:
        RequestError: where the engine is unknown or cannot calculate these elements.
    """
    spec = CalculatorSpec.parse(calculator)
    chosen = [result for result in results if result.ranked]
    check(spec, [result.bulk for result in chosen])
    with Study.open(study) as open_study, make_executor(executor) as pool:
        open_study.write_provenance(spec, {"workflow": REFINEMENT, "of": "surfaces"}, sys.argv)
        bulks = {id(r.bulk): Task.static("refine bulk", r.bulk, spec) for r in chosen}
        slabs = {r.slab.name: _slab_task(r, spec) for r in chosen}
        outcomes = run_tasks([*bulks.values(), *slabs.values()], open_study, pool, progress)
        found = [
            _refined(r, bulks[id(r.bulk)], slabs[r.slab.name], spec, outcomes) if r.ranked else r
            for r in results
        ]
        renew_surfaces(found, open_study.path / SURFACES_FILE)
    return found


def _slab_task(result: SurfaceResult, spec: CalculatorSpec) -> Task[TaskResult]:
    relaxed = result.slab.structure if result.relaxed is None else result.relaxed
    return Task.static(f"refine {result.slab.name}", relaxed, spec)


def _refined(
    result: SurfaceResult,
    bulk: Task[TaskResult],
    slab: Task[TaskResult],
    spec: CalculatorSpec,
    outcomes: Outcomes,
) -> SurfaceResult:
    try:
        of_bulk, of_slab = results_of((bulk, slab), outcomes)
    except CalculationError as error:
        return replace(result, refined=None, flags=flagged(result.flags, f"{NOT_REFINED}{error}"))
    reference = BulkReference(result.bulk, of_bulk.energy, of_bulk.moments, spec.engine())
    gamma = surface_energy(of_slab.energy, result.slab, reference.energy_per_formula)
    refined = RefinedSurface(spec.engine(), of_slab.energy, reference.energy_per_formula, gamma)
    changes = moment_changes(
        result.slab.structure, moments_in_bulk(result.slab, reference), of_slab.moments
    )
    flags = [] if changes is None else [f"{REFINED}against the bulk, {changes}"]
    return replace(result, refined=refined, flags=flagged(result.flags, *flags))
