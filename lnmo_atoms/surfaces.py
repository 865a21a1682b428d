"""Workflow: surface energies of every termination of the facets asked for."""

import logging
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import PolarError, RequestError
from lnmo_atoms.builders.slabs import (
    Facet,
    Slab,
    distinct_facets,
    facet_name,
    kind_of,
    make_slabs,
    why_not,
)
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.flags import atoms_that_left, moment_changes
from lnmo_atoms.records import SURFACES_FILE, save_surfaces
from lnmo_atoms.reference import (
    BulkReference,
    bulk_reference,
    bulk_task,
    check_bulk,
    known_reference,
)
from lnmo_atoms.results import EV_PER_A2, Failure, SurfaceResult, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

log = logging.getLogger(__name__)

RECONSTRUCTIONS = ("exchanged",)
"""Calculated beside the slabs as cut: the inverse-spinel skin lowers γ of polar facets."""


def surface_energies(
    bulk: Structure,
    facets: Sequence[Sequence[int]] = ((1, 1, 1), (1, 0, 0), (1, 1, 0)),
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    thickness: float = 12.0,
    vacuum: float = 15.0,
    fmax: float = 0.05,
    relax_best: int | None = 2,
    reconstructions: Sequence[str] = RECONSTRUCTIONS,
    progress: Callable[[Progress], None] | None = None,
) -> list[SurfaceResult]:
    """Surface energies of the facets' terminations: all unrelaxed, the best of each facet relaxed.

    The bulk is relaxed with the same engine, its space group checked, the slabs cut from it.

    Args:
        bulk: an ordered crystal with oxidation states and moments.
        facets: Miller indices in the cell of ``bulk``; of equivalent ones the first is calculated.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"emt"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        thickness: Å, least distance between a slab's outermost atoms.
        vacuum: Å.
        fmax: eV/Å, at which a slab counts as relaxed.
        relax_best: terminations of each facet to relax, lowest unrelaxed γ first, and with them the
            lowest of each reconstruction; None relaxes all, 0 none.
        reconstructions: kinds (see :func:`lnmo_atoms.reconstruct`) calculated beside the slabs as
            cut; those that keep the composition.
        progress: called with every change of state of a calculation.

    Returns:
        one result per termination, facet by facet in the order asked, lowest γ first. A
        termination whose calculation failed is missing; the study names it and the cause.

    Raises:
        RequestError: for a wrong request, before anything is calculated.
        CalculationError: where the bulk cannot be relaxed.
    """
    spec = CalculatorSpec.parse(calculator)
    check_bulk(bulk, spec)
    facets, kinds = distinct_facets(facets, bulk), list(reconstructions)
    slabs_of = partial(make_slabs, thickness=thickness, vacuum=vacuum, reconstructions=kinds)
    for facet in facets:
        require_stoichiometric(slabs_of(bulk, facet, choices=1))
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "surface energies",
            "bulk": bulk.composition.element_composition.formula,
            "facets": [list(facet) for facet in facets],
            "thickness_A": thickness,
            "vacuum_A": vacuum,
            "fmax_eV_per_A": fmax,
            "relax_best": relax_best,
            "reconstructions": kinds,
        }
        open_study.write_provenance(spec, options, sys.argv, seeds={"make_slabs": 0})
        reference = bulk_reference(bulk, spec, open_study, pool, progress)
        relaxed = reference.structure
        slabs = [slab for facet in facets for slab in cut(slabs_of, bulk, relaxed, facet)]
        require_stoichiometric(slabs)
        for kind in sorted(set(kinds) - set(RECONSTRUCTIONS)):
            if reason := why_not(slabs, kind):
                log.warning(reason)
        statics = [static_task(slab, spec) for slab in slabs]
        unrelaxed = run_tasks(statics, open_study, pool, progress)
        results = {}
        for slab, task in zip(slabs, statics, strict=True):
            if isinstance(outcome := unrelaxed[task.key], TaskResult):
                results[slab.name] = unrelaxed_result(slab, reference, outcome)
        best = _lowest(list(results.values()), relax_best)
        relaxations = {r.slab.name: relax_task(r.slab, spec, fmax) for r in best}
        outcomes = run_tasks(relaxations.values(), open_study, pool, progress)
        for name, task in relaxations.items():
            in_bulk = moments_in_bulk(results[name].slab, reference)
            results[name] = relaxed_result(results[name], in_bulk, outcomes[task.key])
        found = by_facet_and_gamma(list(results.values()))
        save_surfaces(found, open_study.path / SURFACES_FILE)
    return found


