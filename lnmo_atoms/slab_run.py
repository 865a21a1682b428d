"""Energies of slabs of one crystal, of any thickness, with one engine."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from lnmo_atoms.builders.errors import CalculationError
from lnmo_atoms.builders.slabs import Facet, Slab, make_slabs
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.reference import BulkReference
from lnmo_atoms.results import Failure, SurfaceResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.surfaces import RECONSTRUCTIONS, moments_in_bulk, relaxed_result, unrelaxed_result
from lnmo_atoms.tasks import Task


@dataclass(frozen=True)
class SlabRun:
    """What the calculations of one workflow share.

    Attributes:
        reference: the relaxed bulk.
        spec: the engine.
        study: open.
        executor: any.
        progress: called with every change of state.
        fmax: eV/Å, at which a slab counts as relaxed; None leaves the slabs as built.
    """

    reference: BulkReference
    spec: CalculatorSpec
    study: Study
    executor: Executor
    progress: Callable[[Progress], None] | None
    fmax: float | None

    def lowest_as_built(self, facet: Facet, thickness: float, vacuum: float) -> str:
        """The termination with the lowest unrelaxed γ.

        Raises:
            CalculationError: where all calculations failed.
        """
        bulk = self.reference.structure
        slabs = make_slabs(bulk, facet, thickness, vacuum, reconstructions=RECONSTRUCTIONS)
        built, troubles = replace(self, fmax=None).results(slabs)
        if not built:
            raise CalculationError(f"no termination could be calculated: {troubles[0]}")
        return min(built, key=lambda result: result.gamma_unrelaxed).slab.termination

    def results(self, slabs: Sequence[Slab]) -> tuple[list[SurfaceResult], list[str]]:
        """Calculate slabs.

        Returns:
            a result for each slab whose energy can be used, and a line for each one left out.
        """
        statics = [static_task(slab, self.spec) for slab in slabs]
        relaxations = (
            [] if self.fmax is None else [relax_task(slab, self.spec, self.fmax) for slab in slabs]
        )
        outcomes = run_tasks([*statics, *relaxations], self.study, self.executor, self.progress)
        found, troubles = [], []
        for i, slab in enumerate(slabs):
            static = outcomes[statics[i].key]
            if isinstance(static, Failure):
                troubles.append(f"{_label(slab)} left out: {static.cause}")
                continue
            result = unrelaxed_result(slab, self.reference, static)
            if relaxations:
                result = relaxed_result(
                    result, moments_in_bulk(slab, self.reference), outcomes[relaxations[i].key]
                )
            if relaxations and not result.ranked:
                troubles.append(f"{_label(slab)} left out: {'; '.join(result.flags)}")
            else:
                found.append(result)
        return found, troubles


def _label(slab: Slab) -> str:
    """Slabs of one name differ in thickness here."""
    return f"{slab.name} of {slab.certificate.thickness:.1f} Å"


def static_task(slab: Slab, spec: CalculatorSpec) -> Task:
    """The energy of the slab as built."""
    return Task.static(f"static {_label(slab)}", slab.structure, spec)


def relax_task(slab: Slab, spec: CalculatorSpec, fmax: float) -> Task:
    """Relax its atoms."""
    return Task.relax(f"relax {_label(slab)}", slab.structure, spec, fmax=fmax)
