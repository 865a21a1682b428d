"""The finished folders of a hand-off together: do they match, and what do they give."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.migration.crystal import Host
from lnmo_atoms.migration.end_points import Guess
from lnmo_atoms.migration.workflow import Judge, band_task
from lnmo_atoms.reference import BULK_FMAX, BulkReference, bulk_task
from lnmo_atoms.results import BandResult, Failure, HopResult, SurfaceResult, TaskResult
from lnmo_atoms.surfaces import (
    by_facet_and_gamma,
    moments_in_bulk,
    relax_task,
    relaxed_result,
    static_task,
    unrelaxed_result,
)
from lnmo_atoms.tasks import Task
from lnmo_atoms.vasp.folder import Finished
from lnmo_atoms.vasp.manifest import Calculation, Plan
from lnmo_atoms.vasp.stages import Hopping

RESTARTED = "the run began at a later geometry: γ as cut is of that one"
UNSETTLED = "the electrons of the first geometry did not converge: γ as cut is not to be trusted"
UNCORRECTED = "LDIPOL is .FALSE., exported .TRUE.: its faces differ, and have a dipole"
HIGHEST_IMAGE = (
    "the saddle is the highest image of the band: exact where VASP has the VTST tools, whose "
    "LCLIMB lets it climb; else a lower bound"
)
"""Not of a path that is its own mirror image: symmetry holds its middle image on the ridge."""


@dataclass(frozen=True)
class Collection:
    """Finished folders of one plan, by their names.

    Attributes:
        plan: what they are.
        runs: one geometry of each, or the images between the end points of a path.
    """

    plan: Plan
    runs: Mapping[str, Sequence[Finished]]

    def _of(self, kind: str) -> Iterator[tuple[Calculation, Sequence[Finished]]]:
        for calculation in self.plan.calculations:
            if calculation.kind == kind and calculation.folder in self.runs:
                yield calculation, self.runs[calculation.folder]

    @cached_property
    def bulk(self) -> Finished | None:
        """The reference, in the cell of all others; None as long as it is not relaxed."""
        found = [runs[0] for _, runs in self._of("bulk") if runs[0].relaxed]
        return found[0] if found else None

    @cached_property
    def spec(self) -> CalculatorSpec | None:
        """The engine as the bulk was calculated with it."""
        return None if self.bulk is None else self.bulk.run.settings.spec()

    @cached_property
    def hopping(self) -> Hopping | None:
        """The hops and their end points; None as long as there are none."""
        if not self.plan.hops or self.plan.crystal is None or self.spec is None:
            return None
        return Hopping(self.plan, self.spec)

    def mismatches(self) -> Iterator[tuple[str, str]]:
        """Folder and line of everything that makes energies incomparable."""
        for calculation in self.plan.calculations:
            runs = self.runs.get(calculation.folder, ())
            other, its = self._partner(calculation)
            polar = calculation.slab is not None and not calculation.slab.certificate.symmetric
            if polar and not all(run.run.dipole for run in runs):
                yield calculation.folder, UNCORRECTED
            for line in dict.fromkeys(
                line for run in runs if other is not None for line in _differences(run, other, its)
            ):
                yield calculation.folder, line

    def _partner(self, calculation: Calculation) -> tuple[Finished | None, str]:
        """Whose energy this one's is compared with."""
        if calculation.kind != "hop":
            return self.bulk, "the bulk"
        ends = [runs[0] for _, runs in self._of("end point")]
        return (ends[0] if ends else None), "the end points"

    def matching(self) -> "Collection":
        """Without the folders whose energies are incomparable."""
        bad = {folder for folder, _ in self.mismatches()}
        return replace(self, runs={k: runs for k, runs in self.runs.items() if k not in bad})

    @cached_property
    def relaxed(self) -> dict[str, TaskResult | Failure]:
        """Outcome of every end point by its task's key."""
        if self.hopping is None:
            return {}
        tasks = list(self.hopping.ends.tasks.values())
        known = {c.number: runs[0].result for c, runs in self._of("end point")}
        return {
            task.key: known.get(number) or Failure(task.name, "not finished")
            for number, task in enumerate(tasks)
        }

    def guess(self, number: int) -> Guess | None:
        """The path of a hop between its relaxed end points; None as long as one is missing."""
        if self.hopping is None:
            return None
        ends = self.hopping.ends
        if any(isinstance(end, Failure) or not end.converged for end in self._ends(number)):
            return None
        return ends.guess(number, self.relaxed, self.plan.images)

    def _ends(self, number: int) -> list[TaskResult | Failure]:
        return [] if self.hopping is None else self.hopping.ends.outcomes(number, self.relaxed)

    @cached_property
    def paths(self) -> dict[int, tuple[Guess, BandResult]]:
        """The finished paths by the number of their hop."""
        found = {}
        for calculation, runs in self._of("hop"):
            number = calculation.number or 0
            if (guess := self.guess(number)) is not None:
                found[number] = guess, _band(guess, runs)
        return found

    def tasks(self) -> Iterator[tuple[Task[Any], TaskResult | BandResult]]:
        """Every finished calculation as the task that it did, for the study's database."""
        spec, plan = self.spec, self.plan
        if spec is None or plan.crystal is None:
            return
        for _, runs in self._of("cell"):
            yield bulk_task(plan.bulk, spec), runs[0].result
        for _, runs in self._of("bulk"):
            name, crystal = "relax bulk in its cell", plan.crystal
            yield Task.relax(name, crystal, spec, fmax=BULK_FMAX), runs[0].result
        yield from self._slab_tasks(spec)
        if self.hopping is not None:
            for task in self.hopping.ends.tasks.values():
                if isinstance(outcome := self.relaxed[task.key], TaskResult):
                    yield task, outcome
        for number, (guess, band) in self.paths.items():
            yield band_task(guess, plan.hops[number], spec, plan.fmax), band

    def _slab_tasks(self, spec: CalculatorSpec) -> Iterator[tuple[Task[TaskResult], TaskResult]]:
        for calculation, (run,) in self._of("slab"):
            if (slab := calculation.slab) is not None:
                if run.as_cut:
                    yield static_task(slab, spec), run.first
                yield relax_task(slab, spec, self.plan.fmax), run.result

    def surfaces(self) -> list[SurfaceResult]:
        """Surface energies of the finished slabs, as of any engine."""
        if self.bulk is None or self.spec is None or self.plan.crystal is None:
            return []
        reference = BulkReference(
            self.plan.crystal, self.bulk.run.energy, self.bulk.run.moments, self.spec.engine()
        )
        found = []
        for calculation, (run,) in self._of("slab"):
            if (slab := calculation.slab) is None:
                continue
            result = unrelaxed_result(slab, reference, run.first)
            result = replace(result, flags=(*result.flags, *_flags(run)))
            found.append(relaxed_result(result, moments_in_bulk(slab, reference), run.result))
        return by_facet_and_gamma(found)

    def barriers(self) -> list[HopResult]:
        """Barriers of the finished paths, as of any engine."""
        if self.hopping is None or self.bulk is None or self.spec is None:
            return []
        cell, moments = self.hopping.cell, self.bulk.run.moments
        repeats = len(cell.structure) // len(cell.bulk)
        host = Host(
            cell, self.spec.engine(), None if moments is None else np.repeat(moments, repeats)
        )
        judge = Judge(host, self.hopping.ends, self.relaxed, self.hopping.mode)
        found = []
        for number, (guess, band) in sorted(self.paths.items()):
            shown, hop = self.plan.hops[number], self.hopping.hops[number]
            result = judge.result(number, shown, hop, replace(guess, mirror=None), band)
            middle = int(band.energies.argmax()) == len(band.energies) // 2
            if guess.mirror is None or not middle:
                result = replace(result, flags=(*result.flags, HIGHEST_IMAGE))
            found.append(result)
        return found


