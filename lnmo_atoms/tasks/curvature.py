"""Proof that a stationary point is a saddle: the two lowest curvatures, from the forces alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.tasks.evaluation import Question, Search
from lnmo_atoms.tasks.image import Image, unit
from lnmo_atoms.tasks.newton import SOFTEST, Matrix, Vector, still

DISPLACEMENT = 0.1
"""Å, length of the displacement of all atoms together, forward and back, over which forces are
differenced: that of thermal motion. Some universal potentials are flat within less of a saddle."""
MOST = 16
"""Directions after which the proof is given up."""
CERTAIN = 0.6
"""Error of a curvature over its size, below which its sign is certain."""
VAGUE = 0.6
"""eV/Å², largest error, so that no softer mode hides behind a stiff one."""
IMPURITY = 0.1
"""Share of a random vector in the first guesses, so that no symmetry hides a mode from them."""
FIXED = 1000.0
"""eV/Å², curvature that stands for none: that of moving the crystal as a whole."""


@dataclass(frozen=True)
class Curvatures:
    """The two lowest curvatures of the energy at a stationary point.

    Attributes:
        values: eV/Å², shape (2,), Ritz values.
        errors: eV/Å², shape (2,), norms of their residuals: an exact one lies within.
        modes: shape (2, 3n), unit vectors.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    modes: NDArray[np.float64]

    @property
    def known(self) -> bool:
        """Each curvature is known well enough to tell its sign."""
        return bool(self.vague.size == 0)

    @property
    def vague(self) -> NDArray[np.int_]:
        """Which are not."""
        return np.flatnonzero(self.errors > np.minimum(CERTAIN * np.abs(self.values), VAGUE))

    @property
    def negative(self) -> int:
        """How many are below zero: of exactly one such the point is a saddle."""
        return int((self.values < 0).sum())


def lowest_curvatures(point: Image, tangent: Vector) -> Search[Curvatures]:
    """The two lowest eigenvalues of the true Hessian.

    Davidson's method (J. Comput. Phys. 17, 87, 1975) on central differences of the forces, with
    the Hessian learned so far as preconditioner.
    Motions of the crystal as a whole are left out.

    Args:
        point: stationary.
        tangent: unit vector along the path, shape (3n,).
    """
    known, modes = np.linalg.eigh(_fixed(point.hessian))
    soft = modes[:, :2].T - np.outer(modes[:, :2].T @ tangent, tangent)
    guesses = np.array([tangent, unit(max(soft, key=np.linalg.norm))])
    noise = np.random.default_rng(0).normal(size=guesses.shape)
    noise *= IMPURITY / np.linalg.norm(noise, axis=1)[:, None]
    basis = _orthonormal(np.zeros((0, len(tangent))), guesses + noise)
    images = np.zeros((0, len(tangent)))
    while True:
        fresh = basis[len(images) :]
        moves = DISPLACEMENT * fresh.reshape(len(fresh), -1, 3)
        answers = yield [Question(point.positions + move) for move in (*moves, *-moves)]
        forces = np.array([answer.forces.ravel() for answer in answers])
        changes = (forces[len(fresh) :] - forces[: len(fresh)]) / (2 * DISPLACEMENT)
        images = np.vstack([images, changes])
        values, mixing = np.linalg.eigh((basis @ images.T + images @ basis.T) / 2)
        ritz = mixing[:, :2].T @ basis
        residuals = mixing[:, :2].T @ images - values[:2, None] * ritz
        residuals = np.array([still(r) for r in residuals])
        found = Curvatures(values[:2], np.linalg.norm(residuals, axis=1), ritz)
        if found.known or len(basis) >= MOST:
            return found
        better = [_preconditioned(known, modes, residuals[i], found.values[i]) for i in found.vague]
        basis = _orthonormal(basis, better)


def _fixed(hessian: Matrix) -> Matrix:
    """The Hessian of a crystal that cannot move as a whole, which would be its softest modes."""
    whole = np.tile(np.eye(3), len(hessian) // 3)
    fixed: Matrix = hessian + FIXED / (len(hessian) // 3) * whole.T @ whole
    return fixed


def _preconditioned(known: Vector, modes: Matrix, residual: Vector, value: float) -> Vector:
    """The residual divided by what is known of the Hessian less the Ritz value."""
    gaps = known - value
    gaps = np.where(np.abs(gaps) < SOFTEST, SOFTEST, gaps)
    return np.asarray(modes @ ((modes.T @ residual) / gaps))


def _orthonormal(basis: Matrix, vectors: NDArray[np.float64] | list[Vector]) -> Matrix:
    """The basis with what is new in the vectors, without the motion of the whole."""
    for vector in vectors:
        new = still(np.asarray(vector))
        for _ in range(2):
            new = new - basis.T @ (basis @ new)
        size = np.linalg.norm(new)
        if size > 1e-6:
            basis = np.vstack([basis, new / size])
    return basis
