"""Workflow: single points by a second engine, such as DFT, on the geometries of the first.

A universal potential finds geometries well and energies less well; DFT at its end points, saddles
and relaxed slabs costs a few single points instead of hundreds of steps.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import CalculationError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.migration.congruence import Congruent
from lnmo_atoms.records import (
    HOPS_FILE,
    SURFACES_FILE,
    load_hop_bulk,
    save_hops,
    save_surfaces,
)
from lnmo_atoms.reference import BulkReference
from lnmo_atoms.results import (
    Failure,
    HopResult,
    RefinedHop,
    RefinedSurface,
    SurfaceResult,
    TaskResult,
)
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.store.provenance import REFINEMENT
from lnmo_atoms.surfaces import surface_energy
from lnmo_atoms.tasks import Task

NOT_REFINED = "not refined: "
"""Begins the flag that says why."""

Outcomes = Mapping[str, TaskResult | Failure]


def refine_surfaces(
    results: Sequence[SurfaceResult],
    calculator: str | CalculatorSpec = "gpaw",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> list[SurfaceResult]:
    """The results with γ by a second engine: relaxed slabs and their bulk, as they stand.

    Where the study holds the results' file, it is written anew.

    Args:
        results: from :func:`~lnmo_atoms.surfaces.surface_energies`.
        calculator: the second engine.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        progress: called with every change of state of a calculation.

    Returns:
        in the order of ``results``. Slabs that were not relaxed to convergence are not refined; one
        whose calculation failed has a flag that says why.

    Raises:
        RequestError: where the engine is unknown or cannot calculate these elements.
    """
    spec = CalculatorSpec.parse(calculator)
    chosen = [result for result in results if result.ranked]
    _check(spec, [result.bulk for result in chosen])
    with Study.open(study) as open_study, make_executor(executor) as pool:
        open_study.write_provenance(spec, {"workflow": REFINEMENT, "of": "surfaces"}, sys.argv)
        bulks = {id(r.bulk): Task.static("refine bulk", r.bulk, spec) for r in chosen}
        slabs = {r.slab.name: _slab_task(r, spec) for r in chosen}
        outcomes = run_tasks([*bulks.values(), *slabs.values()], open_study, pool, progress)
        found = [
            _refined_surface(r, bulks[id(r.bulk)], slabs[r.slab.name], spec, outcomes)
            if r.ranked
            else r
            for r in results
        ]
        if (open_study.path / SURFACES_FILE).exists():
            save_surfaces(found, open_study.path / SURFACES_FILE)
    return found


def refine_hops(
    results: Sequence[HopResult],
    calculator: str | CalculatorSpec = "gpaw",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> list[HopResult]:
    """The results with barriers by a second engine: end points and highest images, as they stand.

    Congruent geometries are calculated once. Where the study holds the results' file, it is
    written anew.

    Args:
        results: from :func:`~lnmo_atoms.migration.migration_barriers`.
        calculator: the second engine.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        progress: called with every change of state of a calculation.

    Returns:
        in the order of ``results``. Paths that did not converge are not refined; one whose
        calculation failed has a flag that says why.

    Raises:
        RequestError: where the engine is unknown or cannot calculate these elements.
    """
    spec = CalculatorSpec.parse(calculator)
    _check(spec, [result.images[0] for result in results])
    with Study.open(study) as open_study, make_executor(executor) as pool:
        open_study.write_provenance(spec, {"workflow": REFINEMENT, "of": "hops"}, sys.argv)
        known = Congruent[Task[TaskResult]]()
        tasks = [_hop_tasks(r, spec, known) if r.converged else () for r in results]
        outcomes = run_tasks([t for of_hop in tasks for t in of_hop], open_study, pool, progress)
        found = [
            _refined_hop(result, of_hop, spec, outcomes) if of_hop else result
            for result, of_hop in zip(results, tasks, strict=True)
        ]
        if (open_study.path / HOPS_FILE).exists():
            bulk = load_hop_bulk(open_study.path / HOPS_FILE)
            save_hops(found, bulk, open_study.path / HOPS_FILE)
    return found


def _check(spec: CalculatorSpec, structures: Sequence[Structure]) -> None:
    spec.check({site.specie.symbol for structure in structures for site in structure})


def _slab_task(result: SurfaceResult, spec: CalculatorSpec) -> Task[TaskResult]:
    relaxed = result.slab.structure if result.relaxed is None else result.relaxed
    return Task.static(f"refine {result.slab.name}", relaxed, spec)


def _hop_tasks(
    result: HopResult, spec: CalculatorSpec, known: Congruent[Task[TaskResult]]
) -> tuple[Task[TaskResult], ...]:
    """First end point, highest image, last end point."""
    hop, images = result.hop, result.images
    name = f"refine {hop.name} {hop.start}-{hop.end}"
    places = {"first end": 0, "saddle": int(np.argmax(result.energies)), "last end": -1}
    return tuple(
        known.first(images[i], Task.static(f"{name} {place}", images[i], spec))
        for place, i in places.items()
    )


def _refined_surface(
    result: SurfaceResult,
    bulk: Task[TaskResult],
    slab: Task[TaskResult],
    spec: CalculatorSpec,
    outcomes: Outcomes,
) -> SurfaceResult:
    try:
        of_bulk, of_slab = _energies((bulk, slab), outcomes)
    except CalculationError as error:
        return replace(result, refined=None, flags=_flagged(result.flags, error))
    bulk_energy = BulkReference(result.bulk, of_bulk, None, spec.engine()).energy_per_formula
    gamma = surface_energy(of_slab, result.slab, bulk_energy)
    refined = RefinedSurface(spec.engine(), of_slab, bulk_energy, gamma)
    return replace(result, refined=refined, flags=_flagged(result.flags))


def _refined_hop(
    result: HopResult, tasks: Sequence[Task[TaskResult]], spec: CalculatorSpec, outcomes: Outcomes
) -> HopResult:
    try:
        first, top, last = _energies(tasks, outcomes)
    except CalculationError as error:
        return replace(result, refined=None, flags=_flagged(result.flags, error))
    refined = RefinedHop(spec.engine(), first, top - first, top - last)
    return replace(result, refined=refined, flags=_flagged(result.flags))


def _energies(tasks: Sequence[Task[TaskResult]], outcomes: Outcomes) -> list[float]:
    """EV, of all the tasks.

    Raises:
        CalculationError: where one of them failed.
    """
    energies = []
    for task in tasks:
        outcome = outcomes[task.key]
        if isinstance(outcome, Failure):
            raise CalculationError(f"{NOT_REFINED}{outcome.name} failed: {outcome.cause}")
        energies.append(outcome.energy)
    return energies


def _flagged(flags: Sequence[str], *errors: CalculationError) -> tuple[str, ...]:
    """The flags, those of earlier refinements replaced."""
    return (*(f for f in flags if not f.startswith(NOT_REFINED)), *map(str, errors))
