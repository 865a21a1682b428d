"""Searches for single points of a path: saddles and minima, and points relaxed across it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lnmo_atoms.tasks.evaluation import Evaluation, Positions, Question, Search
from lnmo_atoms.tasks.image import Image, Mirror
from lnmo_atoms.tasks.newton import Matrix, Vector, learned, longest, newton_step, rescaled, without


def stationary_point(
    start: Positions,
    hessian: Matrix,
    *,
    climb: bool,
    fmax: float,
    steps: int,
    mirror: Mirror | None = None,
) -> Search[Image]:
    """The saddle, or the minimum, near a geometry.

    Args:
        start: Å, shape (n, 3).
        hessian: to begin with, eV/Å²; its lowest mode is the one to climb.
        climb: to a saddle.
        fmax: eV/Å, largest force at the end.
        steps: evaluations at most.
        mirror: keeps the geometry symmetric: the lowest point that is.
    """
    positions, before, step = start, None, None
    for i in range(steps):
        (now,) = yield [Question(positions)]
        forces = now.forces if mirror is None else mirror.symmetric(now.forces)
        if before is not None and step is not None:
            change = before - forces.ravel()
            if i == 1:
                hessian = rescaled(hessian, step, change, climb=climb)
            hessian = learned(hessian, step, change)
        converged = longest(forces) < fmax
        if converged:
            break
        before = forces.ravel()
        step = newton_step(hessian, before, climb=climb)
        if mirror is not None:
            step = mirror.symmetric(step.reshape(-1, 3)).ravel()
        image, positions = positions, positions + step.reshape(-1, 3)
    positions = positions if converged else image
    return Image(positions, now.energy, now.forces, "stationary", hessian, now.moments, converged)


def flanks(
    guesses: Sequence[Positions],
    tangents: Sequence[Vector],
    hessian: Matrix,
    *,
    fmax: float,
    steps: int,
) -> Search[list[Image]]:
    """Relax points of a path across it, all side by side, each until it has converged.

    Args:
        guesses: Å, each of shape (n, 3).
        tangents: unit vectors along the path there, each of shape (3n,).
        hessian: to begin with.
        fmax: eV/Å, of the forces across.
        steps: evaluations of each at most.
    """
    relaxing = [_Across(g, t, hessian) for g, t in zip(guesses, tangents, strict=True)]
    for _ in range(steps):
        waiting = [point for point in relaxing if not point.converged(fmax)]
        if not waiting:
            break
        asked = [point.next() for point in waiting]
        answers = yield [Question(positions) for positions in asked]
        for point, positions, answer in zip(waiting, asked, answers, strict=True):
            point.learn(positions, answer)
    return [point.image(fmax) for point in relaxing]


class _Across:
    """A point of the path that relaxes across it."""

    def __init__(self, guess: Positions, tangent: Vector, hessian: Matrix) -> None:
        self._tangent = tangent
        self._image = Image(guess, np.nan, np.full_like(guess, np.nan), "flank", hessian)

    @property
    def _across(self) -> Vector:
        forces = self._image.forces.ravel()
        across: Vector = forces - (forces @ self._tangent) * self._tangent
        return across

    def converged(self, fmax: float) -> bool:
        return longest(self._across) < fmax

    def next(self) -> Positions:
        if np.isnan(self._image.energy):
            return self._image.positions
        step = newton_step(without(self._image.hessian, self._tangent), self._across)
        step -= (step @ self._tangent) * self._tangent
        moved: Positions = self._image.positions + step.reshape(-1, 3)
        return moved

    def learn(self, positions: Positions, now: Evaluation) -> None:
        last, hessian = self._image, self._image.hessian
        if not np.isnan(last.energy):
            step = (positions - last.positions).ravel()
            hessian = learned(hessian, step, (last.forces - now.forces).ravel())
        self._image = Image(positions, now.energy, now.forces, "flank", hessian, now.moments)

    def image(self, fmax: float) -> Image:
        return replace(self._image, converged=self.converged(fmax))
