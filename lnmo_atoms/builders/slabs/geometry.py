"""Heights, area and vacuum of a slab in any cell whose c leaves its plane."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

UPRIGHT = 0.05
"""Degrees off the normal up to which c counts as standing upright: rounded angles of a file."""


def face_area(structure: Structure) -> float:
    """Å², area of the cell's a–b face."""
    return float(np.linalg.norm(np.cross(*structure.lattice.matrix[:2])))


def heights(structure: Structure) -> NDArray[np.float64]:
    """Å above the lowest atom, shape (n,), with the widest gap along c taken for the vacuum."""
    return _unwrapped(structure) * structure.lattice.volume / face_area(structure)


def tilt(structure: Structure) -> float:
    """Degrees between c and the normal of the a–b face; 0 where it stands upright."""
    a, b, c = structure.lattice.matrix
    normal = np.cross(a, b)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(normal, c)), abs(normal @ c))))


def upright(structure: Structure) -> Structure:
    """The same slab with c along the normal; itself where c stands upright already.

    A slab is periodic in its plane only: a c that leans shifts its images across the vacuum, and
    hides symmetry that the slab has.
    """
    if tilt(structure) <= UPRIGHT:
        return structure
    a, b, c = structure.lattice.matrix
    normal = np.cross(a, b) / face_area(structure)
    coords = structure.frac_coords.copy()
    coords[:, 2] = _unwrapped(structure)
    return Structure(
        Lattice([a, b, (c @ normal) * normal]),
        structure.species_and_occu,
        coords @ structure.lattice.matrix,
        coords_are_cartesian=True,
        site_properties=structure.site_properties,
    )


def with_vacuum(structure: Structure, vacuum: float) -> Structure:
    """The same slab in a cell with so much vacuum in Å, centred; c must stand upright."""
    z = heights(structure)
    height = float(np.ptp(z)) + vacuum
    coords = structure.frac_coords.copy()
    coords[:, 2] = (z + vacuum / 2) / height
    a, b, c = structure.lattice.matrix
    return Structure(
        Lattice([a, b, c * height / np.linalg.norm(c)]),
        structure.species_and_occu,
        coords,
        site_properties=structure.site_properties,
    )


def _unwrapped(structure: Structure) -> NDArray[np.float64]:
    """Fractions of c above the lowest atom, shape (n,)."""
    w = structure.frac_coords[:, 2] % 1.0
    ordered = np.sort(w)
    gaps = np.diff(np.append(ordered, ordered[0] + 1.0))
    lowest = ordered[(int(gaps.argmax()) + 1) % len(w)]
    return np.asarray((w - lowest + 1e-9) % 1.0 - 1e-9)
