"""Workflow: migration barriers of Li vacancies through empty octahedra."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.hops import Hop, find_hops
from lnmo_atoms.builders.paths import (
    Displacements,
    closest,
    displacements,
    equivalent_sites,
    path_images,
    transported,
    vacancy_cell,
)
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.flags import moment_changes
from lnmo_atoms.records import HOPS_FILE, save_hops
from lnmo_atoms.reference import bulk_reference, bulk_task, check_bulk
from lnmo_atoms.results import BandResult, Failure, HopResult, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

log = logging.getLogger(__name__)

END_POINT_FMAX = 0.02
"""eV/Å; an end point's error enters the barrier in full."""
LEAST_SEPARATION = 8.0
"""Å, between periodic images of a vacancy, below which they feel each other."""
ANOTHER_BASIN = 1.0
"""Å, an atom that moved farther than this when an end point relaxed did not stay in its site."""


def migration_barriers(
    bulk: Structure,
    hops: Sequence[Hop] | None = None,
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    images: int = 7,
    fmax: float = 0.05,
    progress: Callable[[Progress], None] | None = None,
) -> list[HopResult]:
    """Barrier of every hop of a single Li vacancy, by climbing-image bands through the octahedron.

    The bulk is relaxed with the same engine; symmetry-equivalent vacancies are relaxed once. The
    cell stays neutral; no ion's change of valence is imposed or resolved.

    Args:
        bulk: a crystal with whole atoms, at least about 8 Å wide: its cell is the defect's cell.
        hops: from :func:`find_hops` on ``bulk``; None finds all symmetry-distinct ones.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        images: of each band, end points included; odd.
        fmax: eV/Å, across the band.
        progress: called with every change of state of a calculation.

    Returns:
        one result per hop in the order of ``hops``. A hop whose calculation failed is missing; the
        study names it and the cause.

    Raises:
        RequestError: for a wrong request, before anything is calculated.
        CalculationError: where the bulk cannot be relaxed.
    """
    spec = CalculatorSpec.parse(calculator)
    check_bulk(bulk, spec)
    hops = find_hops(bulk) if hops is None else list(hops)
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "migration barriers",
            "bulk": bulk.composition.element_composition.formula,
            "hops": [hop.label for hop in hops],
            "images": images,
            "fmax_eV_per_A": fmax,
        }
        open_study.write_provenance(spec, options, sys.argv)
        reference = bulk_reference(bulk, spec, open_study, pool, progress)
        crystal = reference.structure
        vacancies = _Vacancies(crystal, hops, spec)
        relaxed = run_tasks(vacancies.tasks.values(), open_study, pool, progress)
        guesses = vacancies.paths(relaxed, images)
        bands = {i: _band_task(path, hops[i], spec, fmax) for i, path in guesses.items()}
        outcomes = run_tasks(bands.values(), open_study, pool, progress)
        results = []
        for i, task in bands.items():
            if isinstance(outcome := outcomes[task.key], BandResult):
                flags = vacancies.flags(hops[i], relaxed) + _band_flags(outcome)
                results.append(_result(crystal, hops[i], outcome, reference.engine, flags))
        save_hops(results, crystal, open_study.path / HOPS_FILE)
    return results


def plan_migration(
    bulk: Structure,
    spec: CalculatorSpec,
    hops: Sequence[Hop] | None = None,
    *,
    images: int = 7,
    fmax: float = 0.05,
) -> list[Task]:
    """The calculations that :func:`migration_barriers` would do, on the unrelaxed bulk."""
    check_bulk(bulk, spec)
    hops = find_hops(bulk) if hops is None else list(hops)
    still = np.zeros((len(bulk), 3))
    return [
        bulk_task(bulk, spec),
        *_Vacancies(bulk, hops, spec).tasks.values(),
        *(
            _band_task(path_images(bulk, hop, still, still, images), hop, spec, fmax)
            for hop in hops
        ),
    ]


