"""What VASP did in one folder, in the order of its POSCAR."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.vasp.kpoints import Mesh
from lnmo_atoms.vasp.settings import Settings

CHARGE = 0.01
"""e, above which a cell is charged."""


def require_no_pressure(pressure: float) -> None:
    """Refuse a run under pressure: VASP gives its enthalpy, in some files by the energy's name.

    Args:
        pressure: kbar, VASP's tag PSTRESS.

    Raises:
        RequestError: for any but none.
    """
    if pressure:
        raise RequestError(
            f"it ran under PSTRESS = {pressure:g} kbar, which adds to its energy: run it without"
        )


def require_neutral(electrons: float, neutral: float) -> None:
    """Refuse a charged cell: its energy holds that of a background that makes up for its charge.

    Args:
        electrons: in the cell, VASP's tag NELECT.
        neutral: valence electrons of its atoms.

    Raises:
        RequestError: where the two differ.
    """
    if abs(electrons - neutral) > CHARGE:
        raise RequestError(
            f"its cell is charged (NELECT = {electrons:g}, of neutral atoms {neutral:g}): "
            "run it without NELECT"
        )


@dataclass(frozen=True)
class Ending:
    """What could end a relaxation.

    Attributes:
        most: geometries, NSW.
        limit: EDIFFG, where negative minus the largest force in eV/Å.
        method: IBRION.
        freedom: ISIF.
        stopped: a STOPCAR did, of which OUTCAR alone tells.
    """

    most: int
    limit: float
    method: int
    freedom: int
    stopped: bool = False


@dataclass(frozen=True)
class Run:
    """One run of VASP, its last geometry included.

    Attributes:
        settings: that decide the energy.
        mesh: subdivisions of the k-points; None where they are a list of another kind.
        symbols: element of each atom.
        first_lattice: Å, shape (3, 3), when the run began.
        lattice: Å, shape (3, 3), at its end.
        first_positions: fractional, shape (n, 3), when the run began.
        positions: fractional, shape (n, 3), at its end.
        first_energy: eV, extrapolated to no smearing, of the first geometry.
        energy: eV, of the last geometry.
        forces: eV/Å, shape (n, 3), of the last geometry.
        moments: μB, shape (n,), signed, inside the PAW spheres; None where there are none.
        free: shape (n, 3), an atom may move along a lattice vector.
        dipole: its field across the cell is corrected, LDIPOL.
        first_electronic: the electrons of the first geometry are converged.
        electronic: those of the last one are.
        ending: what could end the run.
        steps: geometries.
        seconds: wall time; 0 where it is not known.
    """

    settings: Settings
    mesh: Mesh | None
    symbols: tuple[str, ...]
    first_lattice: NDArray[np.float64]
    lattice: NDArray[np.float64]
    first_positions: NDArray[np.float64]
    positions: NDArray[np.float64]
    first_energy: float
    energy: float
    forces: NDArray[np.float64]
    moments: NDArray[np.float64] | None
    free: NDArray[np.bool_]
    dipole: bool
    first_electronic: bool
    electronic: bool
    ending: Ending
    steps: int
    seconds: float

    @cached_property
    def whole(self) -> bool:
        """Every array is as long as the list of atoms, and every number finite."""
        shape = (len(self.symbols), 3)
        arrays = (self.first_positions, self.positions, self.forces, self.free)
        cells = (self.first_lattice, self.lattice)
        energies = np.array([self.first_energy, self.energy])
        return bool(
            all(array.shape == shape for array in arrays)
            and all(cell.shape == (3, 3) for cell in cells)
            and all(np.isfinite(array).all() for array in (*arrays, *cells, energies))
            and all(abs(np.linalg.det(cell)) > 1 for cell in cells)
            and (self.mesh is None or min(self.mesh) > 0)
            and (self.moments is None or self.moments.shape == shape[:1])
        )

    def reordered(self, order: NDArray[np.int_]) -> "Run":
        """Its atom k is this run's atom ``order[k]``."""
        changes: dict[str, Any] = {
            name: getattr(self, name)[order]
            for name in ("first_positions", "positions", "forces", "free")
        }
        moments = None if self.moments is None else self.moments[order]
        symbols = tuple(self.symbols[i] for i in order)
        return replace(self, symbols=symbols, moments=moments, **changes)
