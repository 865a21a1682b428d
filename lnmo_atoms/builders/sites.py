"""What depends on the species of a site alone, found once for each species."""

from collections.abc import Callable
from typing import TypeVar

from pymatgen.core import Composition, Structure

T = TypeVar("T")


def per_site(structure: Structure, of_species: Callable[[Composition], T]) -> list[T]:
    """A function of every site's species, in the order of the sites.

    A slab's sites share a few ``Composition`` objects; naming them anew for each site is the slow
    part of handling it.
    """
    known: dict[int, T] = {}
    found = []
    for site in structure:
        species = site.species
        key = id(species)
        if key not in known:
            known[key] = of_species(species)
        found.append(known[key])
    return found


def symbol(species: Composition) -> str:
    """Element symbol of a whole atom, ``"Mn"`` of Mn4+."""
    return str(species.elements[0].symbol)
