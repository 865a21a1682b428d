"""The relaxed crystal in whose cell the hops are calculated."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.paths import DefectCell, Mode, defect_cell, mobile_sites, state_cell
from lnmo_atoms.builders.symmetry import symmetrized
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.reference import BulkReference, bulk_reference, known_reference
from lnmo_atoms.runner import Progress
from lnmo_atoms.store import Study


@dataclass(frozen=True)
class Host:
    """What ions hop in.

    Attributes:
        cell: the relaxed crystal, all mobile sites filled, large enough for one defect.
        engine: name and version.
        moments: μB, shape (atoms of the cell,), of the relaxed crystal; None where the engine has
            none, or where the crystal was relaxed without its mobile ions.
    """

    cell: DefectCell
    engine: str
    moments: NDArray[np.float64] | None


def relaxed_host(
    bulk: Structure,
    mobile: str,
    mode: Mode,
    separation: float,
    *,
    spec: CalculatorSpec,
    study: Study,
    executor: Executor,
    progress: Callable[[Progress], None] | None,
) -> Host:
    """Relax the crystal, without its mobile ions where one of them hops in the empty host.

    Args:
        bulk: the crystal, its mobile sites filled.
        mobile: symbol of the element that hops.
        mode: how full of it the crystal is.
        separation: Å between periodic images of a defect, at least.
        spec: the engine.
        study: keeps the calculation.
        executor: runs it.
        progress: called with every change of its state.

    Raises:
        CalculationError: where it cannot be relaxed.
        RequestError: where the cell would be too large.
    """
    start = calculated(bulk, mobile, mode)
    reference = bulk_reference(start, spec, study, executor, progress)
    return _host(reference, bulk, mobile, separation)


def known_host(
    bulk: Structure,
    mobile: str,
    mode: Mode,
    separation: float,
    *,
    spec: CalculatorSpec,
    study: Study,
) -> Host | None:
    """The same, where the study holds it."""
    reference = known_reference(calculated(bulk, mobile, mode), spec, study)
    return None if reference is None else _host(reference, bulk, mobile, separation)


def _host(reference: BulkReference, bulk: Structure, mobile: str, separation: float) -> Host:
    """From the relaxed crystal, which lacks the mobile ions where one hops in the empty host."""
    if len(reference.structure) == len(bulk):
        cell = defect_cell(reference.structure, separation)
        moments = reference.moments
        repeats = len(cell.structure) // len(bulk)
        return Host(
            cell, reference.engine, None if moments is None else np.repeat(moments, repeats)
        )
    coords = bulk.frac_coords.copy()
    inside = np.delete(np.arange(len(bulk)), mobile_sites(bulk, mobile))
    coords[inside] = reference.structure.frac_coords
    filled = Structure(
        reference.structure.lattice, bulk.species, coords, site_properties=bulk.site_properties
    )
    return Host(defect_cell(symmetrized(filled), separation), reference.engine, None)


def calculated(bulk: Structure, mobile: str, mode: Mode) -> Structure:
    """What is relaxed, cell and all: the crystal, or its empty host."""
    if mode.kind != "empty-host":
        return bulk
    return state_cell(bulk, frozenset(mobile_sites(bulk, mobile)))
