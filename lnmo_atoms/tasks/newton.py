"""Quasi-Newton steps towards minima and saddles, from a Hessian learned on the way."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

LONGEST = 0.15
"""Å, farthest that an atom moves in one step."""
SOFTEST = 0.5
"""eV/Å², curvatures nearer zero count as this, so that no step is long where little is known."""
SADDLE_CURVATURE = -2.0
"""eV/Å², first guess along the path at its top: steeper than in LNMO, so that steps stay short."""

STIFFER = 4.0
"""Times, most that the first guess of the Hessian may be off."""
TINY = 1e-14
"""Below this a step is none."""


def learned(hessian: Matrix, step: Vector, change: Vector) -> Matrix:
    """The Hessian that also knows that the gradient changed so along this step.

    TS-BFGS, which keeps negative curvatures (Bofill, Chem. Phys. Lett. 260, 359, 1996;
    Hermes, Sargsyan, Najm and Zádor, J. Chem. Theory Comput. 15, 6536, 2019).

    Args:
        hessian: eV/Å², shape (m, m), symmetric.
        step: Å, shape (m,).
        change: eV/Å, of the gradient, shape (m,).
    """
    curvatures, modes = np.linalg.eigh(hessian)
    stiff = modes @ (np.abs(curvatures) * (modes.T @ step))
    weight = (change @ step) ** 2 + (step @ stiff) ** 2
    if weight < TINY:
        return hessian
    u = ((change @ step) * change + (step @ stiff) * stiff) / weight
    miss = change - hessian @ step
    better = hessian + np.outer(u, miss) + np.outer(miss, u) - (miss @ step) * np.outer(u, u)
    return (better + better.T) / 2


def rescaled(hessian: Matrix, step: Vector, change: Vector, *, climb: bool = False) -> Matrix:
    """The first guess made as stiff as the first step has shown the engine to be.

    So does Shanno and Phua's scaling, Math. Program. 14, 149 (1978); uphill nothing is changed.

    Args:
        hessian: first guess, eV/Å², shape (m, m).
        step: Å, shape (m,).
        change: eV/Å, of the gradient, shape (m,).
        climb: towards a saddle: the lowest mode and its curvature are kept.
    """
    kept = np.zeros_like(hessian)
    if climb:
        curvatures, modes = np.linalg.eigh(hessian)
        kept = curvatures[0] * np.outer(modes[:, 0], modes[:, 0])
        step = step - (step @ modes[:, 0]) * modes[:, 0]
    guessed = step @ (hessian - kept) @ step
    if guessed < TINY:
        return hessian
    stiffer = float(np.clip(step @ change / guessed, 1 / STIFFER, STIFFER))
    return stiffer * (hessian - kept) + kept


def with_ridge(hessian: Matrix, tangent: Vector) -> Matrix:
    """The Hessian of a saddle whose path leaves along the unit vector ``tangent``."""
    across = without(hessian, tangent)
    return across + SADDLE_CURVATURE * np.outer(tangent, tangent)


def without(hessian: Matrix, tangent: Vector) -> Matrix:
    """The Hessian across a unit vector, zero along it."""
    left = hessian - np.outer(tangent, tangent @ hessian)
    return left - np.outer(left @ tangent, tangent)


def newton_step(hessian: Matrix, forces: Vector, *, climb: bool = False) -> Vector:
    """Downhill along every mode, but uphill along the lowest if asked; none longer than 0.15 Å.

    Eigenvector following: Cerjan and Miller, J. Chem. Phys. 75, 2800 (1981).

    Args:
        hessian: eV/Å², shape (m, m).
        forces: eV/Å, shape (m,).
        climb: towards a saddle instead of a minimum.
    """
    curvatures, modes = np.linalg.eigh(hessian)
    along = (modes.T @ forces) / np.maximum(np.abs(curvatures), SOFTEST)
    if climb:
        along[0] = -along[0]
    step: Vector = still(modes @ along)
    return step * (LONGEST / max(LONGEST, longest(step)))


def still(vectors: Vector) -> Vector:
    """The vectors without the motion of the crystal as a whole, which costs no energy."""
    moves = vectors.reshape(-1, 3)
    return np.asarray((moves - moves.mean(axis=0)).ravel())


def longest(vectors: Vector) -> float:
    """Length of the longest of the atoms' vectors."""
    return float(np.linalg.norm(vectors.reshape(-1, 3), axis=1).max())
