"""Where the electrons or holes of a defect sit: on the metals nearest to it, or elsewhere."""

import itertools
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Species

from lnmo_atoms.builders.charges.balance import WHOLE, Choice
from lnmo_atoms.builders.charges.placement import Placement, distant_sites, random_sites
from lnmo_atoms.builders.defects.host import Host

ONE_SHELL = 0.3
"""Å, metals at distances that differ by less form one shell: in LNMO the bonds of one kind of ion
differ by 0.1 Å, the distances between the shells of its metal sites by 2 Å."""


def carrier_sets(
    host: Host,
    choice: Choice,
    sites: NDArray[np.int_],
    placement: Placement,
    rng: np.random.Generator,
) -> NDArray[np.int_]:
    """Sets of ions that change their valence around a defect.

    Args:
        host: the perfect cell.
        choice: which ions can, and how many do.
        sites: of the defect.
        placement: ``"near"``, every set in the nearest shell; ``"far"`` from the defect and from
            each other, or ``"random"``, one set.
        rng: for one set.

    Returns:
        shape (m, choice.number).
    """
    if placement == "random":
        return random_sites(choice, rng)[None]
    if placement == "near":
        shell = _nearest_shell(host, choice, sites)
        return np.array(list(itertools.combinations(shell.tolist(), choice.number)))
    others = np.setdiff1d(choice.sites, sites)
    if len(others) >= choice.number:
        choice = Choice(others, choice.number, choice.valence)
    return distant_sites(choice, host.cell, sites, rng)[None]


def _nearest_shell(host: Host, choice: Choice, sites: NDArray[np.int_]) -> NDArray[np.int_]:
    """The ions of a choice nearest to any of some sites: enough of them, whole shells."""
    distances = host.cell.lattice.get_all_distances(host.coords[sites], host.coords[choice.sites])
    nearest = distances.min(axis=0)
    reach = np.sort(nearest)[choice.number - 1] + ONE_SHELL
    return np.asarray(choice.sites[nearest < reach])


def valence_changes(
    symbols: NDArray[np.str_], before: NDArray[np.float64], after: NDArray[np.float64]
) -> Counter[tuple[Species, Species]]:
    """An ion before and after, with the number of sites that changed so."""
    changed = np.flatnonzero(np.abs(after - before) > WHOLE)
    return Counter(
        (_ion(str(symbols[i]), before[i]), _ion(str(symbols[i]), after[i])) for i in changed
    )


def _ion(element: str, valence: float) -> Species:
    rounded = round(float(valence), 2)
    return Species(element, int(rounded) if rounded.is_integer() else rounded)
