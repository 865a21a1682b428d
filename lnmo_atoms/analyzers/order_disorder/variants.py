"""Long-range order of P4_332 as eight variants, and the six-component vector that they span."""

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.analyzers.order_disorder.composition import NICKEL_SHARE, Supercell
from lnmo_atoms.builders.quasirandom.long_range import order_of, variants

VARIANTS = 8
"""Four origins of P4_332 and four of its mirror image."""


def variant_spins(variant: int, supercell: Supercell) -> NDArray[np.int8]:
    """σ of a perfectly ordered crystal, shape (16 · cells,), numbered as in ``variants``."""
    return np.where(variants(supercell)[variant], 1, -1).astype(np.int8)


def variants_of_sites(supercell: Supercell) -> NDArray[np.int8]:
    """The two variants, one of each hand, that put nickel on each site, shape (16 · cells, 2)."""
    _, variant = np.nonzero(variants(supercell).T)
    return variant.reshape(-1, 2).astype(np.int8)


def order_parameters(nickel: NDArray[np.int32], sites: int) -> NDArray[np.float64]:
    """S of each variant at a quarter of nickel.

    Args:
        nickel: nickel on the 4b sites of each variant, shape (..., 8).
        sites: all metal sites.

    Returns:
        shape (..., 8). The four of one hand add up to zero.
    """
    return order_of(nickel, NICKEL_SHARE * sites, sites)


def squared_length(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """η², squared length of the order parameter: 1 for a single variant, 0 for none.

    Three independent S of each hand are a vector of six components, one for each arm and each of
    the two members of the order parameter at X. A variant has S = 1, −1/3 for its translations and
    0 for the other hand: 4/3 in all.

    Args:
        parameters: S of each variant, shape (..., 8).
    """
    return np.asarray(0.75 * (parameters**2).sum(axis=-1))
