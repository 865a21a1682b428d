"""Read what VASP has finished into a study, and write the folders that follow from it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.flags import moment_changes
from lnmo_atoms.formats.sites import moments
from lnmo_atoms.records import (
    HOPS_FILE,
    SURFACES_FILE,
    load_hop_bulk,
    load_hops,
    load_surfaces,
    save_hops,
    save_surfaces,
)
from lnmo_atoms.reference import judged
from lnmo_atoms.results import HopResult, SurfaceResult
from lnmo_atoms.store import Study
from lnmo_atoms.store.provenance import COLLECTION
from lnmo_atoms.vasp.collection import Collection
from lnmo_atoms.vasp.export import hand_off
from lnmo_atoms.vasp.folder import Finished, finished
from lnmo_atoms.vasp.manifest import Calculation, Plan, load_plan, log
from lnmo_atoms.vasp.stages import crystal_stage, path_stage

ENGINE = "VASP"


@dataclass(frozen=True)
class Finding:
    """Where one folder stands.

    Attributes:
        folder: its name.
        kind: of its calculation.
        energy: eV, of the last geometry; None without one, and of a path whose images between the
            end points are several.
        steps: geometries; None without any.
        troubles: one line each: what is missing, unconverged, or does not match.
    """

    folder: str
    kind: str
    energy: float | None = None
    steps: int | None = None
    troubles: tuple[str, ...] = ()

    def but(self, trouble: str) -> "Finding":
        """With a further trouble."""
        return replace(self, troubles=(*self.troubles, trouble))


@dataclass(frozen=True)
class Collected:
    """What a hand-off has given so far.

    Attributes:
        surfaces: of the finished slabs that match the bulk.
        hops: of the finished paths that match their end points.
        findings: one of each folder that was there, in order.
        written: folders that can be calculated now.
    """

    surfaces: tuple[SurfaceResult, ...]
    hops: tuple[HopResult, ...]
    findings: tuple[Finding, ...]
    written: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Nothing is left to calculate, and nothing went wrong."""
        return not self.written and not any(finding.troubles for finding in self.findings)


def collect_vasp(folder: Path | str, study: Study | Path | str | None = None) -> Collected:
    """Read the finished folders of a hand-off into a study, and write those that follow.

    Energies are used where the run is that of the exported atoms in their order, its cell is
    neutral and under no pressure, its electrons are converged, and everything that decides an
    energy is as in the bulk: cutoff, functional, U, J and their shell, potentials, spin, LASPH,
    precision, projection, smearing, spacing of the k-points, dispersion, and every other tag of
    :data:`lnmo_atoms.vasp.settings.DEFAULTS`. A tag of which a file does not tell has VASP's
    default; of dispersion (IVDW) and of a STOPCAR only OUTCAR tells, which is best brought back
    beside ``vasprun.xml``.

    A run that is not relaxed as far as it was exported to be keeps its numbers but is never ranked,
    see :func:`lnmo_atoms.vasp.relaxation.shortfall`.

    Args:
        folder: from :func:`export_vasp`.
        study: folder that keeps the results as those of any engine.

    Raises:
        RequestError: where there is no hand-off in the folder, or the study is of another engine.
    """
    root = Path(folder)
    plan = load_plan(root)
    findings: dict[str, Finding] = {}
    runs: dict[str, list[Finished]] = {}
    for calculation in plan.calculations:
        name = calculation.folder
        try:
            runs[name] = finished(calculation, plan, root)
        except RequestError as error:
            findings[name] = Finding(name, calculation.kind, troubles=(str(error),))
        else:
            findings[name] = _finding(calculation, runs[name])
    everything = Collection(plan, runs)
    for name, line in everything.mismatches():
        findings[name] = findings[name].but(line)
    usable = everything.matching()
    surfaces, hops = _keep(usable, root, study)
    try:
        following, stage = _following(usable)
    except (CalculationError, RequestError) as error:
        name = plan.calculations[0].folder
        findings[name], following, stage = findings[name].but(str(error)), plan, []
    written = hand_off(following, stage, root) if stage else []
    return Collected(
        tuple(surfaces),
        tuple(hops),
        tuple(findings.values()),
        tuple(calculation.folder for calculation in written),
    )


