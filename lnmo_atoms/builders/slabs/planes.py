"""Atomic planes along a facet's normal, and the heights about which the crystal can be flipped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.slabs.orientation import OrientedCrystal, Vectors

GAP = 0.4
"""Å: heights closer than this belong to one atomic plane."""


@dataclass(frozen=True)
class Plane:
    """One atomic plane, possibly corrugated.

    Attributes:
        atoms: indices into the oriented crystal, shape (n,).
        repeats: repeat along the normal that each atom belongs to, shape (n,).
        centre: mean of the highest and lowest atom, in repeats.
        low: height of the lowest atom, in repeats.
        high: height of the highest atom, in repeats.
    """

    atoms: NDArray[np.int_]
    repeats: NDArray[np.int_]
    centre: float
    low: float
    high: float


def atomic_planes(crystal: OrientedCrystal, gap: float = GAP) -> list[Plane]:
    """The planes of one repeat, from the bottom up.

    Where no gap in height is as wide as ``gap``, as on facets of high index, narrower ones count.
    """
    order = np.argsort(crystal.coords[:, 2], kind="stable")
    heights = crystal.coords[order, 2]
    gaps = np.diff(np.append(heights, heights[0] + 1.0)) * crystal.spacing
    limit = min(gap, 0.999 * float(gaps.max()))
    ends = np.flatnonzero(gaps > limit)
    start = int(ends[-1]) + 1
    order, repeats = np.roll(order, -start), np.roll(np.zeros(len(order), int), -start)
    if start < len(order):
        repeats[: len(order) - start] = -1
    groups = np.split(np.arange(len(order)), np.sort((ends - start) % len(order))[:-1] + 1)
    planes = []
    for group in groups:
        z = crystal.coords[order[group], 2] + repeats[group]
        low, high = float(z.min()), float(z.max())
        planes.append(Plane(order[group], repeats[group], (low + high) / 2, low, high))
    return planes


@dataclass(frozen=True)
class MidPlane:
    """A height about which an operation of the crystal turns it upside down.

    Attributes:
        height: in repeats.
        rotation: shape (3, 3), of that operation.
        translation: shape (3,), with the lattice translation that centres it on this height.
    """

    height: float
    rotation: Vectors
    translation: Vectors

    def flip(self, points: Vectors) -> Vectors:
        """Fractional points turned upside down, shape (k, 3)."""
        turned: Vectors = points @ self.rotation.T + self.translation
        return turned


def mid_planes(crystal: OrientedCrystal) -> list[MidPlane]:
    """Every height in one repeat about which the crystal can be flipped, from its symmetry.

    Of several operations about one height an involution is taken, if there is one: applied twice
    it brings every atom home, so that any choice of surface atoms can be mirrored.
    """
    best: dict[float, MidPlane] = {}
    flips = [int(o) for o in np.flatnonzero(crystal.rotations[:, 2, 2] < 0)]
    for operation in sorted(flips, key=lambda o: not _is_involution(crystal, o)):
        for half in (0.0, 0.5):
            height = _wrapped(float(crystal.translations[operation, 2]) / 2 + half)
            translation = np.array([*crystal.translations[operation, :2], 2 * height])
            best.setdefault(
                round(height, 4), MidPlane(height, crystal.rotations[operation], translation)
            )
    return [best[label] for label in sorted(best)]


def _wrapped(height: float) -> float:
    """The height in [0, 1), where rounding cannot lift a zero to one."""
    return (height + 1e-6) % 1.0 - 1e-6


def _is_involution(crystal: OrientedCrystal, operation: int) -> bool:
    """Twice the operation is a translation of the in-plane lattice (or along the normal)."""
    rotation, translation = crystal.rotations[operation], crystal.translations[operation]
    twice = (rotation @ translation + translation)[:2]
    return bool(
        np.allclose(rotation @ rotation, np.eye(3), atol=1e-6)
        and np.allclose(twice, np.round(twice), atol=1e-3)
    )