class _Vacancies:
    """End points of hops: each symmetry-distinct vacancy is relaxed once and serves all.

    Attributes:
        tasks: relaxations by the site left vacant.
    """

    def __init__(self, crystal: Structure, hops: Sequence[Hop], spec: CalculatorSpec) -> None:
        self._crystal, self._hops = crystal, hops
        self._same = [int(site) for site in equivalent_sites(crystal)]
        needed = sorted({self._same[site] for hop in hops for site in (hop.start, hop.end)})
        self.tasks = {
            site: Task.relax(
                f"relax {crystal[site].specie.symbol} vacancy {site}",
                vacancy_cell(crystal, site),
                spec,
                fmax=END_POINT_FMAX,
            )
            for site in needed
        }

    def paths(
        self, relaxed: Mapping[str, TaskResult | Failure], images: int
    ) -> dict[int, list[Structure]]:
        """First guesses of the paths by the hop's number, where its end points are relaxed."""
        around = {
            site: displacements(self._crystal, outcome.structure, site)
            for site, task in self.tasks.items()
            if isinstance(outcome := relaxed[task.key], TaskResult)
        }

        def equivalents(site: int) -> list[Displacements]:
            return transported(self._crystal, around[self._same[site]], self._same[site], site)

        return {
            i: path_images(
                self._crystal, hop, *closest(equivalents(hop.end), equivalents(hop.start)), images
            )
            for i, hop in enumerate(self._hops)
            if {self._same[hop.start], self._same[hop.end]} <= set(around)
        }

    def flags(self, hop: Hop, relaxed: Mapping[str, TaskResult | Failure]) -> list[str]:
        """What is doubtful about a hop's end points: unconverged, elsewhere, too close together."""
        separation = _least_image_distance(self._crystal)
        flags = []
        if separation < LEAST_SEPARATION:
            flags.append(
                f"vacancy images are {separation:.1f} Å apart, less than {LEAST_SEPARATION:.0f} Å: "
                "take a larger cell"
            )
        for site in sorted({self._same[hop.start], self._same[hop.end]}):
            outcome = relaxed[self.tasks[site].key]
            if isinstance(outcome, TaskResult):
                flags += self._doubts(site, outcome)
        return flags

    def _doubts(self, site: int, outcome: TaskResult) -> list[str]:
        """Of one relaxed vacancy."""
        doubts = []
        if not outcome.converged:
            doubts.append(f"end point with vacancy {site} did not converge")
        shift = displacements(self._crystal, outcome.structure, site)
        distances = np.linalg.norm(shift @ self._crystal.lattice.matrix, axis=1)
        farthest = int(distances.argmax())
        if distances[farthest] > ANOTHER_BASIN:
            doubts.append(
                f"end point with vacancy {site} relaxed into another basin: "
                f"{self._crystal[farthest].specie.symbol} {farthest} moved "
                f"{distances[farthest]:.1f} Å"
            )
        return doubts


def _band_task(images: Sequence[Structure], hop: Hop, spec: CalculatorSpec, fmax: float) -> Task:
    return Task.band(f"band {hop.name} {hop.start}-{hop.end}", images, spec, fmax=fmax)


def _least_image_distance(crystal: Structure) -> float:
    """Å, the shortest lattice vector."""
    cells = np.array(np.meshgrid(*[range(-2, 3)] * 3)).reshape(3, -1).T
    lengths = np.linalg.norm(cells @ crystal.lattice.matrix, axis=1)
    return float(np.sort(lengths)[1])


def _band_flags(band: BandResult) -> list[str]:
    """What is doubtful about the path: unconverged, an intermediate minimum, moments that jump."""
    if not band.converged:
        log.warning("a band did not converge in %d steps: its barrier is not final", band.steps)
    flags = [] if band.converged else [f"band not converged after {band.steps} steps"]
    inner = band.energies[1:-1]
    if ((inner[1:-1] < inner[:-2] - 1e-3) & (inner[1:-1] < inner[2:] - 1e-3)).any():
        flags.append("the path has an intermediate minimum: the barrier is its highest saddle")
    if band.moments is not None:
        for i, (before, after) in enumerate(zip(band.moments, band.moments[1:], strict=False)):
            if change := moment_changes(band.images[0], before, after):
                flags.append(f"between images {i} and {i + 1}: {change}")
    return flags


def _result(
    crystal: Structure, hop: Hop, band: BandResult, engine: str, flags: Sequence[str]
) -> HopResult:
    """Barriers and profile of a band; the path's length is the moving ion's."""
    ion = hop.start if hop.start < hop.end else hop.start - 1
    way = np.array([image.frac_coords[ion] for image in band.images])
    matrix = crystal.lattice.matrix
    path = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0) @ matrix, axis=1))])
    to_centre = np.linalg.norm((way - hop.octahedron) @ matrix, axis=1)
    energies = band.energies - band.energies[0]
    middle, top = int(to_centre.argmin()), int(energies.argmax())
    return HopResult(
        hop=hop,
        engine=engine,
        mode="one vacancy",
        method="band",
        energy=float(band.energies[0]),
        barrier=float(energies.max()),
        barrier_reverse=float(energies.max() - energies[-1]),
        octahedron="saddle" if middle == top else "slope",
        octahedron_energy=float(energies[middle]),
        segments=(),
        curvatures=None,
        path=path,
        energies=energies,
        images=band.images,
        moments=band.moments,
        converged=band.converged,
        path_calls=band.force_calls,
        proof_calls=0,
        flags=tuple(flags),
    )
