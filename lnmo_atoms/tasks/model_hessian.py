"""A model of the energy's curvature from the bonds alone, to start quasi-Newton methods from."""

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

REACH = 4.0
"""Å, atoms farther apart share no spring."""
STIFFNESS = 6.0
"""eV/Å², of a bond of :data:`BOND` Å, along the bond; a fifth of it holds across."""
BOND = 2.0
"""Å."""
DECAY = 4.0
"""A spring softens by exp(-DECAY) when the bond's length doubles."""
ACROSS = 0.2
"""Stiffness across a bond over that along it."""
GROUND = 1.0
"""eV/Å², ties every atom to its place: the softest optical modes of LNMO."""


def model_hessian(atoms: Atoms) -> NDArray[np.float64]:
    """Second derivatives of springs between neighbours, eV/Å², shape (3n, 3n), positive definite.

    The springs soften exponentially with distance, as in the preconditioner of Packwood et al.,
    J. Chem. Phys. 144, 164109 (2016), but resist along the bond more than across. Their stiffness
    is that of Mn–O, O–O and Li–O in ordered LNMO by CHGNet, to a factor of two.
    """
    first, second, arms, distances = neighbor_list("ijDd", atoms, REACH)
    stiffness = STIFFNESS * np.exp(-DECAY * (distances / BOND - 1))
    along = arms[:, :, None] * arms[:, None] / (distances**2)[:, None, None]
    springs = stiffness[:, None, None] * ((1 - ACROSS) * along + ACROSS * np.eye(3))
    hessian = np.zeros((len(atoms), len(atoms), 3, 3))
    np.add.at(hessian, (first, first), springs)
    np.add.at(hessian, (first, second), -springs)
    flat: NDArray[np.float64] = hessian.transpose(0, 2, 1, 3).reshape(3 * len(atoms), -1)
    return flat + GROUND * np.eye(3 * len(atoms))
