"""Charge orders: every distinct way to place the odd ions, such as Mn3+ among Mn4+."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges.assign import base_valences, plain_symbols, with_valences
from lnmo_atoms.builders.charges.balance import Choice, balance
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.subsets import count_subsets, subset_batches
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations

MOST = 100_000
"""Structures that are listed at most."""


def charge_orders(structure: Structure) -> Iterator[tuple[Structure, int]]:
    """Every symmetry-distinct charge order of a crystal, with the number of its equivalents.

    Which valences, and how many ions have them, is what
    :func:`~lnmo_atoms.builders.charges.assign_charges` finds. Equivalent are charge orders that an
    operation of the crystal, its charges aside, turns into each other. Structures are built
    one by one, as they are asked for.

    Args:
        structure: of lithium, nickel, manganese and oxygen, whole atoms; its valences are ignored.

    Returns:
        (structure with charges and moments, degeneracy); the degeneracies add up to
        C(ions of the mixed element, odd ones).

    Raises:
        RequestError: at once, where the composition cannot be balanced, or where there are more
            than 100,000, with their number.
    """
    symbols = plain_symbols(structure)
    valences, choice = balance(symbols, base_valences(symbols))
    if choice is None:
        return iter([(with_valences(structure, valences), 1)])
    uncharged = with_valences(structure, base_valences(symbols))
    where = permutations(uncharged, symmetry_operations(uncharged))
    action = restricted(where, choice.sites)
    number = count_subsets(action, choice.number)
    if number > MOST:
        raise RequestError(
            f"there are {number:,} distinct charge orders of {choice.number} odd ions on "
            f"{len(choice.sites)} sites: take a smaller cell, or assign_charges(..., 'random') "
            "with several seeds"
        )
    return _ordered(structure, valences, choice, action)


def _ordered(
    structure: Structure, valences: NDArray[np.float64], choice: Choice, action: NDArray[np.int_]
) -> Iterator[tuple[Structure, int]]:
    for members, degeneracy in distinct_members(action, choice.number):
        ordered = valences.copy()
        ordered[choice.sites[members]] = choice.valence
        yield with_valences(structure, ordered), degeneracy


def restricted(where: NDArray[np.int_], sites: NDArray[np.int_]) -> NDArray[np.int_]:
    """A group's action on some sites that it maps onto themselves, numbered anew, shape (g, k)."""
    number = np.full(where.shape[1], -1)
    number[sites] = np.arange(len(sites))
    return np.asarray(number[where[:, sites]])


def distinct_members(action: NDArray[np.int_], size: int) -> Iterator[tuple[NDArray[np.int_], int]]:
    """A subset of each orbit, with the orbit's size; found through the smaller complement.

    Args:
        action: shape (g, n), where each operation sends each site.
        size: sites in a subset.
    """
    sites = np.arange(action.shape[1])
    smaller = min(size, len(sites) - size)
    for batch in subset_batches(action, smaller):
        for members, degeneracy in zip(batch.members, batch.degeneracies.tolist(), strict=True):
            yield members if smaller == size else np.setdiff1d(sites, members), degeneracy
