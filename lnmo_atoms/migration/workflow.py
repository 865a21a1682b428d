"""Barriers of hops: relax the crystal, then the end points, then search for the paths."""

import logging
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.hops import Hop, find_hops
from lnmo_atoms.builders.paths import (
    LEAST_SEPARATION,
    Mode,
    State,
    compensation,
    confirmed,
    defect_cell,
    ion_index,
    parse_mode,
    path_images,
)
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.migration.crystal import Host, calculated, known_host, relaxed_host
from lnmo_atoms.migration.end_points import EndPoints, Guess, Relaxed
from lnmo_atoms.migration.verdict import hop_result
from lnmo_atoms.records import HOPS_FILE, save_hops
from lnmo_atoms.reference import bulk_task, check_bulk
from lnmo_atoms.results import BandResult, Failure, HopResult, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.searches import run_searches
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

log = logging.getLogger(__name__)


def migration_barriers(
    bulk: Structure,
    hops: Sequence[Hop] | None = None,
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    mode: Mode | str = "vacancy",
    separation: float = LEAST_SEPARATION,
    images: int = 5,
    fmax: float = 0.05,
    progress: Callable[[Progress], None] | None = None,
) -> list[HopResult]:
    """Barrier of every hop, from its end points over its saddles, each saddle proved.

    The crystal is relaxed with the same engine and enlarged until the images of a defect lie
    ``separation`` apart; equivalent end points are relaxed once. Where an operation reverses a
    hop, its symmetric midpoint is relaxed; else the saddle is sought from the octahedron. The cell
    stays neutral; no ion's change of valence is imposed.

    Args:
        bulk: a crystal with whole atoms, its mobile sites filled.
        hops: from :func:`find_hops` on ``bulk``; None finds all symmetry-distinct ones of Li.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        mode: ``"vacancy"`` (one in the full host), ``"empty-host"`` (one ion in it), the fraction
            of mobile sites that are filled, such as ``"0.5"``, or a :class:`Mode` with its seed.
        separation: Å between periodic images of a defect, at least.
        images: of each path, end points included; odd. More are added where there are more saddles.
        fmax: eV/Å, at the saddle; images beside it are relaxed across the path to twice that.
        progress: called with every change of state of a calculation.

    Returns:
        one result per hop in the order of ``hops``. A hop whose calculation failed is missing; the
        study names it and the cause.

    Raises:
        RequestError: for a wrong request, before anything is calculated.
        CalculationError: where the crystal cannot be relaxed.
    """
    spec = CalculatorSpec.parse(calculator)
    check_bulk(bulk, spec)
    hops = find_hops(bulk) if hops is None else list(hops)
    mode = parse_mode(mode) if isinstance(mode, str) else mode
    if not hops:
        return []
    mobile = bulk[hops[0].start].specie.symbol
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "migration barriers",
            "bulk": bulk.composition.element_composition.formula,
            "hops": [hop.label for hop in hops],
            "mode": mode.kind if mode.filled is None else mode.filled,
            "separation_A": separation,
            "images": images,
            "fmax_eV_per_A": fmax,
        }
        open_study.write_provenance(spec, options, sys.argv, {"arrangement": mode.seed})
        host = relaxed_host(
            bulk, mobile, mode, separation,
            spec=spec, study=open_study, executor=pool, progress=progress,
        )  # fmt: skip
        crystal, moved = host.cell.structure, [host.cell.hop(hop) for hop in hops]
        ends = EndPoints(crystal, moved, mode, spec)
        relaxed = run_tasks(ends.tasks.values(), open_study, pool, progress)
        guesses = {
            i: guess
            for i in range(len(hops))
            if (guess := ends.guess(i, relaxed, images)) is not None
        }
        bands = {i: band_task(guess, hops[i], spec, fmax) for i, guess in guesses.items()}
        outcomes = run_searches(bands.values(), open_study, pool, progress)
        judge = Judge(host, ends, relaxed, mode)
        results = [
            judge.result(i, hops[i], moved[i], guesses[i], outcome)
            for i, task in bands.items()
            if not isinstance(outcome := outcomes[task.key], Failure)
        ]
        save_hops(results, host.cell.bulk, open_study.path / HOPS_FILE)
    return results


