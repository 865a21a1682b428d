"""Ions that a slab exposes: those with fewer neighbours than in the bulk."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.coordination import coordination_numbers
from lnmo_atoms.builders.sites import per_site, symbol
from lnmo_atoms.builders.slabs.geometry import heights

CATIONS = ("Li", "Mn", "Ni")
"""Listed first, in this order."""


def lost_neighbours(structure: Structure, in_bulk: Sequence[int] | None = None) -> NDArray[np.int_]:
    """Neighbours that every atom of a slab has lost against the bulk.

    Neighbours are those of :func:`~lnmo_atoms.builders.coordination.coordination_numbers`: oxygen
    of a cation, cations of an oxygen.

    Args:
        structure: the slab; with the site property ``bulk_site`` if ``in_bulk`` is given.
        in_bulk: neighbours of each site of the bulk, by ``bulk_site`` index. Without it the bulk's
            are the most that an atom of the same element has in the middle third of the slab, or
            in all of it where that third holds none.

    Returns:
        shape (atoms,): positive for exposed ions; zero in a crystal without oxygen; negative where
        a reconstruction has given an atom more neighbours than it had.
    """
    found = coordination_numbers(structure)
    if in_bulk is not None:
        return np.asarray(np.array(in_bulk)[structure.site_properties["bulk_site"]] - found)
    z, elements = heights(structure), symbols(structure)
    inside = np.abs(z - np.ptp(z) / 2) <= np.ptp(z) / 6 + 1e-6
    reference = np.zeros_like(found)
    for element in np.unique(elements):
        same = elements == element
        reference[same] = found[same & inside if (same & inside).any() else same].max()
    return reference - found


def exposed_ions(
    structure: Structure, in_bulk: Sequence[int] | None = None
) -> dict[str, tuple[int, ...]]:
    """Element → neighbours lost by each of its ions that has fewer than in the bulk, ascending.

    Every element of the slab is there, oxygen last; nothing is where there is no oxygen.
    """
    elements, lost = symbols(structure), lost_neighbours(structure, in_bulk)
    if "O" not in elements:
        return {}
    return {
        element: tuple(np.sort(lost[(elements == element) & (lost > 0)]).tolist())
        for element in ranked(elements)
    }


def element_counts(structure: Structure) -> dict[str, int]:
    """Element → atoms, in the order of :func:`ranked`."""
    elements = symbols(structure)
    return {element: int((elements == element).sum()) for element in ranked(elements)}


def ranked(elements: NDArray[np.str_]) -> list[str]:
    """The distinct elements: Li, Mn and Ni first, then by the alphabet, oxygen last."""
    present = set(elements.tolist())
    rank = [*CATIONS, *sorted(present - {*CATIONS, "O"}), "O"]
    return [element for element in rank if element in present]


def symbols(structure: Structure) -> NDArray[np.str_]:
    """Element of every site, shape (atoms,)."""
    return np.array(per_site(structure, symbol))
