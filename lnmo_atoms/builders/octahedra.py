"""Empty octahedra of anions, found by geometry: 16c of Fd-3m; 4a and 12d of P4_332.

Every length is measured by the anions themselves, so that oxides, fluorides, sulfides and
selenides are all alike.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Element, Structure
from scipy.spatial import cKDTree

from lnmo_atoms.builders.neighbours import neighbours, periodic_images
from lnmo_atoms.builders.sites import per_site

OPPOSITE = (1.3, 1.95)
"""Between opposite corners, in distances between nearest anions: √2 in a regular octahedron,
1.45 to 1.75 in LNMO, whose nearest oxygens are the shared edges of MnO6."""
SEVENTH = 1.25
"""The seventh anion lies at least this much farther than the mean corner (in LNMO 1.58)."""
OCCUPIED = 0.6
"""An octahedron with a cation closer to its centre than this share of its radius is not empty
(a tetrahedral site behind a face is 0.8 to 0.87 away)."""
LARGEST_SPACING = 6.0
"""Å, between nearest anions (in iodides, the largest, about 4.3)."""
STRAIGHT = np.cos(np.radians(150))
"""Opposite corners are seen from the centre under at least 150°."""
UNEVEN = 1.3
"""Longest over shortest distance from centre to corner."""
SAME = 0.5
"""Å, centres closer than this are one."""


@dataclass(frozen=True)
class Octahedra:
    """Empty octahedra of a structure.

    Attributes:
        centres: fractional, in [0, 1), shape (k, 3), sorted.
        arms: Å, from the centre to the six corners, shape (k, 6, 3).
        corners: index of the anion at each corner, shape (k, 6).
    """

    centres: NDArray[np.float64]
    arms: NDArray[np.float64]
    corners: NDArray[np.int_]

    @property
    def radii(self) -> NDArray[np.float64]:
        """Å, mean distance from centre to corner, shape (k,)."""
        return np.asarray(np.linalg.norm(self.arms, axis=-1).mean(axis=-1))


def empty_octahedra(structure: Structure) -> NDArray[np.float64]:
    """Centres of octahedra of anions that hold no cation.

    Args:
        structure: bulk or slab; atoms in any cell.

    Returns:
        fractional coordinates in [0, 1), shape (k, 3), sorted.
    """
    return find_octahedra(structure).centres


def find_octahedra(structure: Structure) -> Octahedra:
    """Octahedra of anions that hold no cation, with their corners.

    Args:
        structure: bulk or slab; atoms in any cell.
    """
    anions = is_anion(structure)
    if not anions.any():
        return Octahedra(np.zeros((0, 3)), np.zeros((0, 6, 3)), np.zeros((0, 6), dtype=int))
    found = _octahedra(structure, np.flatnonzero(anions))
    empty = _are_empty(found, structure, structure.frac_coords[~anions])
    return _distinct(found, structure, empty)


def is_anion(structure: Structure) -> NDArray[np.bool_]:
    """Which sites hold anions alone, shape (atoms,).

    Ions of negative charge; without oxidation states, the most electronegative element if it is no
    metal.
    """
    if any(getattr(ion, "oxi_state", None) for ion in structure.composition):
        return np.array(per_site(structure, _all_negative), dtype=bool)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No Pauling electronegativity")
        element = max(structure.elements, key=lambda e: 0.0 if np.isnan(e.X) else e.X)
    if Element.is_valid_symbol(element.symbol) and not Element(element.symbol).is_metal:
        return np.array(
            per_site(
                structure, lambda species: {ion.symbol for ion in species} == {element.symbol}
            ),
            dtype=bool,
        )
    return np.zeros(len(structure), dtype=bool)


def _all_negative(species: Composition) -> bool:
    return all((getattr(ion, "oxi_state", None) or 0) < 0 for ion in species)


def _octahedra(structure: Structure, anions: NDArray[np.int_]) -> Octahedra:
    """All octahedra, empty or not; each may come several times."""
    lattice, corners = structure.lattice, structure.frac_coords[anions]
    spacing = _spacing(structure, corners)
    images, origins, _ = periodic_images(lattice, corners, OPPOSITE[1] * spacing)
    tree = cKDTree(images @ lattice.matrix)
    near, which = tree.query(_middles(structure, corners, spacing), k=7)
    apart = np.isfinite(near[:, 5]) & (near[:, 6] > SEVENTH * near[:, :6].mean(axis=1))
    which = which[apart, :6]
    points = tree.data[which]
    centres = points.mean(axis=1)
    arms = points - centres[:, None]
    good = _are_octahedra(arms)
    return Octahedra(
        lattice.get_fractional_coords(centres[good]), arms[good], anions[origins[which[good]]]
    )


def _spacing(structure: Structure, corners: NDArray[np.float64]) -> float:
    """Å, median distance from an anion to its nearest."""
    images, _, _ = periodic_images(structure.lattice, corners, LARGEST_SPACING)
    home = (corners - np.floor(corners)) @ structure.lattice.matrix
    distances, _ = cKDTree(images @ structure.lattice.matrix).query(home, k=2)
    nearest = distances[:, 1]
    return float(np.median(np.minimum(nearest, LARGEST_SPACING)))


def _middles(
    structure: Structure, corners: NDArray[np.float64], spacing: float
) -> NDArray[np.float64]:
    """Å, midpoints between anions that may be opposite corners, shape (m, 3)."""
    matrix = structure.lattice.matrix
    i, j, cells = neighbours(structure.lattice, corners, corners, OPPOSITE[1] * spacing)
    between = (corners[j] + cells - corners[i]) @ matrix
    far = np.linalg.norm(between, axis=1) > OPPOSITE[0] * spacing
    home = (corners - np.floor(corners)) @ matrix
    middles: NDArray[np.float64] = home[i[far]] + between[far] / 2
    return np.unique(np.round(middles, 3), axis=0)


def _are_octahedra(arms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where six arms are of similar length, each with another one opposite; shape (k,)."""
    lengths = np.linalg.norm(arms, axis=-1)
    directions = arms / lengths[..., None]
    straightest = (directions @ directions.transpose(0, 2, 1)).min(axis=-1)
    even = lengths.max(axis=1) < UNEVEN * lengths.min(axis=1)
    return np.asarray(even & (straightest < STRAIGHT).all(axis=1))


def _are_empty(
    octahedra: Octahedra, structure: Structure, cations: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which octahedra hold no cation, shape (k,)."""
    empty = np.ones(len(octahedra.centres), dtype=bool)
    if len(empty) and len(cations):
        limits = OCCUPIED * octahedra.radii
        i, j, cells = neighbours(structure.lattice, octahedra.centres, cations, limits.max())
        off = (cations[j] + cells - octahedra.centres[i]) @ structure.lattice.matrix
        empty[i[np.linalg.norm(off, axis=1) < limits[i]]] = False
    return empty


def _distinct(octahedra: Octahedra, structure: Structure, chosen: NDArray[np.bool_]) -> Octahedra:
    """The chosen ones, each once, sorted."""
    coords = octahedra.centres % 1.0
    coords[coords > 1 - 1e-6] = 0.0
    order = np.lexsort(np.round(coords.T[::-1], 4))
    order = order[chosen[order]]
    coords = coords[order]
    i, j, _ = neighbours(structure.lattice, coords, coords, SAME)
    again = np.zeros(len(order), dtype=bool)
    again[j[i < j]] = True
    kept = order[~again]
    return Octahedra(coords[~again], octahedra.arms[kept], octahedra.corners[kept])
