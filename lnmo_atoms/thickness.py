"""Workflow: surface energy of one termination from slabs of growing thickness."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import cast

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.slabs import Facet, Slab, distinct_facets, growing_slabs, make_slabs
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.records import THICKNESS_FILE, save_thickness
from lnmo_atoms.reference import bulk_reference, bulk_task, check_bulk
from lnmo_atoms.results import SurfaceResult, ThicknessFit, ThicknessResult
from lnmo_atoms.runner import Progress
from lnmo_atoms.slab_run import SlabRun, relax_task, static_task
from lnmo_atoms.store import Study
from lnmo_atoms.surfaces import RECONSTRUCTIONS
from lnmo_atoms.tasks import Task
from lnmo_atoms.thickness_fit import FEWEST, fit_surface_energy

AT_A_TIME = 2
"""Slabs added before the next fit."""
NEGLIGIBLE = 1e-3
"""J/m²; a smaller shift of γ is not worth a word, however small the error is."""
LARGEST_THICKNESS = 200.0
"""Å."""


def converge_thickness(  # noqa: PLR0917
    bulk: Structure,
    facet: Sequence[int],
    termination: str | None = None,
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    start: float = 8.0,
    tolerance: float = 0.02,
    thickest: float = 40.0,
    vacuum: float = 15.0,
    relax: bool = True,
    fmax: float = 0.05,
    progress: Callable[[Progress], None] | None = None,
) -> ThicknessResult:
    """Surface energy of a termination, with slabs added until its error is within the tolerance.

    The bulk is relaxed with the same engine, three slabs are cut and calculated, and fitted by
    :func:`lnmo_atoms.thickness_fit.fit_surface_energy`; then two thicker ones at a time.

    Args:
        bulk: an ordered crystal with oxidation states and moments.
        facet: Miller indices in the cell of ``bulk``.
        termination: as :func:`lnmo_atoms.make_slabs` names it; None takes the one with the lowest
            unrelaxed γ at the thickness ``start``.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"emt"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        start: Å, least thickness of the thinnest slab.
        tolerance: J/m², 95 % error of γ at which no more slabs are added.
        thickest: Å, no slab is thicker; without the tolerance met, the result is not converged.
        vacuum: Å.
        relax: relax the slabs; else their energies as built are fitted.
        fmax: eV/Å, at which a slab counts as relaxed.
        progress: called with every change of state of a calculation.

    Raises:
        RequestError: for a wrong request, before anything is calculated; or for a termination that
            is not the same surface at every thickness.
        CalculationError: where the bulk cannot be relaxed, or fewer than three slabs have energies.
    """
    spec = CalculatorSpec.parse(calculator)
    check_bulk(bulk, spec)
    _check_numbers(start, tolerance, thickest, fmax)
    (indices,) = distinct_facets([facet], bulk)
    _first_slabs(bulk, indices, termination, start=start, thickest=thickest, vacuum=vacuum)
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "surface energy by thickness",
            "bulk": bulk.composition.element_composition.formula,
            "facet": list(indices),
            "termination": termination,
            "start_A": start,
            "tolerance_J_per_m2": tolerance,
            "thickest_A": thickest,
            "vacuum_A": vacuum,
            "relax": relax,
            "fmax_eV_per_A": fmax,
        }
        open_study.write_provenance(spec, options, sys.argv, seeds={"make_slabs": 0})
        reference = bulk_reference(bulk, spec, open_study, pool, progress)
        run = SlabRun(reference, spec, open_study, pool, progress, fmax if relax else None)
        name = termination or run.lowest_as_built(indices, start, vacuum)
        slabs = growing_slabs(
            reference.structure, indices, name, start=start, thickest=thickest, vacuum=vacuum
        )
        result = _grow(run, slabs, tolerance)
        save_thickness(result, open_study.path / THICKNESS_FILE)
    return result


def plan_thickness(
    bulk: Structure,
    facet: Sequence[int],
    termination: str | None,
    spec: CalculatorSpec,
    *,
    start: float = 8.0,
    tolerance: float = 0.02,
    thickest: float = 40.0,
    vacuum: float = 15.0,
    relax: bool = True,
    fmax: float = 0.05,
) -> list[Task]:
    """The calculations that :func:`converge_thickness` would begin with, three slabs of them.

    They are cut from the unrelaxed bulk. Which termination is the best as built is known only
    after the calculation: the first one stands for it.
    """
    check_bulk(bulk, spec)
    _check_numbers(start, tolerance, thickest, fmax)
    (indices,) = distinct_facets([facet], bulk)
    slabs = _first_slabs(bulk, indices, termination, start=start, thickest=thickest, vacuum=vacuum)
    candidates = (
        []
        if termination
        else make_slabs(bulk, indices, start, vacuum, reconstructions=RECONSTRUCTIONS)
    )
    tasks = [bulk_task(bulk, spec), *(static_task(slab, spec) for slab in [*candidates, *slabs])]
    return tasks + [relax_task(slab, spec, fmax) for slab in slabs if relax]


def _grow(run: SlabRun, slabs: Iterator[Slab], tolerance: float) -> ThicknessResult:
    """Calculate ever thicker slabs until the error is within the tolerance.

    Raises:
        CalculationError: where fewer than three slabs have energies.
    """
    results: list[SurfaceResult] = []
    flags: list[str] = []
    batch = list(islice(slabs, FEWEST))
    while batch:
        found, troubles = run.results(batch)
        results, flags = results + found, flags + troubles
        fits = _fits(results)
        if not found or (fits and fits[-1].error <= tolerance):
            break
        batch = list(islice(slabs, AT_A_TIME))
    if len(results) < FEWEST:
        raise CalculationError(
            f"only {len(results)} slabs have an energy, a fit needs {FEWEST}: {'; '.join(flags)}"
        )
    grown = ThicknessResult(tuple(results), fits, tolerance)
    return replace(grown, flags=(*flags, *_doubts(grown)))


def _fits(results: Sequence[SurfaceResult]) -> tuple[ThicknessFit, ...]:
    """Through the first three slabs, the first four, …, all."""
    certificates = [result.slab.certificate for result in results]
    units = [cast("int", certificate.formula_units) for certificate in certificates]
    energies = [r.energy_unrelaxed if r.energy is None else r.energy for r in results]
    return tuple(
        fit_surface_energy(units[:n], energies[:n], certificates[0].area)
        for n in range(FEWEST, len(results) + 1)
    )


def _doubts(result: ThicknessResult) -> list[str]:
    """A slope that the relaxed bulk contradicts by more than the error."""
    if abs(result.bulk_shift) <= max(result.error, NEGLIGIBLE):
        return []
    doubt = (
        f"the slope of the fit is {1000 * result.bulk_difference:+.1f} meV per formula unit from "
        f"the relaxed bulk's energy, with which γ would change by {result.bulk_shift:+.3f} J/m²: "
        "the inside of these slabs is not that bulk, or not yet"
    )
    return [doubt]


def _first_slabs(
    bulk: Structure,
    facet: Facet,
    termination: str | None,
    *,
    start: float,
    thickest: float,
    vacuum: float,
) -> list[Slab]:
    """The three slabs that a fit begins with; of a termination yet unknown, those of the first.

    Raises:
        RequestError: where there are no three.
    """
    name = termination or make_slabs(bulk, facet, start, vacuum)[0].termination
    growing = growing_slabs(bulk, facet, name, start=start, thickest=thickest, vacuum=vacuum)
    slabs = list(islice(growing, FEWEST))
    if len(slabs) < FEWEST:
        raise RequestError(
            f"there are only {len(slabs)} slabs between {start:g} and {thickest:g} Å, a fit needs "
            f"{FEWEST}: allow thicker ones"
        )
    return slabs


def _check_numbers(start: float, tolerance: float, thickest: float, fmax: float) -> None:
    if not 0 < start < thickest <= LARGEST_THICKNESS:
        raise RequestError(
            "the thinnest and the thickest slab are lengths in Å, above 0 and at most "
            f"{LARGEST_THICKNESS:g}, the thinnest first: not {start:g} and {thickest:g}"
        )
    if not (tolerance > 0 and fmax > 0):
        raise RequestError("the tolerance in J/m² and fmax in eV/Å must be above 0")
