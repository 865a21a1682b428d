"""Whole valences for any Li–Ni–Mn–O crystal, so that its charge adds up to zero."""

from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymatgen.core import Species, Structure

from lnmo_atoms.builders.bulk import require_structure
from lnmo_atoms.builders.charges.balance import WHOLE, balance
from lnmo_atoms.builders.charges.formal import set_formal_moments
from lnmo_atoms.builders.charges.jahn_teller import Axis, elongated
from lnmo_atoms.builders.charges.placement import (
    Placement,
    distant_sites,
    nearest_sites,
    random_sites,
    valid_placement,
)
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.seeds import generator
from lnmo_atoms.builders.sites import per_site, symbol

BASE = MappingProxyType({"Li": 1.0, "Ni": 2.0, "Mn": 4.0, "O": -2.0})
"""Valence of each element in LiNi0.5Mn1.5O4, in e."""


def assign_charges(
    structure: Structure,
    mn3: Placement = "far",
    near: ArrayLike | None = None,
    seed: int = 0,
    jahn_teller: Axis | None = None,
) -> Structure:
    """A copy with whole valences that add up to exactly zero, and their ferrimagnetic moments.

    Valences that the structure has are ignored. It starts from Li+, Ni2+, Mn4+ and O2-: too many
    electrons make Mn3+; too few make Ni3+, then Ni4+. So at most one element has two valences; its
    odd ions (Mn3+ beside Mn4+, Ni3+ beside Ni2+, Ni4+ beside Ni3+) are placed as asked.

    Args:
        structure: of lithium, nickel, manganese and oxygen, whole atoms.
        mn3: where the odd ions go: ``"far"`` from each other, on the sites nearest to the places
            ``near``, or ``"random"``.
        near: fractional coordinates, shape (k, 3), such as those of vacancies.
        seed: of the random generator, which settles ties, too.
        jahn_teller: axis of the cell, ``"x"``, ``"y"`` or ``"z"``, along which the bonds of every
            Mn3+ are made longer, see :func:`~lnmo_atoms.builders.charges.elongated`; None leaves
            all atoms in place.

    Raises:
        RequestError: for another element, partial occupancy, an unknown placement, or a
            composition that cannot be balanced; the oxygen that would be is named.
    """
    symbols = plain_symbols(structure)
    valid_placement(mn3)
    valences = balanced(
        structure,
        symbols,
        base_valences(symbols),
        placement=mn3,
        places=_places(near),
        seed=seed,
    )
    charged = with_valences(structure, valences)
    return charged if jahn_teller is None else elongated(charged, jahn_teller)


def _places(near: ArrayLike | None) -> NDArray[np.float64]:
    """Fractional coordinates, shape (k, 3).

    Raises:
        RequestError: where they are not three finite numbers each.
    """
    places = np.asarray([] if near is None else near, dtype=float)
    if places.size % 3 or not np.isfinite(places).all():
        raise RequestError("near takes places of three finite fractional coordinates each")
    return places.reshape(-1, 3)


def balanced(
    structure: Structure,
    symbols: NDArray[np.str_],
    valences: NDArray[np.float64],
    *,
    placement: Placement,
    places: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    """The valences, e, shape (n,), changed until they add up to zero, odd ions placed as asked.

    Args:
        structure: neither its species nor its charges count.
        symbols: element of each site, shape (n,).
        valences: e, to start from, shape (n,).
        placement: of the odd ions.
        places: fractional, shape (k, 3), what ``"near"`` refers to.
        seed: of the random generator.

    Raises:
        RequestError: where the cell cannot be neutral, or near no place is asked for.
    """
    valences, choice = balance(symbols, valences)
    if choice is None:
        return valences
    rng = generator(seed)
    if placement == "random":
        odd = random_sites(choice, rng)
    elif placement == "near":
        odd = nearest_sites(choice, structure, places, rng)
    else:
        same = symbols == symbols[choice.sites[0]]
        same &= np.abs(valences - choice.valence) < WHOLE
        odd = distant_sites(choice, structure, np.flatnonzero(same), rng)
    valences[odd] = choice.valence
    return valences


def plain_symbols(structure: Structure) -> NDArray[np.str_]:
    """Element of each site of a crystal of Li, Ni, Mn and O, shape (n,).

    Raises:
        RequestError: for another element or a partially occupied site.
    """
    require_structure(structure)
    if not structure.is_ordered:
        raise RequestError(
            "the structure has partially occupied sites: build a cell of whole atoms first "
            "(lnmo build disordered)"
        )
    symbols = np.array(per_site(structure, symbol))
    if strange := sorted(set(symbols.tolist()) - set(BASE)):
        raise RequestError(
            f"no valences are known for {', '.join(strange)}: give a crystal of Li, Ni, Mn and O"
        )
    return symbols


def base_valences(symbols: NDArray[np.str_]) -> NDArray[np.float64]:
    """The valence of each site's element in LiNi0.5Mn1.5O4, e, shape (n,)."""
    return np.array([BASE[element] for element in symbols.tolist()])


def ions(symbols: NDArray[np.str_], valences: NDArray[np.float64]) -> list[Species]:
    """Species of these elements and valences."""
    pairs = list(zip(symbols.tolist(), np.round(valences, 6).tolist(), strict=True))
    known = {
        (element, q): Species(element, int(q) if q.is_integer() else q) for element, q in set(pairs)
    }
    return [known[pair] for pair in pairs]


def with_valences(structure: Structure, valences: NDArray[np.float64]) -> Structure:
    """A copy whose species have these valences, with their formal moments."""
    charged = Structure(
        structure.lattice,
        ions(np.array(per_site(structure, symbol)), valences),
        structure.frac_coords,
        site_properties=structure.site_properties,
    )
    set_formal_moments(charged)
    return charged
