"""Geometries on a path, and the operation that reverses it."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.tasks.evaluation import Positions
from lnmo_atoms.tasks.newton import Matrix, Vector, still


@dataclass(frozen=True)
class Image:
    """A geometry on the path.

    Attributes:
        positions: Å, shape (n, 3).
        energy: eV.
        forces: eV/Å, shape (n, 3).
        kind: an end point, a stationary point between, or a point on the flank of one.
        hessian: eV/Å², shape (3n, 3n), as far as it is known.
        moments: μB, shape (n,); None where they are not known yet.
        converged: forces, or their part across the path, below the limit.
    """

    positions: Positions
    energy: float
    forces: NDArray[np.float64]
    kind: Literal["end", "stationary", "flank"]
    hessian: Matrix = field(repr=False)
    moments: NDArray[np.float64] | None = None
    converged: bool = True


@dataclass(frozen=True)
class Mirror:
    """An operation that maps the path onto itself, back to front.

    Attributes:
        centre: Å, shape (n, 3), a geometry that it leaves as it is.
        atoms: shape (n,), where it sends each atom.
        rotation: shape (3, 3), Cartesian.
    """

    centre: Positions
    atoms: NDArray[np.int_]
    rotation: NDArray[np.float64]

    def of_vectors(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Displacements or forces, shape (n, 3), as they are in the mirror."""
        mirrored = np.empty_like(vectors)
        mirrored[self.atoms] = vectors @ self.rotation.T
        return mirrored

    def of_image(self, image: Image) -> Image:
        """The image on the other side."""
        return replace(
            image,
            positions=self.centre + self.of_vectors(image.positions - self.centre),
            forces=self.of_vectors(image.forces),
            moments=None if image.moments is None else image.moments[np.argsort(self.atoms)],
        )

    def symmetric(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """The part of vectors, shape (n, 3), that the mirror leaves as it is."""
        return (vectors + self.of_vectors(vectors)) / 2


def unit(vectors: NDArray[np.float64]) -> Vector:
    """One flat vector of length one that does not move the crystal as a whole."""
    flat = still(vectors.ravel())
    return np.asarray(flat / np.linalg.norm(flat))
