"""What single calculations give back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure


@dataclass(frozen=True)
class TaskResult:
    """One finished calculation.

    Attributes:
        energy: eV, potential energy of the final geometry.
        structure: final geometry with the charges and signed moments it started with.
        forces: eV/Å, shape (n, 3), of the final geometry; None where only the energy was asked.
        moments: μB, shape (n,), as the engine gives them (CHGNet: sizes without sign); None where
            the engine has none.
        converged: forces (and stress) fell below the limit; always True for a static.
        steps: geometry steps in all, those before a restart included.
        force_calls: evaluations by the engine in all, those before a restart included.
        seconds: wall time in all, that before a restart included.
    """

    energy: float
    structure: Structure
    forces: NDArray[np.float64] | None
    moments: NDArray[np.float64] | None
    converged: bool
    steps: int
    force_calls: int
    seconds: float


@dataclass(frozen=True)
class BandResult:
    """One finished minimum-energy path.

    Attributes:
        images: from end point to end point, the ends included.
        energies: eV, shape (images,).
        kinds: of every image: ``"end"``, ``"stationary"`` (a saddle, or a minimum between two) or
            ``"flank"`` (relaxed across the path).
        curvatures: eV/Å², shape (2,), the two lowest at the highest stationary point; None where
            there is no such point.
        curvature_errors: eV/Å², shape (2,).
        moments: μB, shape (images - 2, atoms), of the images between the end points; None where
            the engine has none.
        converged: every image between the end points did.
        path_calls: evaluations of forces for the path.
        proof_calls: evaluations of forces for the curvatures.
        seconds: wall time in all.
    """

    images: tuple[Structure, ...]
    energies: NDArray[np.float64]
    kinds: tuple[str, ...]
    curvatures: NDArray[np.float64] | None
    curvature_errors: NDArray[np.float64] | None
    moments: NDArray[np.float64] | None
    converged: bool
    path_calls: int
    proof_calls: int
    seconds: float

    @property
    def force_calls(self) -> int:
        """Evaluations of forces in all."""
        return self.path_calls + self.proof_calls

    @property
    def steps(self) -> int:
        """Geometries looked at: as many."""
        return self.force_calls


@dataclass(frozen=True)
class HessianResult:
    """Second derivatives of the energy at one geometry.

    Attributes:
        structure: the geometry.
        hessian: eV/Å², shape (3n, 3n), symmetric; x, y, z of the first atom come first.
        force_calls: evaluations of forces.
        seconds: wall time in all.
    """

    structure: Structure
    hessian: NDArray[np.float64]
    force_calls: int
    seconds: float

    @property
    def converged(self) -> bool:
        """Differences are taken once and for all."""
        return True

    @property
    def steps(self) -> int:
        """Geometries looked at."""
        return self.force_calls


@dataclass(frozen=True)
class Failure:
    """A calculation that did not finish, and why.

    Attributes:
        name: the calculation, such as ``"relax 111-a"``.
        cause: one line.
    """

    name: str
    cause: str
