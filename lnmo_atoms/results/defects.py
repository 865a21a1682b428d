"""Energies of defects and of the phases that they exchange atoms with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.defects import Defect


@dataclass(frozen=True)
class DefectResult:
    """Energy of one neutral defect in the fixed cell of the relaxed bulk.

    Attributes:
        defect: as built, in the cell of the relaxed bulk.
        bulk: the relaxed bulk.
        engine: name and version of the engine.
        energy: eV, of the defect's cell.
        bulk_energy: eV, of as many cells of the relaxed bulk, same engine.
        converged: of the relaxation.
        relaxed: geometry, with the defect's charges and moments.
        moments: μB, shape (atoms,), as the engine gives them; None where it has none.
        flags: what a user must know, one line each: atoms that left, moments that changed.
    """

    defect: Defect
    bulk: Structure
    engine: str
    energy: float
    bulk_energy: float
    converged: bool
    relaxed: Structure
    moments: NDArray[np.float64] | None
    flags: tuple[str, ...] = ()

    @property
    def energy_difference(self) -> float:
        """EV, cell with the defect minus cell without."""
        return self.energy - self.bulk_energy

    @property
    def exchanged(self) -> dict[str, int]:
        """Atoms that the cell has gained, those lost negative, by element."""
        added, removed = self.defect.added, self.defect.removed
        gained = {el: added.get(el, 0) - removed.get(el, 0) for el in (*added, *removed)}
        return {element: number for element, number in gained.items() if number}


@dataclass(frozen=True)
class PhaseResult:
    """Energy of a reference phase, cell and atoms relaxed.

    Attributes:
        formula: such as ``"Li2O"``.
        energy: eV per formula unit.
        engine: name and version of the engine.
        relaxed: geometry.
    """

    formula: str
    energy: float
    engine: str
    relaxed: Structure
