"""Nickel and manganese of any structure as spins on 16d: +1 for nickel, −1 for manganese."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.clusters import QUARTERS, metal_sites, site_numbers
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.sites import per_site, symbol
from lnmo_atoms.builders.symmetry import RIGHT_ANGLE

STRETCH = 0.03
"""By which part an edge may differ from whole cubic cells, as in a relaxed, distorted crystal."""


def metal_spins(structure: Structure) -> tuple[tuple[int, int, int], NDArray[np.int8]]:
    """The supercell of a structure, and σ of every 16d site.

    Sites are recognised from where the metals lie to each other: neither the origin of the cell
    nor the small shifts of relaxed atoms matter. Where sites carry the property ``parent``, only
    those of 16d count, so that nickel on a lithium site is left out.

    Args:
        structure: with a cell along the cubic axes, whole atoms.

    Returns:
        repeats of the cubic cell along the three axes; shape (16 · cells,), +1 for nickel and −1
        for manganese, numbered as in :func:`metal_sites`.

    Raises:
        RequestError: where the cell does not run along the cubic axes, or nickel and manganese do
            not fill its 16d sites.
    """
    require_bulk(structure)
    symbols = np.array(per_site(structure, symbol))
    parents = np.array(structure.site_properties.get("parent", ["16d"] * len(structure)))
    metals = np.flatnonzero(np.isin(symbols, ("Ni", "Mn")) & (parents == "16d"))
    supercell = _repeats(structure, len(metals))
    sites = _nearest_sites(structure.frac_coords[metals] * supercell * QUARTERS, supercell)
    spins = np.empty(len(metals), dtype=np.int8)
    spins[sites] = np.where(symbols[metals] == "Ni", 1, -1)
    return supercell, spins


def _repeats(structure: Structure, metals: int) -> tuple[int, int, int]:
    """Cubic cells along each axis."""
    cells = metals / 16
    if cells:
        exact = np.array(structure.lattice.abc) / np.cbrt(structure.volume / cells)
        whole = np.rint(exact).astype(int)
        square = np.abs(np.array(structure.lattice.angles) - 90).max() < RIGHT_ANGLE
        if square and np.prod(whole) == cells and (np.abs(exact - whole) < STRETCH * whole).all():
            x, y, z = whole.tolist()
            return x, y, z
    raise RequestError(
        f"{structure.composition.element_composition.formula}: give a cell of whole cubic ones "
        "along the cubic axes, each with 16 nickel and manganese atoms on its 16d sites"
    )


def _nearest_sites(points: NDArray[np.float64], supercell: Sequence[int]) -> NDArray[np.int_]:
    """Index of the 16d site of every metal, whatever the origin.

    The first metal lies on one of the 16 sites of a cell, which fixes the origin but for its own
    shift. That is found from all metals then.

    Args:
        points: in units of a/4.
        supercell: repeats of the cubic cell along its three axes.
    """
    for home in metal_sites((1, 1, 1)):
        moved = points + home - points[0]
        moved -= (moved - np.rint(moved)).mean(axis=0)
        sites = site_numbers(np.rint(moved).astype(int), supercell)
        if np.array_equal(np.sort(sites), np.arange(len(points))):
            return sites
    raise RequestError(
        "nickel and manganese do not lie on the 16d sites of a spinel: give a crystal near its "
        "ideal positions"
    )
