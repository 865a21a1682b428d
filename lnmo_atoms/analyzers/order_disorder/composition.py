"""The crystals that are simulated: whole cubic cells of LiNi0.5Mn1.5O4."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.metals import metal_spins
from lnmo_atoms.builders.spinel import whole_repeats

METALS_PER_CELL = 16
METALS_PER_FORMULA = 2
"""In LiNi0.5Mn1.5O4."""
NICKEL_SHARE = 0.25
"""Of the metal sites of LiNi0.5Mn1.5O4."""
MOST_SITES = 200_000
"""Of a simulation; memory is some kilobytes for each."""

Supercell = tuple[int, int, int]


def quarter_nickel_spins(structure: Structure) -> tuple[Supercell, NDArray[np.int8]]:
    """Supercell and σ of every 16d site, as :func:`~lnmo_atoms.builders.metals.metal_spins`.

    Raises:
        RequestError: where the metals do not fill 16d, or a quarter of them is not nickel.
    """
    supercell, spins = metal_spins(structure)
    if (spins == 1).sum() != NICKEL_SHARE * len(spins):
        raise RequestError(
            f"{structure.composition.element_composition.formula} is not LiNi0.5Mn1.5O4: orderings "
            "are compared at a quarter of nickel on 16d"
        )
    return supercell, spins


def whole_supercell(supercell: Sequence[int]) -> Supercell:
    """Repeats of the cubic cell for a simulation.

    Raises:
        RequestError: for what is no three positive integers, or too large a cell.
    """
    repeats = whole_repeats(supercell)
    if (sites := METALS_PER_CELL * int(np.prod(repeats))) > MOST_SITES:
        raise RequestError(f"{sites:,} metal sites are too many: at most {MOST_SITES:,}")
    return int(repeats[0]), int(repeats[1]), int(repeats[2])


def formula_units(supercell: Supercell) -> int:
    """LiNi0.5Mn1.5O4 in so many cubic cells."""
    return int(np.prod(supercell)) * METALS_PER_CELL // METALS_PER_FORMULA
