"""Formal-charge electrostatics of a slab, used only to choose among equal-looking surfaces."""

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

COULOMB = 14.399645
"""e²/(4πε₀) in eV Å (CODATA 2018)."""
CUTOFF = 12.0
DAMPING = 0.2


def pair_energies(
    positions: NDArray[np.float64], in_plane: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Energy of unit charges, periodic in the plane only, by Wolf's damped, shifted sum.

    Wolf et al., J. Chem. Phys. 110, 8254 (1999): real space alone, so that the two faces of a
    slab and its images along the normal never meet.

    Args:
        positions: Å, shape (n, 3), normal along z.
        in_plane: Å, shape (2, 3), in-plane lattice vectors.

    Returns:
        eV/e², shape (n, n); the diagonal holds each charge's own images. The electrostatic energy
        of charges q is q·V·q / 2.
    """
    reach = [int(np.ceil(CUTOFF / np.linalg.norm(v))) + 1 for v in in_plane]
    delta = positions[:, None] - positions[None]
    shift = erfc(DAMPING * CUTOFF) / CUTOFF
    total = np.zeros(delta.shape[:2])
    for i, j in itertools.product(*(range(-r, r + 1) for r in reach)):
        r = np.linalg.norm(delta + i * in_plane[0] + j * in_plane[1], axis=-1)
        inside = (r > 1e-6) & (r < CUTOFF)
        total[inside] += erfc(DAMPING * r[inside]) / r[inside] - shift
    return COULOMB * total