def _flags(run: Finished) -> Iterator[str]:
    """What a user must know of a slab's run."""
    if run.restarted:
        yield RESTARTED
    if not run.run.first_electronic:
        yield UNSETTLED
    if held := int((~run.run.free.all(axis=1)).sum()):
        yield f"{held} of {len(run.structure)} atoms were held in place: γ is of a slab so held"


def _differences(run: Finished, other: Finished, its: str) -> Iterator[str]:
    if run is other:
        return
    yield from run.run.settings.differences(other.run.settings, its)
    if not run.sampling.matches(other.sampling):
        yield (
            f"no spacing of k-points gives both its mesh, {run.sampling}, and that of {its}, "
            f"{other.sampling}"
        )


def _band(guess: Guess, runs: Sequence[Finished]) -> BandResult:
    """The path through the images; extrema of the energy stand for its stationary points."""
    first, last = guess.end_energies
    energies = np.array([first, *(run.run.energy for run in runs), last])
    inner = [_kind(*energies[i - 1 : i + 2]) for i in range(1, len(runs) + 1)]
    moments = [run.run.moments for run in runs if run.run.moments is not None]
    return BandResult(
        images=(guess.images[0], *(run.result.structure for run in runs), guess.images[-1]),
        energies=energies,
        kinds=("end", *inner, "end"),
        curvatures=None,
        curvature_errors=None,
        moments=np.array(moments) if len(moments) == len(runs) else None,
        converged=all(run.relaxed for run in runs),
        path_calls=sum(run.run.steps for run in runs),
        proof_calls=0,
        seconds=max(run.run.seconds for run in runs),
    )


def _kind(before: float, here: float, after: float) -> str:
    """Of an image between two others, by their energies."""
    extremum = here > max(before, after) or here < min(before, after)
    return "stationary" if extremum else "flank"
