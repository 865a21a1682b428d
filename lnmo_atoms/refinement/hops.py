"""Barriers by a second engine on end points and saddles."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import CalculationError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.flags import moment_changes
from lnmo_atoms.migration.congruence import Congruent
from lnmo_atoms.records import HOPS_FILE, renew_hops
from lnmo_atoms.refinement.outcomes import (
    NOT_REFINED,
    REFINED,
    Outcomes,
    check,
    flagged,
    results_of,
)
from lnmo_atoms.results import Failure, HopResult, RefinedHop, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.store.provenance import REFINEMENT
from lnmo_atoms.tasks import Task


def refine_hops(
    results: Sequence[HopResult],
    calculator: str | CalculatorSpec = "gpaw",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> list[HopResult]:
    """The results with barriers by a second engine: end points and highest images, as they stand.

    A saddle starts from the moments that the engine found at its first end point, so that a hole or
    an electron stays where it was as far as the engine lets it. A last end point that is congruent
    with an end point calculated before has its energy. Where the study's file holds these results,
    they are renewed there.

    Args:
        results: from :func:`~lnmo_atoms.migration.migration_barriers`.
        calculator: the second engine.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        progress: called with every change of state of a calculation.

    Returns:
        in the order of ``results``. Paths that did not converge are not refined; one whose
        calculation failed has a flag that says why, and one whose ions change their moments on the
        way to the saddle a flag that names them: its two states are electronically different.

    Raises:
        RequestError: where the engine is unknown or cannot calculate these elements.
    """
    spec = CalculatorSpec.parse(calculator)
    check(spec, [result.images[0] for result in results])
    with Study.open(study) as open_study, make_executor(executor) as pool:
        open_study.write_provenance(spec, {"workflow": REFINEMENT, "of": "hops"}, sys.argv)
        known = Congruent[Task[TaskResult]]()
        points = [_Points.ends(r, spec, known) if r.converged else None for r in results]
        ends = [end for of_hop in points if of_hop for end in (of_hop.first, of_hop.last)]
        outcomes = dict(run_tasks(ends, open_study, pool, progress))
        points = [of_hop and of_hop.with_saddle(spec, outcomes) for of_hop in points]
        saddles = [of_hop.saddle for of_hop in points if of_hop and of_hop.saddle]
        outcomes |= run_tasks(saddles, open_study, pool, progress)
        found = [
            _refined(result, of_hop, spec, outcomes) if of_hop else result
            for result, of_hop in zip(results, points, strict=True)
        ]
        renew_hops(found, open_study.path / HOPS_FILE)
    return found


@dataclass(frozen=True)
class _Points:
    """Calculations of a hop: its end points, and its highest image once they are known."""

    name: str
    top: Structure
    first: Task[TaskResult]
    last: Task[TaskResult]
    saddle: Task[TaskResult] | None = None

    @classmethod
    def ends(
        cls, result: HopResult, spec: CalculatorSpec, known: Congruent[Task[TaskResult]]
    ) -> "_Points":
        """Without the saddle.

        The first end is the hop's own even where a congruent one is known: its moments are needed
        atom by atom, of the last one the energy alone.
        """
        hop, images = result.hop, result.images
        name = f"refine {hop.name} {hop.start}-{hop.end}"
        first, last = (
            Task.static(f"{name} {place}", image, spec)
            for place, image in (("first end", images[0]), ("last end", images[-1]))
        )
        known.first(images[0], first)
        top = images[int(np.argmax(result.energies))]
        return cls(name, top, first, known.first(images[-1], last))

    def with_saddle(self, spec: CalculatorSpec, outcomes: Outcomes) -> "_Points":
        """With the saddle, unless the first end point failed."""
        start = outcomes[self.first.key]
        if isinstance(start, Failure):
            return self
        top = _with_moments(self.top, start.moments)
        return replace(self, saddle=Task.static(f"{self.name} saddle", top, spec))


def _with_moments(structure: Structure, moments: NDArray[np.float64] | None) -> Structure:
    """The geometry, starting from these moments; its own where there are none."""
    started = structure.copy()
    if moments is not None:
        started.add_site_property("magmom", moments.tolist())
    return started


def _refined(
    result: HopResult, points: _Points, spec: CalculatorSpec, outcomes: Outcomes
) -> HopResult:
    tasks = [points.first, points.last, *([points.saddle] if points.saddle else [])]
    try:
        first, last, top = results_of(tasks, outcomes)
    except CalculationError as error:
        return replace(result, refined=None, flags=flagged(result.flags, f"{NOT_REFINED}{error}"))
    barriers = (top.energy - end.energy for end in (first, last))
    changes = moment_changes(points.top, first.moments, top.moments)
    flags = [] if changes is None else [f"{REFINED}at the saddle, {changes}"]
    return replace(
        result,
        refined=RefinedHop(spec.engine(), first.energy, *barriers),
        flags=flagged(result.flags, *flags),
    )
