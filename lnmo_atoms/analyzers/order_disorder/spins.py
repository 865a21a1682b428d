"""Nickel and manganese on 16d as spins: +1 for nickel, −1 for manganese."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.clusters import QUARTERS, metal_sites, site_numbers
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.sites import per_site, symbol

METALS_PER_CELL = 16
METALS_PER_FORMULA = 2
"""In LiNi0.5Mn1.5O4."""
NICKEL_SHARE = 0.25
"""Of the metal sites of LiNi0.5Mn1.5O4."""
MOST_SITES = 200_000
"""Of a simulation; memory is some kilobytes for each."""
OFF_SQUARE = 3.0
"""Degrees by which the angles of a relaxed cell may differ from 90°."""
OFF_CUBIC = 0.05
"""Share of an edge by which it may differ from whole cubic cells."""

Supercell = tuple[int, int, int]


def metal_spins(structure: Structure) -> tuple[Supercell, NDArray[np.int8]]:
    """Repeats of the cubic cell, and σ of every 16d site as numbered by ``metal_sites``.

    Sites are recognised from where nickel and manganese lie to each other, so that neither the
    origin of the cell nor small shifts of relaxed atoms matter.

    Returns:
        the supercell; shape (16 · cells,), +1 for nickel and −1 for manganese.

    Raises:
        RequestError: where the cell does not run along the cubic axes, the metals do not fill 16d,
            or a quarter of them is not nickel.
    """
    symbols = np.array(per_site(structure, symbol))
    metals = np.nonzero(np.isin(symbols, ("Ni", "Mn")))[0]
    supercell = _repeats(structure, len(metals))
    sites = _sites(structure.frac_coords[metals] * np.array(supercell) * QUARTERS, supercell)
    spins = np.empty(len(metals), dtype=np.int8)
    spins[sites] = np.where(symbols[metals] == "Ni", 1, -1)
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
    repeats = np.array(supercell)
    if repeats.shape != (3,) or repeats.dtype.kind not in "iu" or (repeats < 1).any():
        raise RequestError(f"a supercell is three positive integers such as 4 4 4, not {supercell}")
    if (sites := METALS_PER_CELL * int(np.prod(repeats))) > MOST_SITES:
        raise RequestError(f"{sites:,} metal sites are too many: at most {MOST_SITES:,}")
    return int(repeats[0]), int(repeats[1]), int(repeats[2])


def formula_units(supercell: Supercell) -> int:
    """LiNi0.5Mn1.5O4 in so many cubic cells."""
    return int(np.prod(supercell)) * METALS_PER_CELL // METALS_PER_FORMULA


def _repeats(structure: Structure, metals: int) -> Supercell:
    """Cubic cells along each axis."""
    cells = metals // METALS_PER_CELL
    if cells and metals % METALS_PER_CELL == 0:
        exact = np.array(structure.lattice.abc) / np.cbrt(structure.volume / cells)
        whole = np.rint(exact).astype(int)
        square = np.abs(np.array(structure.lattice.angles) - 90).max() < OFF_SQUARE
        near = (np.abs(exact - whole) < whole * OFF_CUBIC).all()
        if square and near and np.prod(whole) == cells:
            return int(whole[0]), int(whole[1]), int(whole[2])
    raise RequestError(
        f"{structure.composition.element_composition.formula}: the cell is not whole cubic cells "
        "of the spinel with 16 metals each, along the cubic axes"
    )


def _sites(points: NDArray[np.float64], supercell: Supercell) -> NDArray[np.int_]:
    """Index of the 16d site of every metal, whatever the origin: points in units of a/4."""
    for home in metal_sites((1, 1, 1)):
        sites = site_numbers(np.rint(points + home - points[0]).astype(int), supercell)
        if np.array_equal(np.sort(sites), np.arange(len(points))):
            return sites
    raise RequestError("nickel and manganese do not lie on the 16d sites of a spinel")