class Judge:
    """Makes results of paths."""

    def __init__(self, host: Host, ends: EndPoints, relaxed: Relaxed, mode: Mode) -> None:
        """Take what all paths share.

        Args:
            host: what ions hop in.
            ends: states between which they do.
            relaxed: outcomes of their tasks by key.
            mode: how full of mobile ions the crystal is.
        """
        self._host, self._ends, self._relaxed, self._mode = host, ends, relaxed, mode

    def result(
        self, number: int, shown: Hop, hop: Hop, guess: Guess, band: BandResult
    ) -> HopResult:
        """The hop's barrier with all that is to be said of it."""
        crystal, (before, _) = self._host.cell.structure, self._ends.states[number]
        mobile = crystal[hop.start].specie.symbol
        return hop_result(
            crystal,
            hop,
            ion_index(crystal, before, hop),
            band,
            shown=shown,
            engine=self._host.engine,
            mode=self._mode.describe(crystal, mobile),
            mirrored=guess.mirror is not None,
            end_moments=guess.end_moments,
            flags=self._ends.doubts(number, self._relaxed),
            compensation=self._compensation(number, guess),
        )

    def _compensation(self, number: int, guess: Guess) -> str:
        """Which ions change valence formally, and whether the engine agrees."""
        crystal, (before, _) = self._host.cell.structure, self._ends.states[number]
        formal = compensation(crystal, before)
        if not formal.changes:
            return formal.text
        after = None if guess.end_moments is None else guess.end_moments[0]
        if self._host.moments is None and after is not None:
            return f"{formal.text}; the full crystal's moments, to compare, were not calculated"
        verdict = confirmed(formal, crystal, before, self._host.moments, after)
        return f"{formal.text}; {verdict}"


def plan_migration(
    bulk: Structure,
    spec: CalculatorSpec,
    hops: Sequence[Hop] | None = None,
    study: Study | None = None,
    *,
    mode: Mode | str = "vacancy",
    separation: float = LEAST_SEPARATION,
    images: int = 5,
    fmax: float = 0.05,
) -> list[Task]:
    """The calculations that :func:`migration_barriers` would do, those that are done included.

    What a study holds of them is built upon: ions hop in the relaxed crystal where it is known, and
    else in the given one; paths lead between relaxed end points where they are.
    """
    check_bulk(bulk, spec)
    hops = find_hops(bulk) if hops is None else list(hops)
    mode = parse_mode(mode) if isinstance(mode, str) else mode
    if not hops:
        return []
    mobile = bulk[hops[0].start].specie.symbol
    host = known_host(bulk, mobile, mode, separation, spec=spec, study=study) if study else None
    cell = defect_cell(bulk, separation) if host is None else host.cell
    moved = [cell.hop(hop) for hop in hops]
    ends = EndPoints(cell.structure, moved, mode, spec)
    relaxed: dict[str, TaskResult | Failure] = {}
    for task in ends.tasks.values():
        known = study.get(task.key) if study else None
        nothing = Failure(task.name, "not calculated yet")
        relaxed[task.key] = known if isinstance(known, TaskResult) else nothing
    guesses = [
        ends.guess(i, relaxed, images) or _straight(cell.structure, moved[i], state, images)
        for i, (state, _) in enumerate(ends.states)
    ]
    return [
        bulk_task(calculated(bulk, mobile, mode), spec),
        *ends.tasks.values(),
        *(band_task(guess, hop, spec, fmax) for guess, hop in zip(guesses, hops, strict=True)),
    ]


def _straight(crystal: Structure, hop: Hop, before: State, images: int) -> Guess:
    """A path between end points that are not relaxed."""
    still = np.zeros((len(crystal), 3))
    return Guess(path_images(crystal, hop, before, still, still, images), (0.0, 0.0), None, None)


def band_task(guess: Guess, hop: Hop, spec: CalculatorSpec, fmax: float) -> Task[BandResult]:
    """The search for a hop's path."""
    return Task.band(
        _name(hop),
        guess.images,
        spec,
        end_energies=guess.end_energies,
        mirror=guess.mirror,
        fmax=fmax,
    )


def _name(hop: Hop) -> str:
    return " ".join(filter(None, (f"path {hop.name} {hop.start}-{hop.end}", hop.ring_order)))