def require_stoichiometric(slabs: Sequence[Slab]) -> None:
    """Refuse slabs whose surface energy depends on chemical potentials.

    Raises:
        RequestError: naming the first.
    """
    for slab in slabs:
        if not slab.certificate.stoichiometric:
            raise RequestError(
                f"slab {slab.name} is off stoichiometry: its surface energy depends on chemical "
                "potentials that no workflow assumes; lnmo slabs writes it"
            )


def cut(
    slabs_of: Callable[[Structure, Facet], list[Slab]],
    bulk: Structure,
    relaxed: Structure,
    facet: Facet,
) -> list[Slab]:
    """Slabs of the relaxed bulk, or of the given positions in its cell.

    The latter where the relaxed positions leave every slab a dipole: in a disordered cell no
    symmetry holds them. The slabs' γ as cut then holds the bulk's own relaxation, too.
    """
    try:
        return slabs_of(relaxed, facet)
    except PolarError:
        log.warning(
            "(%s) is cut from the given positions in the relaxed cell: no symmetry holds the "
            "relaxed ones, and slabs of them keep a dipole; γ as cut includes the relaxation of "
            "the bulk",
            facet_name(facet),
        )
    ideal = Structure(
        relaxed.lattice,
        bulk.species,
        bulk.frac_coords,
        site_properties=bulk.site_properties,
    )
    return slabs_of(ideal, facet)


def plan_surfaces(
    bulk: Structure,
    facets: Sequence[Sequence[int]],
    spec: CalculatorSpec,
    study: Study | None = None,
    *,
    thickness: float = 12.0,
    vacuum: float = 15.0,
    fmax: float = 0.05,
    relax_best: int | None = 2,
    reconstructions: Sequence[str] = RECONSTRUCTIONS,
) -> list[Task]:
    """The calculations that :func:`surface_energies` would do, those that are done included.

    What a study holds of them is built upon: slabs are cut from the relaxed bulk where it is known,
    and else from the given one; the best terminations of each facet are relaxed where all are
    calculated, and else the first stand for them.
    """
    check_bulk(bulk, spec)
    tasks = [bulk_task(bulk, spec)]
    reference = None if study is None else known_reference(bulk, spec, study)
    kinds = list(reconstructions)
    slabs_of = partial(make_slabs, thickness=thickness, vacuum=vacuum, reconstructions=kinds)
    for facet in distinct_facets(facets, bulk):
        relaxed = bulk if reference is None else reference.structure
        slabs = cut(slabs_of, bulk, relaxed, facet)
        require_stoichiometric(slabs)
        statics = [static_task(slab, spec) for slab in slabs]
        outcomes = [None if study is None else study.get(task.key) for task in statics]
        best = _expected_best(slabs, reference, outcomes, relax_best)
        tasks += [*statics, *(relax_task(slab, spec, fmax) for slab in best)]
    return tasks


def _expected_best(
    slabs: Sequence[Slab],
    reference: BulkReference | None,
    outcomes: Sequence[object],
    count: int | None,
) -> Sequence[Slab]:
    """Those of a facet that are relaxed: the best, or the first where not all are calculated."""
    known = [
        unrelaxed_result(slab, reference, outcome)
        for slab, outcome in zip(slabs, outcomes, strict=True)
        if reference is not None and isinstance(outcome, TaskResult)
    ]
    if len(known) < len(slabs):
        return slabs[:count]
    return [result.slab for result in _lowest(known, count)]


