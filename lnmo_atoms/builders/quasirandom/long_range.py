"""Long-range order of nickel: how much of it sits on the 4b sublattice of P4_332.

A quarter of 16d is 4b, where ordered LNMO has its nickel; the rest is 12d. The parent crystal
leaves eight ways to choose it, four places of the origin for each hand (P4_332 and P4_132): the
variants. With x the nickel fraction of 16d and f that of 4b, Bragg and Williams' order parameter

    S = (f − x) / (1 − x)

is 0 without order and 1 where nickel fills 4b (Proc. R. Soc. A 145, 699, 1934). The amplitude of
every superlattice reflection is in proportion to it.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.builders.clusters import fd3m_operations, metal_sites, site_numbers

SITES_4B = ((2, 2, 2), (3, 1, 0), (1, 0, 3), (0, 3, 1))
"""4b of P4_332, (5/8, 5/8, 5/8) and its equivalents in International Tables A, moved by −1/8 to
the origin of Fd-3m, in units of a/4."""


@cache
def _variants_of_cell() -> NDArray[np.bool_]:
    """Which of the 16 metal sites are 4b in each variant, shape (8, 16), P4_332 as above first."""
    rotations, translations = fd3m_operations()
    moved = np.einsum("oij,kj->oki", rotations, SITES_4B) + translations[:, None]
    numbers = np.unique(np.sort(site_numbers(moved, (1, 1, 1))), axis=0)
    on_4b = (numbers[:, :, None] == np.arange(len(metal_sites((1, 1, 1))))).any(axis=1)
    first = on_4b[:, site_numbers(np.array(SITES_4B), (1, 1, 1))].all(axis=1)
    return np.asarray(on_4b[np.argsort(~first, kind="stable")])


def variants(supercell: Sequence[int]) -> NDArray[np.bool_]:
    """Which metal sites are 4b in each of the eight variants of the ordered crystal.

    Each site is 4b in two of them, one of each hand.

    Args:
        supercell: repeats of the cubic cell along its three axes.

    Returns:
        shape (8, 16 · cells), sites as in :func:`metal_sites`; the first variant is P4_332 with
        nickel at (1/2, 1/2, 1/2), the origin being that of Fd-3m.
    """
    return np.repeat(_variants_of_cell(), int(np.prod(supercell)), axis=1)


def order_of(on_4b: ArrayLike, nickel: float, metals: int) -> NDArray[np.float64]:
    """Order parameter S of so many nickel atoms on 4b, of all nickel atoms and metal sites."""
    x = nickel / metals
    return np.asarray((4 * np.asarray(on_4b) / metals - x) / (1 - x))


def nickel_on_4b(order: float, nickel: int, metals: int) -> int:
    """Nickel atoms on 4b whose order parameter is nearest to the one asked for.

    Each site is 4b in two of the eight variants, so that their mean is a quarter of the nickel:
    the largest has no less.

    Args:
        order: S, from 0 to 1.
        nickel: atoms in all.
        metals: 16d sites.
    """
    x = nickel / metals
    wished = round((x + order * (1 - x)) * metals / 4)
    return min(max(wished, -(-nickel // 4)), metals // 4, nickel)
