"""Random cells of the bulk, random slabs of every termination, the best ones relaxed."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.builders.disorder import random_cells
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import (
    Facet,
    Slab,
    disordered_slabs,
    distinct_facets,
)
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.disordered_surfaces.means import means
from lnmo_atoms.disordered_surfaces.reference import (
    DisorderedReference,
    disordered_reference,
    relax_cells,
    static_cells,
)
from lnmo_atoms.executors import make_executor
from lnmo_atoms.records import DISORDERED_SURFACES_FILE, save_disordered_surfaces
from lnmo_atoms.results import DisorderedSurfaceResult, SurfaceResult, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.surfaces import (
    relax_task,
    relaxed_result,
    static_task,
    surface_energy,
)
from lnmo_atoms.tasks import Task


def disordered_surface_energies(
    bulk: Structure,
    facets: Sequence[Sequence[int]] = ((1, 1, 1), (1, 0, 0), (1, 1, 0)),
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    samples: int = 4,
    thickness: float = 12.0,
    vacuum: float = 15.0,
    fmax: float = 0.05,
    relax_best: int | None = 2,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> list[DisorderedSurfaceResult]:
    """Surface energies of a crystal with partially occupied sites, with their standard errors.

    Random cells of the bulk are relaxed, cell and atoms; slabs are cut from the average crystal,
    on its ideal positions at the mean volume of these cells, and decorated at random
    (:func:`disordered_slabs`). With N samples of a termination, each of n formula units and faces
    of A Å²,

        γ  = 16.0218 (⟨E_slab⟩ − n ⟨E_bulk⟩) / 2A               in J/m², energies in eV,
        σ² = s²/N + (16.0218 n σ_bulk / 2A)²                    its standard error squared,

    with s the standard deviation of the samples' γ, and σ_bulk the standard error of the bulk's
    mean energy per formula unit. Unrelaxed slabs are compared with the same bulk cells on ideal
    positions, else γ would grow with the thickness of a slab. The error is that of drawing samples
    alone: it knows nothing of the engine, nor of the small cells in which the disorder repeats.

    Args:
        bulk: crystal with partially occupied sites, such as :func:`average_spinel`.
        facets: Miller indices in the cell of ``bulk``; of equivalent ones the first is calculated.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"emt"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        samples: bulk cells, and slabs of each termination; 2 at least.
        thickness: Å, least distance between a slab's outermost atoms.
        vacuum: Å.
        fmax: eV/Å, at which a slab counts as relaxed.
        relax_best: terminations of each facet to relax, all their samples, lowest unrelaxed γ
            first; None relaxes all.
        seed: of every random choice.
        progress: called with every change of state of a calculation.

    Returns:
        one result per termination, facet by facet in the order asked, lowest γ first. A
        termination with fewer than two calculated samples is missing; the study names the causes.

    Raises:
        RequestError: for a wrong request, before anything is calculated.
        CalculationError: where a cell of the bulk cannot be relaxed.
    """
    spec = CalculatorSpec.parse(calculator)
    facets = _checked(
        bulk, facets, spec, samples=samples, thickness=thickness, vacuum=vacuum, seed=seed
    )
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "disordered surface energies",
            "bulk": bulk.composition.formula,
            "facets": [list(facet) for facet in facets],
            "samples": samples,
            "thickness_A": thickness,
            "vacuum_A": vacuum,
            "fmax_eV_per_A": fmax,
            "relax_best": relax_best,
        }
        open_study.write_provenance(spec, options, sys.argv, seeds={"disordered": seed})
        run = partial(run_tasks, study=open_study, executor=pool, progress=progress)
        reference = disordered_reference(bulk, spec, samples, seed, run)
        slabs = [
            slab
            for facet in facets
            for slab in disordered_slabs(
                reference.structure, facet, thickness, vacuum, samples=samples, seed=seed
            )
        ]
        statics = {slab.name: static_task(slab, spec) for slab in slabs}
        outcomes = run(statics.values())
        unrelaxed = [
            _unrelaxed(slab, reference, outcome)
            for slab in slabs
            if isinstance(outcome := outcomes[statics[slab.name].key], TaskResult)
        ]
        results = means(unrelaxed, reference, samples)
        best = [sample for result in _lowest(results, relax_best) for sample in result.samples]
        relaxations = {s.slab.name: relax_task(s.slab, spec, fmax) for s in best}
        outcomes = run(relaxations.values())
        relaxed = {
            s.slab.name: relaxed_result(
                s,
                reference.moments_of(s.slab.structure),
                outcomes[relaxations[s.slab.name].key],
            )
            for s in best
        }
        every_sample = [relaxed.get(s.slab.name, s) for s in unrelaxed]
        found = _by_facet_and_gamma(means(every_sample, reference, samples))
        save_disordered_surfaces(found, open_study.path / DISORDERED_SURFACES_FILE)
    return found


def plan_disordered_surfaces(
    bulk: Structure,
    facets: Sequence[Sequence[int]],
    spec: CalculatorSpec,
    *,
    samples: int = 4,
    thickness: float = 12.0,
    vacuum: float = 15.0,
    fmax: float = 0.05,
    relax_best: int | None = 2,
    seed: int = 0,
) -> list[Task]:
    """The calculations that :func:`disordered_surface_energies` would do, at the given lattice.

    Which terminations are relaxed is known only after the unrelaxed ones: the first of each facet
    stand for them.
    """
    distinct = _checked(
        bulk, facets, spec, samples=samples, thickness=thickness, vacuum=vacuum, seed=seed
    )
    tasks = relax_cells(bulk, spec, samples, seed) + static_cells(bulk, spec, samples, seed)
    for facet in distinct:
        slabs = disordered_slabs(bulk, facet, thickness, vacuum, samples=samples, seed=seed)
        relaxed = None if relax_best is None else relax_best * samples
        tasks += [static_task(slab, spec) for slab in slabs]
        tasks += [relax_task(slab, spec, fmax) for slab in slabs[:relaxed]]
    return tasks


def _checked(
    bulk: Structure,
    facets: Sequence[Sequence[int]],
    spec: CalculatorSpec,
    *,
    samples: int,
    thickness: float,
    vacuum: float,
    seed: int,
) -> list[Facet]:
    """The distinct facets, after building what could be refused.

    Raises:
        RequestError: for a request that cannot be met.
    """
    if samples < 2:
        raise RequestError(f"a standard error needs 2 samples at least, not {samples}")
    random_cells(bulk, 1, seed=0)
    spec.check({species.symbol for site in bulk for species in site.species})
    distinct = distinct_facets(facets, bulk)
    for facet in distinct:
        disordered_slabs(bulk, facet, thickness, vacuum, samples=1, seed=seed)
    return distinct


def _unrelaxed(slab: Slab, reference: DisorderedReference, static: TaskResult) -> SurfaceResult:
    return SurfaceResult(
        slab=slab,
        bulk=reference.structure,
        engine=reference.engine,
        energy_unrelaxed=static.energy,
        energy=None,
        bulk_energy=reference.energy.value,
        gamma_unrelaxed=surface_energy(static.energy, slab, reference.ideal_energy.value),
        gamma=None,
        converged=None,
        relaxed=None,
    )


def _by_facet_and_gamma(
    results: Sequence[DisorderedSurfaceResult],
) -> list[DisorderedSurfaceResult]:
    """Facets in the order they came, in each the lowest γ first, unrelaxed terminations last."""
    order = {facet: i for i, facet in enumerate(dict.fromkeys(r.facet for r in results))}

    def place(result: DisorderedSurfaceResult) -> tuple[int, bool, float]:
        gamma = result.gamma_unrelaxed if result.gamma is None else result.gamma
        return order[result.facet], result.gamma is None, gamma

    return sorted(results, key=place)


def _lowest(
    results: Sequence[DisorderedSurfaceResult], count: int | None
) -> list[DisorderedSurfaceResult]:
    """The terminations of each facet with the lowest unrelaxed γ."""
    by_facet: dict[Facet, list[DisorderedSurfaceResult]] = {}
    for result in sorted(results, key=lambda r: r.gamma_unrelaxed):
        by_facet.setdefault(result.facet, []).append(result)
    return [result for group in by_facet.values() for result in group[:count]]
