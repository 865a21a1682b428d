"""Defects at random places: lithium left out, oxygen vacancies, nickel and manganese exchanged."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import PeriodicSite, Structure

from lnmo_atoms.builders.charges import assign_charges
from lnmo_atoms.builders.charges.assign import plain_symbols
from lnmo_atoms.builders.charges.jahn_teller import Axis
from lnmo_atoms.builders.charges.placement import Placement
from lnmo_atoms.builders.defects.delithiation import whole_lithium
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.seeds import generator
from lnmo_atoms.builders.spinel import ELEMENT_ORDER


def with_random_defects(
    structure: Structure,
    *,
    lithium: float | None = None,
    oxygen_vacancies: int = 0,
    antisites: int = 0,
    mn3: Placement | None = None,
    jahn_teller: Axis | None = None,
    seed: int = 0,
) -> Structure:
    """A copy with defects at random sites, and whole valences that add up to zero.

    Every set of sites is equally likely, so that each symmetry-distinct arrangement comes with its
    degeneracy; :func:`make_defects <lnmo_atoms.make_defects>` and :func:`delithiated
    <lnmo_atoms.delithiated>` list all of them. The site property ``bulk_site`` is the index of
    each atom in the structure given. Valences are those of :func:`assign_charges
    <lnmo_atoms.assign_charges>`.

    Args:
        structure: of lithium, nickel, manganese and oxygen, whole atoms.
        lithium: x in LixM2O4 that is left; None leaves all.
        oxygen_vacancies: oxygen atoms taken away.
        antisites: pairs of nickel and manganese that change places.
        mn3: where Mn3+ (or Ni3+, Ni4+) goes, ``"far"``, ``"random"``, or ``"near"`` the oxygen
            vacancies, without any near the lithium that left; by default near oxygen vacancies
            where there are any, else at random.
        jahn_teller: axis along which the octahedra of Mn3+ are made longer.
        seed: of the random generator.

    Raises:
        RequestError: where the structure has fewer such atoms, x is no whole number of them, or
            the charge cannot be balanced.
    """
    symbols = plain_symbols(structure)
    present = int((symbols == "Li").sum())
    left = present if lithium is None else whole_lithium(symbols, lithium)
    if mn3 == "near" and not oxygen_vacancies and left == present:
        raise RequestError(
            "there is no vacancy that an ion could be near: place it 'far' or 'random', or take "
            "oxygen or lithium out"
        )
    rng = generator(seed)
    vacancies = _drawn(symbols, "O", oxygen_vacancies, rng)
    leaving = _drawn(symbols, "Li", present - left, rng)
    pairs = _drawn(symbols, "Ni", antisites, rng), _drawn(symbols, "Mn", antisites, rng)
    cell = structure.copy()
    cell.add_site_property("bulk_site", list(range(len(cell))))
    for nickel, manganese in zip(*pairs, strict=True):
        _exchange(cell[nickel], cell[manganese])
    cell.remove_sites([*vacancies, *leaving])
    return assign_charges(
        cell.get_sorted_structure(key=lambda site: ELEMENT_ORDER[site.specie.symbol]),
        mn3 or ("near" if oxygen_vacancies else "random"),
        near=structure.frac_coords[vacancies or leaving],
        seed=seed,
        jahn_teller=jahn_teller,
    )


def _exchange(one: PeriodicSite, other: PeriodicSite) -> None:
    """Let the atoms of two sites change places."""
    one.species, other.species = other.species, one.species
    if "role" in one.properties:
        one.properties["role"], other.properties["role"] = (
            other.properties["role"],
            one.properties["role"],
        )


def _drawn(
    symbols: NDArray[np.str_], element: str, number: int, rng: np.random.Generator
) -> list[int]:
    """So many sites of an element at random.

    Raises:
        RequestError: where there are fewer, or less than none is asked for.
    """
    sites = np.flatnonzero(symbols == element)
    if not 0 <= number <= len(sites):
        raise RequestError(f"{number} {element} cannot be drawn: the cell has {len(sites)} of them")
    return [int(i) for i in rng.choice(sites, number, replace=False)]
