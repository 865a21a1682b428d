"""Atomic planes parallel to a facet, found by scanning how far apart two of them must be."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.slabs.orientation import OrientedCrystal

GAP = 0.4
"""Å in height that separate two atomic planes of a slab whose crystal is not known."""
FINEST, COARSEST = 0.02, 0.6
"""Å, tolerances scanned: noise of a relaxed crystal below, whole layers of a spinel above."""
SAME_HEIGHT = 1e-3
"""Å, heights closer than this are one."""


@dataclass(frozen=True)
class Planes:
    """The stack of atomic planes, numbered upwards without end; ``count`` of them make a repeat.

    Attributes:
        levels: shape (n,): atom i of repeat k lies in plane ``levels[i] + count * k``.
        count: planes in one repeat.
    """

    levels: NDArray[np.int_]
    count: int

    def of_larger(self, copies: int, layers: int) -> "Planes":
        """The same planes of an enlarged crystal, with copies of every atom in several layers."""
        each = copies // layers
        levels = [np.tile(self.levels + self.count * layer, each) for layer in range(layers)]
        return Planes(np.concatenate(levels), self.count * layers)

    def tops(self, plane: int) -> NDArray[np.int_]:
        """The highest repeat of each atom in the crystal that ends with this plane, shape (n,)."""
        return (plane - self.levels) // self.count

    def members(self, plane: int) -> NDArray[np.int_]:
        """The atoms of one plane."""
        return np.flatnonzero((plane - self.levels) % self.count == 0)


def scanned_planes(crystal: OrientedCrystal) -> list[Planes]:
    """The ways to sort atoms into planes, the most clear-cut first.

    Atoms belong to one plane while the gap in height between them is below a tolerance. The
    tolerance is scanned over every gap of the crystal; the wider the range of tolerances (as a
    ratio) that leads to the same planes, the better defined these are.
    """
    heights = np.sort(crystal.coords[:, 2])
    gaps = np.diff(np.append(heights, heights[0] + 1.0)) * crystal.spacing
    steps = [FINEST]
    for gap in np.sort(gaps[gaps > FINEST]):
        if gap > steps[-1] + SAME_HEIGHT:
            steps.append(float(gap))
    ranges = [(high / low, low) for low, high in pairwise(steps)]
    scanned = [(ratio, low) for ratio, low in ranges if low < COARSEST]
    return [planes_at(crystal, low * ratio**0.5) for ratio, low in sorted(scanned, reverse=True)]


def planes_at(crystal: OrientedCrystal, tolerance: float) -> Planes:
    """The planes separated by gaps wider than a tolerance in Å."""
    z = crystal.coords[:, 2]
    order = np.argsort(z, kind="stable")
    wide = np.diff(np.append(z[order], z[order[0]] + 1.0)) * crystal.spacing > tolerance
    levels = np.empty(len(z), dtype=int)
    levels[order] = np.concatenate([[0], np.cumsum(wide)[:-1]])
    return Planes(levels, int(wide.sum()))


def distinct_planes(crystal: OrientedCrystal, planes: Planes) -> list[int]:
    """One plane of each class that operations keeping the normal relate."""
    heights = crystal.coords[:, 2] - planes.levels // planes.count
    centres = np.array(
        [heights[planes.levels % planes.count == p].mean() for p in range(planes.count)]
    )
    shifts = crystal.translations[crystal.rotations[:, 2, 2] > 0, 2]
    delta = centres[:, None, None] + shifts[:, None] - centres
    images = np.abs(delta - np.round(delta)).argmin(axis=2)
    return [int(p) for p in np.unique(images.min(axis=1))]
