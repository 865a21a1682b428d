"""The relaxed bulk that workflows start from."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.symmetry import space_group, symmetrized
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.results import Failure, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

BULK_FMAX = 0.01
"""eV/Å; for the cell, volume times stress over the square root of the number of atoms."""
SAME_GROUP = 0.05
"""Å, tolerance within which the relaxed bulk must keep its space group."""


@dataclass(frozen=True)
class BulkReference:
    """The relaxed, symmetrized bulk.

    Attributes:
        structure: geometry with its exact space group.
        energy: eV, of the cell.
        moments: μB, shape (n,), as the engine gives them; None where it has none.
        engine: name and version.
    """

    structure: Structure
    energy: float
    moments: NDArray[np.float64] | None
    engine: str

    @property
    def energy_per_formula(self) -> float:
        """EV per reduced formula unit."""
        composition = self.structure.composition.element_composition
        return self.energy / float(composition.get_reduced_composition_and_factor()[1])


def bulk_task(bulk: Structure, spec: CalculatorSpec) -> Task:
    """Relax cell and atoms."""
    return Task.relax("relax bulk", bulk, spec, fmax=BULK_FMAX, cell=True)


def check_bulk(bulk: Structure, spec: CalculatorSpec) -> None:
    """Refuse a bulk that cannot be calculated, before anything is.

    Raises:
        RequestError: for partial occupancies, a slab, or elements that the engine does not know.
    """
    require_bulk(bulk)
    spec.check({site.specie.symbol for site in bulk})


def check_fmax(fmax: float) -> None:
    """Refuse what is no force at which a relaxation could end.

    Raises:
        RequestError: for a number that is not positive or not finite.
    """
    if not 0 < fmax < inf:
        raise RequestError(f"fmax is a force in eV/Å above 0, not {fmax:g}")


def bulk_reference(
    bulk: Structure,
    spec: CalculatorSpec,
    study: Study,
    executor: Executor,
    progress: Callable[[Progress], None] | None,
) -> BulkReference:
    """Relax the bulk, or take it from the study; judge and symmetrize it.

    Raises:
        CalculationError: where the relaxation failed, did not converge or changed the space group.
    """
    task = bulk_task(bulk, spec)
    result = run_tasks([task], study, executor, progress)[task.key]
    if isinstance(result, Failure):
        raise CalculationError(f"the bulk could not be relaxed: {result.cause}")
    return judged(bulk, result, spec.engine())


def judged(bulk: Structure, result: TaskResult, engine: str) -> BulkReference:
    """The relaxed bulk, symmetrized.

    Args:
        bulk: as given.
        result: of its relaxation.
        engine: name and version.

    Raises:
        CalculationError: where the relaxation did not converge or changed the space group.
    """
    if not result.converged:
        raise CalculationError(
            f"the bulk did not relax to {BULK_FMAX} eV/Å in {result.steps} steps: start from a "
            "better geometry"
        )
    before, after = space_group(bulk), space_group(result.structure, symprec=SAME_GROUP)
    if before.number != after.number:
        raise CalculationError(
            f"the bulk's space group changed from {before.symbol} to {after.symbol} on relaxing: "
            "its surfaces would not be those of the crystal you asked for"
        )
    return BulkReference(
        symmetrized(result.structure, SAME_GROUP), result.energy, result.moments, engine
    )