def surface_energy(energy: float, slab: Slab, bulk_energy: float) -> float:
    """γ = (E_slab − n E_bulk) / 2A, in J/m².

    Args:
        energy: eV, of the slab.
        slab: its certificate knows n and A.
        bulk_energy: eV per formula unit.

    Raises:
        RequestError: for a slab that is not a whole number of formula units of the bulk.
    """
    certificate = slab.certificate
    if certificate.formula_units is None:
        raise RequestError(
            f"slab {slab.name} is not a whole number of {certificate.formula}: its surface energy "
            "depends on chemical potentials that were not given"
        )
    excess = energy - certificate.formula_units * bulk_energy
    return excess / (2 * certificate.area) * EV_PER_A2


def static_task(slab: Slab, spec: CalculatorSpec) -> Task:
    """Energy of a slab as built."""
    return Task.static(f"static {slab.name}", slab.structure, spec)


def relax_task(slab: Slab, spec: CalculatorSpec, fmax: float) -> Task:
    """Relax the atoms of a slab in its cell."""
    return Task.relax(f"relax {slab.name}", slab.structure, spec, fmax=fmax)


def by_facet_and_gamma(results: Sequence[SurfaceResult]) -> list[SurfaceResult]:
    """Facets in the order they came, in each the lowest γ first, unranked terminations last."""
    order = {facet: i for i, facet in enumerate(dict.fromkeys(r.facet for r in results))}

    def place(result: SurfaceResult) -> tuple[int, bool, float]:
        gamma = result.gamma_unrelaxed if result.gamma is None else result.gamma
        return order[result.facet], not result.ranked, gamma

    return sorted(results, key=place)


def _lowest(results: Sequence[SurfaceResult], count: int | None) -> list[SurfaceResult]:
    """The lowest of each facet as cut, and the lowest of each of its reconstructions."""
    if count is None or count == 0:
        return list(results) if count is None else []
    chosen: list[SurfaceResult] = []
    for result in sorted(results, key=lambda r: r.gamma_unrelaxed):
        of_facet = [other.slab for other in chosen if other.facet == result.facet]
        kind = kind_of(result.slab.termination)
        new_kind = kind and all(kind_of(slab.termination) != kind for slab in of_facet)
        if len(of_facet) < count or new_kind:
            chosen.append(result)
    return chosen


def unrelaxed_result(slab: Slab, reference: BulkReference, static: TaskResult) -> SurfaceResult:
    """The slab with its energy as built."""
    return SurfaceResult(
        slab=slab,
        bulk=reference.structure,
        engine=reference.engine,
        energy_unrelaxed=static.energy,
        energy=None,
        bulk_energy=reference.energy_per_formula,
        gamma_unrelaxed=surface_energy(static.energy, slab, reference.energy_per_formula),
        gamma=None,
        converged=None,
        relaxed=None,
        flags=() if slab.certificate.symmetric else ("its faces differ: γ is the mean of both",),
    )


def moments_in_bulk(slab: Slab, reference: BulkReference) -> NDArray[np.float64] | None:
    """μB that each atom of the slab had in the bulk."""
    if reference.moments is None:
        return None
    moments: NDArray[np.float64] = reference.moments[slab.structure.site_properties["bulk_site"]]
    return moments


def relaxed_result(
    result: SurfaceResult, in_bulk: NDArray[np.float64] | None, outcome: TaskResult | Failure
) -> SurfaceResult:
    """The result with its relaxation, or with the reason why there is none.

    Args:
        result: of the slab as built.
        in_bulk: μB, shape (n,), moments of the slab's atoms in the bulk; None where there are none.
        outcome: of the relaxation.
    """
    if isinstance(outcome, Failure):
        return replace(result, flags=(*result.flags, f"relaxation failed: {outcome.cause}"))
    slab = result.slab
    if not outcome.converged:
        log.warning("%s: not converged after %d steps", slab.name, outcome.steps)
    flags = [
        None if outcome.converged else f"not converged after {outcome.steps} steps",
        atoms_that_left(slab.structure, outcome.structure),
        moment_changes(slab.structure, in_bulk, outcome.moments),
    ]
    return replace(
        result,
        energy=outcome.energy,
        gamma=surface_energy(outcome.energy, slab, result.bulk_energy),
        converged=outcome.converged,
        relaxed=outcome.structure,
        flags=(*result.flags, *filter(None, flags)),
    )
