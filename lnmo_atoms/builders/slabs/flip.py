"""The symmetry operation that makes both faces of a slab the same."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.slabs.geometry import heights
from lnmo_atoms.builders.symmetry import (
    SYMPREC,
    SymmetryOperations,
    permutations,
    site_kinds,
    symmetry_operations,
)

FLIP_TOLERANCE = 1e-3
"""Å."""
FLIP_ORDER = ("inversion", "two-fold axis", "mirror plane", "rotoinversion")
"""Of several flips that hold equally well the first is taken."""
NEARLY = 0.3
"""Å by which atoms may miss their partners for a flip that only nearly holds to be told of."""


@dataclass(frozen=True)
class Flip:
    """A symmetry operation that turns the slab upside down.

    Attributes:
        name: inversion, two-fold axis, mirror plane (glides and screws counted with them) or
            rotoinversion.
        rotation: shape (3, 3), on fractional coordinates of the slab.
        translation: shape (3,), fractional.
        residual: Å, the largest distance between a mapped atom and its partner.
    """

    name: str
    rotation: NDArray[np.int_]
    translation: NDArray[np.float64]
    residual: float


def best_flip(structure: Structure, believed: Flip | None = None) -> Flip | None:
    """The believed flip where it holds, else the best that is found."""
    if believed is not None and (measured := confirmed(structure, believed)) is not None:
        return measured
    return find_flip(structure) if _mirrored_heights(structure, SYMPREC) else None


def nearest_flip(structure: Structure) -> Flip | None:
    """An operation that nearly turns the slab upside down, for one that none does."""
    return find_flip(structure, NEARLY) if _mirrored_heights(structure, NEARLY) else None


def confirmed(structure: Structure, flip: Flip) -> Flip | None:
    """The flip with its residual measured on the structure; None where it does not hold.

    It must preserve all lengths, turn c over, and send every atom within ``FLIP_TOLERANCE`` of one
    of equal species, charge and moment.
    """
    rotation, matrix = flip.rotation, structure.lattice.matrix
    metric = matrix @ matrix.T
    strain = np.abs(rotation.T @ metric @ rotation - metric).max()
    if not _turns_over(rotation) or strain > 2 * FLIP_TOLERANCE * max(structure.lattice.abc):
        return None
    operation = SymmetryOperations(rotation[None], flip.translation[None])
    residual = float(_residuals(structure, operation)[0])
    if residual >= FLIP_TOLERANCE:
        return None
    return replace(flip, name=flip_name(rotation), residual=residual)


def find_flip(structure: Structure, symprec: float = SYMPREC) -> Flip | None:
    """The best operation that maps the slab onto itself upside down, if there is one.

    Args:
        structure: a slab with c along its normal.
        symprec: Å by which atoms may miss their partners.
    """
    operations = symmetry_operations(structure, symprec)
    flips = [o for o, rotation in enumerate(operations.rotations) if _turns_over(rotation)]
    if not flips:
        return None
    chosen = SymmetryOperations(operations.rotations[flips], operations.translations[flips])
    residuals = [float(r) for r in _residuals(structure, chosen)]
    names = [flip_name(rotation) for rotation in chosen.rotations]
    best = min(
        range(len(flips)), key=lambda i: (round(residuals[i], 4), FLIP_ORDER.index(names[i]))
    )
    return Flip(names[best], chosen.rotations[best], chosen.translations[best], residuals[best])


def _mirrored_heights(structure: Structure, tolerance: float) -> bool:
    """The heights of every kind of atom read the same from below: without that, no flip exists."""
    z, kinds = heights(structure), site_kinds(structure)
    mirrored = np.ptp(z) - z
    return all(
        np.allclose(
            np.sort(z[kinds == k]), np.sort(mirrored[kinds == k]), rtol=0, atol=2 * tolerance
        )
        for k in np.unique(kinds)
    )


def _turns_over(rotation: NDArray[np.int_]) -> bool:
    """Heights change sign, and depend on nothing else."""
    return bool((rotation[2] == (0, 0, -1)).all())


def _residuals(structure: Structure, operations: SymmetryOperations) -> NDArray[np.float64]:
    """Å, the largest distance by which each operation misses an atom's partner."""
    coords = structure.frac_coords
    images = (
        np.einsum("oij,nj->oni", operations.rotations, coords) + operations.translations[:, None]
    )
    delta = images - coords[permutations(structure, operations)]
    delta -= np.round(delta)
    return np.asarray(np.linalg.norm(delta @ structure.lattice.matrix, axis=-1).max(axis=1))


def flip_name(rotation: NDArray[np.int_]) -> str:
    """What kind of operation a rotation that turns a slab upside down belongs to."""
    match round(float(np.linalg.det(rotation))), round(float(np.trace(rotation))):
        case -1, -3:
            return "inversion"
        case 1, -1:
            return "two-fold axis"
        case -1, 1:
            return "mirror plane"
        case _:
            return "rotoinversion"
