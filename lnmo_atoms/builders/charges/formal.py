"""Formal oxidation states and signed moments of LNMO, and how structures carry them.

A structure carries oxidation states in its species (``Mn4+``) and moments in the site property
``"magmom"`` in μB, positive on manganese and negative on nickel: below about 125 K LNMO is a
ferrimagnet whose nickel sublattice opposes its manganese sublattice.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, DummySpecies, Element, Species, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.sites import per_site

SPIN_ONLY_MOMENT: Mapping[tuple[str, float], float] = MappingProxyType(
    {
        ("Mn", 4): 3.0,
        ("Mn", 3.5): 3.5,
        ("Mn", 3): 4.0,
        ("Mn", 2): 5.0,
        ("Ni", 2): -2.0,
        ("Ni", 3): -1.0,
        ("Ni", 4): 0.0,
    }
)
"""High-spin (Ni2+) and low-spin (Ni3+, Ni4+) spin-only moments in μB, signed."""


def formal_moment(species: Species | Element | DummySpecies) -> float:
    """Signed spin-only moment of an ion in μB; zero for closed shells such as Li+ and O2-.

    Between two valences, as for the mean Mn3.67+, it is in proportion.
    """
    known = sorted(
        (q, moment) for (symbol, q), moment in SPIN_ONLY_MOMENT.items() if symbol == species.symbol
    )
    if not known:
        return 0.0
    valences, moments = zip(*known, strict=True)
    return float(np.interp(_state(species) or 0, valences, moments, left=0.0, right=0.0))


def _state(species: Species | Element | DummySpecies) -> float | None:
    """Oxidation state; None for a bare element."""
    return None if isinstance(species, Element) else species.oxi_state


def set_formal_moments(structure: Structure) -> None:
    """Write each site's occupancy-weighted formal moment into the site property ``magmom``."""
    structure.add_site_property(
        "magmom",
        [
            sum((formal_moment(sp) * occ for sp, occ in site.species.items()), start=0.0)
            for site in structure
        ],
    )


def formal_charges(structure: Structure) -> NDArray[np.float64] | None:
    """Formal charge of every site in e, shape (n,), or None where no species has one."""
    bare = per_site(structure, lambda species: {str(ion) for ion in species if _state(ion) is None})
    if all(per_site(structure, lambda species: all(_state(ion) is None for ion in species))):
        return None
    if missing := sorted(set().union(*bare)):
        raise RequestError(
            f"oxidation states are missing on {', '.join(missing)}: give every species one, or none"
        )
    return np.array(per_site(structure, _mean_charge))


def total_charge(structure: Structure) -> float:
    """Sum of the formal charges of all sites in e; 0 in a neutral cell.

    Raises:
        RequestError: where species have no oxidation states.
    """
    charges = formal_charges(structure)
    if charges is None:
        raise RequestError("the species have no oxidation states: assign_charges gives them")
    return float(charges.sum())


def _mean_charge(species: Composition) -> float:
    """Occupancy-weighted oxidation state."""
    return sum(((_state(ion) or 0.0) * n for ion, n in species.items()), start=0.0)


def manganese_3_count(lithium: int, nickel: int, manganese: int, oxygen: int) -> int:
    """How many Mn3+ balance the charge beside Li+, Ni2+, Mn4+ and O2-.

    Raises:
        RequestError: where no number of Mn3+ between none and all of them does.
    """
    surplus = lithium + 2 * nickel + 4 * manganese - 2 * oxygen
    if not 0 <= surplus <= manganese:
        raise RequestError(
            f"Li{lithium}Ni{nickel}Mn{manganese}O{oxygen} cannot be charge-balanced with Li+, "
            "Ni2+, Mn3+, Mn4+ and O2-: at most a quarter of the metal sites can be nickel"
        )
    return surplus


def with_formal_charges(structure: Structure, formula: Composition | None = None) -> Structure:
    """A copy with Li+, Ni2+, O2- and the mean manganese valence that balances them, with moments.

    Structures from POSCAR files carry neither. Moments that are there are kept; a structure that
    has oxidation states already comes back as it is.

    Args:
        structure: of lithium, nickel, manganese and oxygen; any other is returned unchanged.
        formula: what manganese's valence balances, as for a slab that lacks an atom of its bulk;
            the structure itself by default.

    Raises:
        RequestError: where manganese would need a valence outside 3 to 4.
    """
    formula = structure.composition if formula is None else formula
    amounts = formula.element_composition.as_dict()
    present = set(amounts) | {element.symbol for element in structure.elements}
    has_states = any(_state(sp) is not None for site in structure for sp in site.species)
    if has_states or not ({"Mn", "O"} <= set(amounts) and present <= {"Li", "Ni", "Mn", "O"}):
        return structure
    charge = 2 * amounts["O"] - amounts.get("Li", 0) - 2 * amounts.get("Ni", 0)
    valence = charge / amounts["Mn"]
    if not 3 - 1e-6 <= valence <= 4 + 1e-6:
        raise RequestError(
            f"{formula.reduced_formula} would need manganese of valence "
            f"{valence:.2f}: give oxidation states in the file (a CIF holds them)"
        )
    charged = structure.copy()
    charged.add_oxidation_state_by_element({"Li": 1, "Ni": 2, "Mn": round(valence, 6), "O": -2})
    if "magmom" not in charged.site_properties:
        set_formal_moments(charged)
    return charged
