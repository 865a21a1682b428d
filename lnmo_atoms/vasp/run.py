"""What VASP did in one folder, in the order of its POSCAR."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.vasp.kpoints import Mesh


@dataclass(frozen=True)
class Settings:
    """What decides an energy beside the geometry.

    Attributes:
        version: of VASP, such as ``"6.4.2"``.
        functional: such as ``"PBE+U"``.
        cutoff: eV.
        hubbard: U − J in eV of the elements that have one.
        potentials: title of each element's POTCAR.
        spin: 1 or 2.
        aspherical: LASPH.
        precision: PREC, its first letter, by which VASP knows it.
        real_space: LREAL, projection in real space.
        smearing: ISMEAR.
        width: eV, SIGMA.
    """

    version: str
    functional: str
    cutoff: float
    hubbard: Mapping[str, float]
    potentials: Mapping[str, str]
    spin: int
    aspherical: bool
    precision: str
    real_space: bool
    smearing: int
    width: float

    def spec(self) -> CalculatorSpec:
        """The engine with these settings."""
        return CalculatorSpec.parse("vasp", **vars(self))

    def differences(self, other: "Settings", its: str) -> Iterator[str]:
        """One line for each setting that makes energies incomparable.

        Args:
            other: settings of another run.
            its: how to call that run.
        """
        for tag, unit, mine, theirs in (
            ("ENCUT", " eV", self.cutoff, other.cutoff),
            ("the functional", "", self.functional, other.functional),
            ("ISPIN", "", self.spin, other.spin),
            ("LASPH", "", self.aspherical, other.aspherical),
            ("PREC", "", self.precision, other.precision),
            ("LREAL", "", self.real_space, other.real_space),
            ("ISMEAR", "", self.smearing, other.smearing),
            ("SIGMA", " eV", self.width, other.width),
        ):
            if mine != theirs:
                yield f"{tag} is {_word(mine)}{unit}, in {its} {_word(theirs)}{unit}"
        for element in sorted(set(self.potentials) & set(other.potentials)):
            mine, theirs = (run.hubbard.get(element, 0.0) for run in (self, other))
            if mine != theirs:
                yield f"U of {element} is {_word(mine)} eV, in {its} {_word(theirs)} eV"
            if (title := self.potentials[element]) != (asked := other.potentials[element]):
                yield f"the POTCAR of {element} is {title!r}, in {its} {asked!r}"


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


def _word(value: object) -> str:
    if isinstance(value, bool):
        return ".TRUE." if value else ".FALSE."
    return f"{value:g}" if isinstance(value, int | float) else str(value)


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
        electronic: the electrons of the last geometry are converged.
        ionic: the atoms are.
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
    electronic: bool
    ionic: bool
    steps: int
    seconds: float

    @cached_property
    def whole(self) -> bool:
        """Every array is as long as the list of atoms, and every number finite."""
        shape = (len(self.symbols), 3)
        arrays = (self.first_positions, self.positions, self.forces)
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
            name: getattr(self, name)[order] for name in ("first_positions", "positions", "forces")
        }
        moments = None if self.moments is None else self.moments[order]
        symbols = tuple(self.symbols[i] for i in order)
        return replace(self, symbols=symbols, moments=moments, **changes)
