"""Bonds between cations and oxygen, by one rule for bulk and slab."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.sites import per_site

OXYGEN_SHELL = 2.7
"""Å, a cation and an oxygen closer than this are neighbours.

It lies in the gap between the first and the second oxygen shell of every cation in spinel LNMO
and LiMn2O4, in Å at measured to CHGNet-relaxed lattice parameters: Li 2.0 and 3.3–3.5, Mn 1.9–2.0
and 3.3–3.4, Ni 2.0–2.1 and 3.4–3.5. The midpoints are 2.7 for all three, so bonds may stretch or
shrink by 0.6 Å in a relaxed surface, Jahn–Teller axes of Mn3+ (up to 2.4) included, before a
count changes. A cutoff scaled from the shortest bond would change with every short surface bond.
"""


def coordination_numbers(structure: Structure) -> NDArray[np.int_]:
    """Neighbours of every atom within ``OXYGEN_SHELL``: oxygen of a cation, cations of an oxygen.

    Args:
        structure: bulk or slab, as built or relaxed.

    Returns:
        shape (atoms,); zero everywhere in a crystal without oxygen.
    """
    oxygen = is_oxygen(structure)
    centres, neighbours, _, _ = structure.get_neighbor_list(OXYGEN_SHELL)
    bonds = oxygen[centres] != oxygen[neighbours]
    return np.bincount(centres[bonds], minlength=len(structure)).astype(int)


def is_oxygen(structure: Structure) -> NDArray[np.bool_]:
    """Which sites hold oxygen alone, shape (atoms,)."""
    return np.array(
        per_site(structure, lambda species: {ion.symbol for ion in species} == {"O"}), dtype=bool
    )
