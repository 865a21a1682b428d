"""Meshes of k-points: one spacing for all cells of a crystal, one point across a vacuum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice

SPACING = 0.30
"""Å⁻¹, 2π included, of neighbouring k-points at most: 3×3×3 for the 56-atom cubic cell, the mesh of
the Materials Project's settings for it (64 points per Å⁻³)."""
ROUNDING = 1e-3
"""By which a vector may miss a whole number of spacings."""

Mesh = tuple[int, int, int]


def mesh(lattice: Lattice, slab: bool = False) -> Mesh:
    """Γ-centred subdivisions of the reciprocal vectors, no point farther than the spacing.

    Args:
        lattice: of the cell.
        slab: its third vector crosses the vacuum, and is not divided.
    """
    lengths = np.array(lattice.reciprocal_lattice.abc)
    a, b, c = np.maximum(np.ceil(lengths / SPACING - ROUNDING), 1).astype(int).tolist()
    return (a, b, 1) if slab else (a, b, c)


@dataclass(frozen=True)
class Sampling:
    """How a run samples its reciprocal cell.

    Attributes:
        lattice: of the run's cell, Å, shape (3, 3).
        mesh: subdivisions; None where the k-points are a list of another kind.
        slab: the third vector crosses the vacuum.
    """

    lattice: NDArray[np.float64]
    mesh: Mesh | None
    slab: bool

    def spacings(self) -> tuple[float, float]:
        """From which spacing and below which, in Å⁻¹, :func:`mesh` gives this mesh.

        The range is empty where the mesh is uneven, denser along some vector than along others.
        """
        axes = 2 if self.slab else 3
        lengths = np.array(Lattice(self.lattice).reciprocal_lattice.abc)[:axes]
        number = np.array(self.mesh)[:axes]
        least, widest = lengths / (number + ROUNDING), lengths / (number - 1 + ROUNDING)
        return float(least.max()), float(widest.min())

    def matches(self, other: "Sampling") -> bool:
        """Some spacing gives both meshes: neither is sampled more coarsely than the other."""
        if self.mesh is None or other.mesh is None:
            return False
        if np.allclose(self.lattice, other.lattice, atol=1e-3) and self.slab == other.slab:
            return self.mesh == other.mesh
        (low, high), (from_, to) = self.spacings(), other.spacings()
        return max(low, from_) < min(high, to)

    def __str__(self) -> str:
        """Such as ``"3×3×1"``."""
        return "no regular mesh" if self.mesh is None else "×".join(map(str, self.mesh))
