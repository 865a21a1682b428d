"""Attempt frequencies of hops, from the vibrations at their end points and saddles."""

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.migration.congruence import Congruent
from lnmo_atoms.records import HOPS_FILE, renew_hops
from lnmo_atoms.results import Failure, HessianResult, HopResult
from lnmo_atoms.runner import Progress
from lnmo_atoms.searches import run_searches
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task
from lnmo_atoms.vineyard import vineyard_frequency

NONE_KNOWN = "no attempt frequency: "
"""Begins the flag that says why."""

Hessians = Mapping[str, HessianResult | Failure]


def attempt_frequencies(
    results: Sequence[HopResult],
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> list[HopResult]:
    """The results with the attempt frequencies of both directions, by Vineyard's formula.

    Hessians of all atoms are taken at the end points and at the highest saddle of every path;
    congruent geometries share one. Where the study's file holds these results, they are renewed
    there.

    Args:
        results: from :func:`~lnmo_atoms.migration.migration_barriers`.
        calculator: the one that gave them.
        study: folder that keeps every evaluation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        progress: called with every change of state of a calculation.

    Returns:
        in the order of ``results``. A hop without a saddle, or whose end point or saddle has the
        wrong number of negative modes, keeps None and a flag that says why.

    Raises:
        RequestError: where the results are of another engine.
    """
    spec = CalculatorSpec.parse(calculator)
    if foreign := {result.engine for result in results} - {spec.engine()}:
        raise RequestError(
            f"the barriers are of {', '.join(sorted(foreign))}, not of {spec.engine()}: "
            "vibrations belong to the same engine"
        )
    with Study.open(study) as open_study, make_executor(executor) as pool:
        open_study.write_provenance(spec, {"workflow": "attempt frequencies"}, sys.argv)
        tasks = hessian_tasks(results, spec)
        distinct = [task for of_hop in tasks for task in of_hop]
        hessians = run_searches(distinct, open_study, pool, progress)
        found = [
            _with_frequencies(result, of_hop, hessians)
            for result, of_hop in zip(results, tasks, strict=True)
        ]
        renew_hops(found, open_study.path / HOPS_FILE)
    return found


def hessian_tasks(
    results: Sequence[HopResult], spec: CalculatorSpec
) -> list[tuple[Task[HessianResult], ...]]:
    """Hessians at the first end point, the highest saddle and the last end point of each path.

    Congruent geometries get one task: all their curvatures are equal.

    Args:
        results: of one engine.
        spec: that engine.

    Returns:
        three tasks for each hop; none for one without a saddle.
    """
    known = Congruent[Task[HessianResult]]()

    def task(name: str, structure: Structure) -> Task[HessianResult]:
        return known.first(structure, Task.hessian(name, structure, spec))

    found: list[tuple[Task[HessianResult], ...]] = []
    for result in results:
        hop, images = result.hop, result.images
        if not result.segments:
            found.append(())
            continue
        saddle = max((segment.saddle for segment in result.segments), key=result.energies.item)
        name = f"{hop.name} {hop.start}-{hop.end}"
        found.append(
            (
                task(f"vibrations {name} first end", images[0]),
                task(f"vibrations {name} saddle", images[saddle]),
                task(f"vibrations {name} last end", images[-1]),
            )
        )
    return found


def _with_frequencies(
    result: HopResult, tasks: Sequence[Task[HessianResult]], hessians: Hessians
) -> HopResult:
    flags = tuple(flag for flag in result.flags if not flag.startswith(NONE_KNOWN))
    try:
        forward, reverse = _frequencies(tasks, hessians)
    except RequestError as error:
        flags = (*flags, f"{NONE_KNOWN}{error}")
        return replace(
            result, attempt_frequency=None, attempt_frequency_reverse=None, flags=flags
        )  # fmt: skip
    return replace(
        result, attempt_frequency=forward, attempt_frequency_reverse=reverse, flags=flags
    )


def _frequencies(tasks: Sequence[Task[HessianResult]], hessians: Hessians) -> tuple[float, float]:
    """S⁻¹, from the first end point and from the last.

    Raises:
        RequestError: where there is no saddle, a calculation failed, or modes are wrong.
    """
    if not tasks:
        raise RequestError("the path has no saddle")
    found = []
    for task in tasks:
        outcome = hessians[task.key]
        if isinstance(outcome, Failure):
            raise RequestError(f"{outcome.name} failed: {outcome.cause}")
        found.append(outcome)
    first, saddle, last = found
    masses = to_atoms(saddle.structure).get_masses()
    return (
        vineyard_frequency(first.hessian, saddle.hessian, masses),
        vineyard_frequency(last.hessian, saddle.hessian, masses),
    )
