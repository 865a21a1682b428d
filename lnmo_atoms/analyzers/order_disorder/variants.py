"""Long-range order of P4_332 as eight variants, and the six-component vector that they span."""

import itertools

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.analyzers.order_disorder.spins import NICKEL_SHARE, Supercell
from lnmo_atoms.builders.clusters import QUARTERS, metal_sites, site_numbers

VARIANTS = 8
NICKEL_4B = np.array([(2, 2, 2), (3, 1, 0), (1, 0, 3), (0, 3, 1)])
"""Nickel of P4_332 on 16d of its Fd-3m parent, in units of a/4."""
CENTRINGS = np.array([(0, 0, 0), (0, 2, 2), (2, 0, 2), (2, 2, 0)])
"""Lattice translations of Fd-3m that P4_332 has lost, in units of a/4."""


def nickel_sites(variant: int, supercell: Supercell) -> NDArray[np.int_]:
    """Sites of nickel in a variant, numbered as in ``metal_sites``, shape (4 · cells,).

    Args:
        variant: 0 to 3 are P4_332 and its translations, 4 to 7 those of its mirror image.
        supercell: repeats of the cubic cell.
    """
    hand, centring = divmod(variant, len(CENTRINGS))
    home = (-NICKEL_4B if hand else NICKEL_4B) + CENTRINGS[centring]
    cells = QUARTERS * np.array(list(itertools.product(*map(range, supercell))))
    return site_numbers((home[:, None] + cells).reshape(-1, 3), supercell)


def variant_spins(variant: int, supercell: Supercell) -> NDArray[np.int8]:
    """σ of a perfectly ordered crystal, shape (16 · cells,)."""
    spins = np.full(len(metal_sites(supercell)), -1, dtype=np.int8)
    spins[nickel_sites(variant, supercell)] = 1
    return spins


def variants_of_sites(supercell: Supercell) -> NDArray[np.int8]:
    """The two variants, one of each hand, that put nickel on each site, shape (16 · cells, 2)."""
    found = np.empty((len(metal_sites(supercell)), 2), dtype=np.int8)
    for variant in range(VARIANTS):
        found[nickel_sites(variant, supercell), variant // len(CENTRINGS)] = variant
    return found


def order_parameters(nickel: NDArray[np.int32], sites: int) -> NDArray[np.float64]:
    """S of each variant, (f − x)/(1 − x) with f the share of its nickel sites that hold nickel.

    Args:
        nickel: nickel on the sites of each variant, shape (..., 8).
        sites: all metal sites.

    Returns:
        shape (..., 8). The four of one hand add up to zero.
    """
    share = nickel / (NICKEL_SHARE * sites)
    return np.asarray((share - NICKEL_SHARE) / (1 - NICKEL_SHARE))


def squared_length(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """η², squared length of the order parameter: 1 for a single variant, 0 for none.

    Three independent S of each hand are a vector of six components, one for each arm and each of
    the two members of the order parameter at X. A variant has S = 1, −1/3 for its translations and
    0 for the other hand: 4/3 in all.

    Args:
        parameters: S of each variant, shape (..., 8).
    """
    return np.asarray(0.75 * (parameters**2).sum(axis=-1))
