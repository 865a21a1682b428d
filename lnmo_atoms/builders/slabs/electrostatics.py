"""Formal-charge electrostatics of surfaces, used only to choose among equal-looking ones."""

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

COULOMB = 14.399645
"""e²/(4πε₀) in eV Å (CODATA 2018)."""
CUTOFF = 12.0
DAMPING = 0.2


def pair_energies(
    positions: NDArray[np.float64],
    in_plane: NDArray[np.float64],
    others: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Energy of unit charges, periodic in the plane only, by Wolf's damped, shifted sum.

    Wolf et al., J. Chem. Phys. 110, 8254 (1999): real space alone, so that the two faces of a
    slab and its images along the normal never meet.

    Args:
        positions: Å, shape (n, 3), normal along z.
        in_plane: Å, shape (2, 3), in-plane lattice vectors.
        others: Å, shape (m, 3); None are the positions themselves.

    Returns:
        eV/e², shape (n, m); between positions themselves the diagonal holds each charge's own
        images, and the electrostatic energy of charges q is q·V·q / 2.
    """
    delta = positions[:, None] - (positions if others is None else others)
    delta -= np.round(delta @ np.linalg.pinv(in_plane)) @ in_plane
    spacings = 1 / np.linalg.norm(np.linalg.pinv(in_plane), axis=0)
    reach = np.ceil(CUTOFF / spacings + 0.5).astype(int)
    shift = erfc(DAMPING * CUTOFF) / CUTOFF
    total = np.zeros(delta.shape[:2])
    for i, j in itertools.product(*(range(-r, r + 1) for r in reach)):
        squared = ((delta + i * in_plane[0] + j * in_plane[1]) ** 2).sum(axis=-1)
        inside = (squared > 1e-12) & (squared < CUTOFF**2)
        r = np.sqrt(squared[inside])
        total[inside] += erfc(DAMPING * r) / r - shift
    return COULOMB * total
