"""Formal oxidation states and signed moments of LNMO, and how structures carry them.

A structure carries oxidation states in its species (``Mn4+``) and moments in the site property
``"magmom"`` in μB, positive on manganese and negative on nickel: below about 125 K LNMO is a
ferrimagnet whose nickel sublattice opposes its manganese sublattice.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Species, Structure

from lnmo_atoms.builders.errors import RequestError

SPIN_ONLY_MOMENT: Mapping[tuple[str, float], float] = MappingProxyType(
    {
        ("Mn", 4): 3.0,
        ("Mn", 3.5): 3.5,
        ("Mn", 3): 4.0,
        ("Ni", 2): -2.0,
        ("Ni", 3): -1.0,
        ("Ni", 4): 0.0,
    }
)
"""High-spin (Mn, Ni2+) and low-spin (Ni3+, Ni4+) spin-only moments in μB, signed."""


def formal_moment(species: Species) -> float:
    """Signed spin-only moment of an ion in μB; zero for closed shells such as Li+ and O2-."""
    return SPIN_ONLY_MOMENT.get((species.symbol, species.oxi_state or 0), 0.0)


def set_formal_moments(structure: Structure) -> None:
    """Write each site's occupancy-weighted formal moment into the site property ``magmom``."""
    structure.add_site_property(
        "magmom",
        [
            float(sum(formal_moment(sp) * occupancy for sp, occupancy in site.species.items()))
            for site in structure
        ],
    )


def formal_charges(structure: Structure) -> NDArray[np.float64] | None:
    """Formal charge of every site in e, shape (n,), or None where no species has one."""
    species = [sp for site in structure for sp in site.species]
    states = [getattr(sp, "oxi_state", None) for sp in species]
    if all(state is None for state in states):
        return None
    missing = sorted({str(sp) for sp, state in zip(species, states, strict=True) if state is None})
    if missing:
        raise RequestError(
            f"oxidation states are missing on {', '.join(missing)}: give every species one, or none"
        )
    return np.array(
        [sum(sp.oxi_state * occ for sp, occ in site.species.items()) for site in structure]
    )


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
