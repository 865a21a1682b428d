"""Partly delithiated cells: every distinct arrangement of the lithium that is left."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges.assign import balanced
from lnmo_atoms.builders.charges.orders import MOST, distinct_members, restricted
from lnmo_atoms.builders.defects.host import Host, make_host
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.subsets import count_subsets


def delithiated(
    bulk: Structure, lithium: float, supercell: Sequence[int] = (1, 1, 1), seed: int = 0
) -> Iterator[tuple[Structure, int]]:
    """Every symmetry-distinct way to leave so much lithium, with the number of its equivalents.

    Manganese gives the electrons first, Mn3+ to Mn4+, then nickel, Ni2+ to Ni3+ to Ni4+. Ions of
    the odd valence are placed far from each other; :func:`charge_orders
    <lnmo_atoms.builders.charges.charge_orders>` of a structure lists all other ways. Structures
    are built one by one, as they are asked for; their site properties are those of
    :class:`~lnmo_atoms.builders.defects.Defect`.

    Args:
        bulk: a lithiated crystal of whole Li, Ni, Mn and O atoms.
        lithium: x in LixM2O4, 0 to what the bulk has.
        supercell: repeats of the bulk.
        seed: of the random generator, which settles ties between places of the odd ions.

    Returns:
        (structure with charges and moments, degeneracy); the degeneracies add up to
        C(lithium sites, lithium left).

    Raises:
        RequestError: at once, where x is no whole number of atoms (the nearest x is named), no
            change of valence balances the cell, or there are more than 100,000.
    """
    host = make_host(bulk, supercell)
    sites = np.flatnonzero(host.symbols == "Li")
    left = _whole_lithium(host, lithium)
    action = restricted(host.permutations, sites)
    number = count_subsets(action, left)
    if number > MOST:
        raise RequestError(
            f"there are {number:,} distinct ways to leave {left} of {len(sites)} lithium: take a "
            "smaller cell"
        )
    _without(host, sites[left:], seed)
    return _arrangements(host, sites, action, left, seed)


def _arrangements(
    host: Host, sites: NDArray[np.int_], action: NDArray[np.int_], left: int, seed: int
) -> Iterator[tuple[Structure, int]]:
    for members, degeneracy in distinct_members(action, left):
        yield _without(host, np.delete(sites, members), seed), degeneracy


def _without(host: Host, leaving: NDArray[np.int_], seed: int) -> Structure:
    """The cell without some lithium, balanced."""
    symbols, valences = host.symbols.copy(), host.valences.copy()
    symbols[leaving], valences[leaving] = "", 0.0
    valences = balanced(
        host.cell, symbols, valences, placement="far", places=np.empty((0, 3)), seed=seed
    )
    return host.structure(symbols, valences)


def _whole_lithium(host: Host, lithium: float) -> int:
    """Lithium atoms of the cell at x in LixM2O4.

    Raises:
        RequestError: below 0, above what the host has, or where x needs a fraction of an atom.
    """
    units = float(np.isin(host.symbols, ("Ni", "Mn")).sum()) / 2
    most = int((host.symbols == "Li").sum())
    count = float(lithium * units)
    if not -1e-6 <= count <= most + 1e-6:
        raise RequestError(
            f"x = {lithium:g} lithium per formula unit is not between 0 and the crystal's "
            f"{most / units:g}"
        )
    if abs(count - round(count)) > 1e-6:
        raise RequestError(
            f"x = {lithium:g} needs {count:g} lithium atoms in this cell: the nearest whole number "
            f"is {round(count)}, x = {round(count) / units:g}; or take a larger cell"
        )
    return round(count)
