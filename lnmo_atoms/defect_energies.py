"""Workflow: energies of defects in the fixed cell of the relaxed bulk."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.defects import Defect
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.transplant import supercell_matrix, transplanted
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.flags import atoms_that_left, moment_changes
from lnmo_atoms.records import DEFECTS_FILE, save_defects
from lnmo_atoms.reference import BulkReference, bulk_reference, bulk_task, check_bulk, check_fmax
from lnmo_atoms.results import DefectResult, Failure, TaskResult
from lnmo_atoms.runner import Progress, run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task

DIGITS = 5
"""Decimals of fractional coordinates by which atoms are put in order for a blind engine."""


def defect_energies(
    defects: Sequence[Defect],
    bulk: Structure,
    calculator: str | CalculatorSpec = "chgnet",
    study: Study | Path | str | None = None,
    executor: Executor | str | None = None,
    *,
    fmax: float = 0.05,
    progress: Callable[[Progress], None] | None = None,
) -> list[DefectResult]:
    """Energies of neutral defects: relax the bulk, then each defect's atoms in its cell.

    The bulk is relaxed with the same engine; every defect is carried over to it. To an engine that
    sees neither charges nor moments, defects that differ in these alone are one calculation.

    Args:
        defects: from :func:`lnmo_atoms.make_defects` on ``bulk``.
        bulk: a crystal of whole atoms.
        calculator: ``"chgnet"``, ``"gpaw"``, ``"module:factory"`` or a spec.
        study: folder that keeps every finished calculation; None keeps nothing.
        executor: None or ``"serial"``, ``"processes"``, or any ``concurrent.futures`` executor.
        fmax: eV/Å, at which a defect counts as relaxed.
        progress: called with every change of state of a calculation.

    Returns:
        one result per defect in the order given. A defect whose calculation failed is missing; the
        study names it and the cause.

    Raises:
        RequestError: for a wrong request, before anything is calculated.
        CalculationError: where the bulk cannot be relaxed.
    """
    spec = CalculatorSpec.parse(calculator)
    _check(defects, bulk, spec, fmax)
    with Study.open(study) as open_study, make_executor(executor) as pool:
        options = {
            "workflow": "defect energies",
            "bulk": bulk.composition.element_composition.formula,
            "defects": [defect.name for defect in defects],
            "fmax_eV_per_A": fmax,
        }
        open_study.write_provenance(spec, options, sys.argv)
        reference = bulk_reference(bulk, spec, open_study, pool, progress)
        crystal = reference.structure
        built = [replace(d, structure=transplanted(d.structure, bulk, crystal)) for d in defects]
        starts = [_Start.of(defect, spec, fmax) for defect in built]
        outcomes = run_tasks([start.task for start in starts], open_study, pool, progress)
        results = [
            _result(start, starts, reference, outcome)
            for start in starts
            if not isinstance(outcome := outcomes[start.task.key], Failure)
        ]
        save_defects(results, open_study.path / DEFECTS_FILE)
    return results


def plan_defects(
    defects: Sequence[Defect], bulk: Structure, spec: CalculatorSpec, *, fmax: float = 0.05
) -> list[Task]:
    """The calculations that :func:`defect_energies` would do, on the unrelaxed bulk."""
    _check(defects, bulk, spec, fmax)
    return [bulk_task(bulk, spec), *(_Start.of(defect, spec, fmax).task for defect in defects)]


def _check(defects: Sequence[Defect], bulk: Structure, spec: CalculatorSpec, fmax: float) -> None:
    """Refuse defects of another bulk, elements that the engine does not know, and no force."""
    check_fmax(fmax)
    check_bulk(bulk, spec)
    for defect in defects:
        cells = _cells(defect, bulk)
        expected = Counter(cells * [site.specie.symbol for site in bulk])
        expected.update(defect.added)
        expected.subtract(defect.removed)
        if expected != Counter(site.specie.symbol for site in defect.structure):
            raise RequestError(
                f"{defect.name} has other atoms than its bulk and what it exchanges: build it "
                "with make_defects(bulk)"
            )


def _cells(defect: Defect, bulk: Structure) -> int:
    """Cells of the bulk in the defect's cell."""
    return round(abs(float(np.linalg.det(supercell_matrix(defect.structure, bulk)))))


@dataclass(frozen=True)
class _Start:
    """A defect and the relaxation that it needs.

    Attributes:
        defect: in the cell of the relaxed bulk.
        order: the defect's atoms in the order of the task's.
        task: of what the engine sees.
    """

    defect: Defect
    order: NDArray[np.int_]
    task: Task[TaskResult]

    @staticmethod
    def of(defect: Defect, spec: CalculatorSpec, fmax: float) -> "_Start":
        """To a blind engine equal geometries are one task, whatever their ions are called."""
        seen, order = defect.structure, np.arange(len(defect.structure))
        if spec.blind:
            symbols = [site.specie.symbol for site in seen]
            coords = np.round(seen.frac_coords % 1.0, DIGITS) % 1.0
            order = np.lexsort((*coords.T, np.unique(symbols, return_inverse=True)[1]))
            seen = Structure(seen.lattice, [symbols[i] for i in order], seen.frac_coords[order])
        return _Start(defect, order, Task.relax(f"relax {defect.name}", seen, spec, fmax=fmax))


def _result(
    start: _Start, starts: Sequence[_Start], reference: BulkReference, outcome: TaskResult
) -> DefectResult:
    """The defect with its relaxed atoms back in its own order."""
    built, crystal = start.defect.structure, reference.structure
    back = np.argsort(start.order)
    relaxed = Structure(
        built.lattice,
        built.species,
        outcome.structure.frac_coords[back],
        site_properties=built.site_properties,
    )
    moments = None if outcome.moments is None else outcome.moments[back]
    flags = [
        None if outcome.converged else f"not converged after {outcome.steps} steps",
        atoms_that_left(built, relaxed),
        moment_changes(built, _moments_before(built, reference), moments),
        _alike(start, starts),
    ]
    return DefectResult(
        defect=start.defect,
        bulk=crystal,
        engine=reference.engine,
        energy=outcome.energy,
        bulk_energy=reference.energy * _cells(start.defect, crystal),
        converged=outcome.converged,
        relaxed=relaxed,
        moments=moments,
        flags=tuple(filter(None, flags)),
    )


def _alike(start: _Start, starts: Sequence[_Start]) -> str | None:
    """Which defects the engine cannot tell from this one."""
    same = [s.defect.name for s in starts if s.task.key == start.task.key and s is not start]
    if not same:
        return None
    few = ", ".join(same[:2]) + (f" and {len(same) - 2} more" if len(same) > 2 else "")
    return f"one calculation with {few}: the engine sees no charges"


def _moments_before(built: Structure, reference: BulkReference) -> NDArray[np.float64] | None:
    """μB of each atom in the bulk; of an atom on another's site, the mean of its element there."""
    if reference.moments is None:
        return None
    symbols = np.array([site.specie.symbol for site in reference.structure])
    means = {str(el): float(reference.moments[symbols == el].mean()) for el in set(symbols)}
    before = [
        reference.moments[site]
        if site >= 0 and symbols[site] == atom.specie.symbol
        else means.get(atom.specie.symbol, 0.0)
        for atom, site in zip(built, built.site_properties["bulk_site"], strict=True)
    ]
    return np.array(before, dtype=float)
