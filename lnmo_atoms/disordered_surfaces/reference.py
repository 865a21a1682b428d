"""Random cells of a disordered bulk, relaxed, and the average crystal at their mean volume."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.disorder import random_cells
from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.slabs.stoichiometry import formula_units
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.reference import BULK_FMAX
from lnmo_atoms.results import Failure, TaskResult
from lnmo_atoms.tasks import Task


@dataclass(frozen=True)
class Mean:
    """A mean over random samples.

    Attributes:
        value: in the unit of the samples.
        standard_error: s/√N, with the samples' standard deviation s (N − 1 in its denominator).
    """

    value: float
    standard_error: float


def mean(samples: Sequence[float]) -> Mean:
    """Mean and standard error of independent samples.

    Raises:
        RequestError: for fewer than two.
    """
    if len(samples) < 2:
        raise RequestError("a standard error needs 2 samples at least: ask for more")
    spread = float(np.std(samples, ddof=1))
    return Mean(float(np.mean(samples)), spread / len(samples) ** 0.5)


@dataclass(frozen=True)
class DisorderedReference:
    """What the slabs of a disordered crystal are compared with.

    Attributes:
        structure: the average crystal on ideal positions, scaled to the mean volume of the
            relaxed cells; slabs are cut from it.
        energy: eV per formula unit, relaxed cells.
        ideal_energy: eV per formula unit, the same cells on the ideal positions of ``structure``.
        moments: μB, mean over the relaxed cells by species; None where the engine has none.
        engine: name and version.
    """

    structure: Structure
    energy: Mean
    ideal_energy: Mean
    moments: Mapping[str, float] | None
    engine: str

    def moments_of(self, slab: Structure) -> NDArray[np.float64] | None:
        """μB, shape (n,): mean moment in the bulk of each atom's species."""
        if self.moments is None:
            return None
        return np.array([self.moments[site.species_string] for site in slab])


def relax_cells(bulk: Structure, spec: CalculatorSpec, samples: int, seed: int) -> list[Task]:
    """Relax random cells of the bulk, cell and atoms."""
    return [
        Task.relax(f"relax bulk-s{k}", cell, spec, fmax=BULK_FMAX, cell=True)
        for k, cell in enumerate(random_cells(bulk, samples, seed), 1)
    ]


def static_cells(bulk: Structure, spec: CalculatorSpec, samples: int, seed: int) -> list[Task]:
    """Energies of the same random cells on the ideal positions of the bulk."""
    return [
        Task.static(f"static bulk-s{k}", cell, spec)
        for k, cell in enumerate(random_cells(bulk, samples, seed), 1)
    ]


def disordered_reference(
    bulk: Structure,
    spec: CalculatorSpec,
    samples: int,
    seed: int,
    run: Callable[[Sequence[Task]], Mapping[str, TaskResult | Failure]],
) -> DisorderedReference:
    """Relax random cells of the bulk, and compute them on ideal positions at their mean volume.

    Args:
        bulk: with partially occupied sites.
        spec: the engine.
        samples: random cells, 2 at least.
        seed: of the random generator.
        run: does tasks, and returns what came of them by their keys.

    Raises:
        CalculationError: where a cell failed or did not converge.
    """
    cells = relax_cells(bulk, spec, samples, seed)
    relaxed = _finished(cells, run(cells))
    crystal = _scaled(bulk, relaxed)
    ideal_cells = static_cells(crystal, spec, samples, seed)
    ideal = _finished(ideal_cells, run(ideal_cells))
    return DisorderedReference(
        crystal,
        _mean_energy(bulk, relaxed),
        _mean_energy(bulk, ideal),
        _mean_moments(relaxed),
        spec.engine(),
    )


def _finished(
    tasks: Sequence[Task], outcomes: Mapping[str, TaskResult | Failure]
) -> list[TaskResult]:
    """The results of the bulk's cells, in the order of the tasks.

    Raises:
        CalculationError: where one failed or did not converge: leaving it out would not be random.
    """
    results = []
    for task in tasks:
        outcome = outcomes[task.key]
        if isinstance(outcome, Failure):
            raise CalculationError(f"{task.name} failed: {outcome.cause}")
        if not outcome.converged:
            raise CalculationError(
                f"{task.name} did not reach {BULK_FMAX} eV/Å in {outcome.steps} steps: start from "
                "a better geometry, or with another seed"
            )
        results.append(outcome)
    return results


def _scaled(bulk: Structure, relaxed: Sequence[TaskResult]) -> Structure:
    """The average crystal on its ideal positions, at the mean volume per atom of the cells."""
    volume = float(np.mean([r.structure.volume / len(r.structure) for r in relaxed]))
    crystal = bulk.copy()
    crystal.scale_lattice(volume * len(bulk))
    return crystal


def _mean_energy(bulk: Structure, results: Sequence[TaskResult]) -> Mean:
    """Of the cells, in eV per formula unit of the bulk."""
    units = [
        formula_units(r.structure.composition.get_el_amt_dict(), bulk.composition)[0]
        for r in results
    ]
    return mean([r.energy / n for r, n in zip(results, units, strict=True)])


def _mean_moments(results: Sequence[TaskResult]) -> dict[str, float] | None:
    """Of each species over all cells, in μB; None where the engine has no moments."""
    moments: dict[str, list[float]] = {}
    for result in results:
        if result.moments is None:
            return None
        for site, moment in zip(result.structure, result.moments, strict=True):
            moments.setdefault(site.species_string, []).append(float(moment))
    return {species: float(np.mean(values)) for species, values in moments.items()}
