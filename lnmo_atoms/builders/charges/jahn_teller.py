"""Octahedra of Mn3+ made longer along a cubic axis: where a relaxation can start from."""

import logging
from typing import Literal, get_args

import numpy as np
from pymatgen.core import Species, Structure

from lnmo_atoms.builders.coordination import OXYGEN_SHELL, is_oxygen
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.neighbours import neighbours
from lnmo_atoms.builders.sites import per_site

log = logging.getLogger(__name__)

Axis = Literal["x", "y", "z"]
ELONGATION = 0.25
"""Å by which each of the two axial bonds of Mn3+ grows.

About the difference between long and short Mn3+–O bonds in manganites, 2.2 and 1.9 to 2.0 Å. A
relaxation finds the lengths of its engine; this merely breaks the symmetry. The long axes of
LiMn2O4 lie almost parallel to the cubic ones (Am. Mineral. 99, 1528, 2014).
"""


def elongated(structure: Structure, axis: Axis) -> Structure:
    """A copy in which the oxygens above and below every Mn3+ are moved away from it.

    Bonds of Mn3+ less than 45° from the axis, two in a whole octahedron, grow by
    :data:`ELONGATION` each. An oxygen that two such bonds share moves by the sum.

    Args:
        structure: with oxidation states.
        axis: the cell's vector a (``"x"``), b or c; those of the cubic cell or its repeats are
            the axes of the octahedra.

    Raises:
        RequestError: for another axis.
    """
    if axis not in get_args(Axis):
        raise RequestError(f"axis {axis!r} is not known: use {', '.join(get_args(Axis))}")
    vector = structure.lattice.matrix["xyz".index(axis)]
    direction = vector / np.linalg.norm(vector)
    centres = np.flatnonzero(per_site(structure, lambda species: Species("Mn", 3) in species))
    oxygens = np.flatnonzero(is_oxygen(structure))
    if not len(centres):
        log.warning("there is no Mn3+: no octahedron is made longer")
    coords = structure.frac_coords
    i, j, cells = neighbours(structure.lattice, coords[centres], coords[oxygens], OXYGEN_SHELL)
    bonds = (coords[oxygens[j]] + cells - coords[centres[i]]) @ structure.lattice.matrix
    bonds /= np.linalg.norm(bonds, axis=1, keepdims=True)
    axial = np.abs(bonds @ direction) > np.sqrt(0.5)
    shifts = np.zeros_like(coords)
    np.add.at(shifts, oxygens[j[axial]], ELONGATION * bonds[axial])
    return Structure(
        structure.lattice,
        structure.species_and_occu,
        structure.cart_coords + shifts,
        coords_are_cartesian=True,
        site_properties=structure.site_properties,
        labels=structure.labels,
    )