def _finding(calculation: Calculation, runs: Sequence[Finished]) -> Finding:
    """A folder that VASP has finished, converged or not."""
    energy = runs[0].run.energy if len(runs) == 1 else None
    steps = max(run.run.steps for run in runs)
    finding = Finding(calculation.folder, calculation.kind, energy, steps)
    if calculation.kind == "bulk" and runs[0].run.moments is not None:
        given = moments(runs[0].structure)
        if line := moment_changes(runs[0].structure, given, runs[0].run.moments):
            log.warning("the bulk is not magnetised as it was exported: %s", line)
    for lacking in dict.fromkeys(run.lacking for run in runs if run.lacking is not None):
        finding = finding.but(
            f"not relaxed, {lacking}: go on from CONTCAR with INCAR as it was exported"
        )
    return finding


def _keep(
    usable: Collection, root: Path, study: Study | Path | str | None
) -> tuple[list[SurfaceResult], list[HopResult]]:
    """Write all that is finished into the study; what it gives."""
    surfaces, hops = usable.surfaces(), usable.barriers()
    with Study.open(study) as open_study:
        _require_own(open_study.path)
        if usable.spec is not None:
            command = {"workflow": COLLECTION, "folder": str(root)}
            open_study.write_provenance(usable.spec, command, sys.argv)
        for task, result in usable.tasks():
            open_study.put(task, result)
        _keep_surfaces(surfaces, usable.plan, open_study.path / SURFACES_FILE)
        _keep_hops(hops, usable.plan, open_study.path / HOPS_FILE)
    return surfaces, hops


def _keep_surfaces(surfaces: Sequence[SurfaceResult], plan: Plan, path: Path) -> None:
    """Write them; where none is left, the file goes if its results were this hand-off's."""
    if surfaces:
        save_surfaces(surfaces, path)
    elif path.exists():
        own = [each.slab.structure for each in plan.calculations if each.slab is not None]
        if all(result.slab.structure in own for result in load_surfaces(path)):
            path.unlink()


def _keep_hops(hops: Sequence[HopResult], plan: Plan, path: Path) -> None:
    """Write them; where none is left, the file goes if its results were this hand-off's."""
    if hops and plan.crystal is not None:
        save_hops(hops, plan.crystal, path)
    elif path.exists() and load_hop_bulk(path) == plan.crystal:
        own = {hop.name for hop in plan.hops}
        if all(result.hop.name in own for result in load_hops(path)):
            path.unlink()


def _require_own(study: Path) -> None:
    """Refuse to replace another engine's results.

    Raises:
        RequestError: naming that engine.
    """
    engines = {
        result.engine
        for name, load in ((SURFACES_FILE, load_surfaces), (HOPS_FILE, load_hops))
        if (study / name).exists()
        for result in load(study / name)
    }
    if foreign := sorted(engine for engine in engines if not engine.startswith(ENGINE)):
        raise RequestError(
            f"{study} holds results of {foreign[0]}: give VASP's a study of their own with --study"
        )


def _following(usable: Collection) -> tuple[Plan, list[Calculation]]:
    """The plan, and the calculations that can begin now.

    Raises:
        CalculationError: where the relaxed bulk is not the crystal that was asked for.
        RequestError: where its slabs are not those that were.
    """
    plan = usable.plan
    if plan.crystal is None:
        first = plan.calculations[0].folder
        runs = [run for run in usable.runs.get(first, ()) if run.relaxed]
        if not runs:
            return plan, []
        plan = replace(plan, crystal=judged(plan.bulk, runs[0].result, ENGINE).structure)
        return plan, list(crystal_stage(plan))
    begun = {c.number for c in plan.calculations if c.kind == "hop"}
    return plan, [
        path_stage(plan, number, guess.images)
        for number in range(len(plan.hops))
        if number not in begun and (guess := usable.guess(number)) is not None
    ]
