"""What every builder asks of the crystal that it starts from."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError

WIDEST_GAP = 6.0
"""Å between atomic planes; no crystal has a wider one, every slab has."""


def require_structure(structure: object) -> None:
    """Refuse what is no pymatgen Structure.

    Raises:
        RequestError: naming the type that was given.
    """
    if not isinstance(structure, Structure):
        raise RequestError(
            f"give a pymatgen Structure, not {type(structure).__name__}: to_structure turns ASE "
            "Atoms into one, and a Slab of this package holds one as .structure"
        )


def require_bulk(structure: Structure) -> None:
    """Refuse what is no crystal of whole atoms.

    Raises:
        RequestError: for partial occupancies, open boundaries, or a gap that only a slab or a
            molecule has.
    """
    require_structure(structure)
    if not structure.is_ordered:
        raise RequestError(
            "the structure has partially occupied sites: build one cell of whole atoms, ordered or "
            "disordered, first (lnmo build disordered); its surfaces are those of "
            "disordered_surface_energies (lnmo surface)"
        )
    if not all(structure.lattice.pbc):
        raise RequestError(
            "the structure does not repeat in all three directions: give the bulk crystal"
        )
    for widest, name in zip(widest_gaps(structure), "abc", strict=True):
        if widest > WIDEST_GAP:
            raise RequestError(
                f"the structure has a gap of {widest:.1f} Å along {name}: it is a slab "
                "or a molecule, give the bulk crystal"
            )


def widest_gaps(structure: Structure) -> NDArray[np.float64]:
    """Å, shape (3,), the widest empty space between the atoms along a, b and c.

    It is measured along the normal of the other two lattice vectors.
    """
    heights = np.sort(structure.frac_coords % 1.0, axis=0)
    gaps = np.diff(heights, axis=0, append=heights[:1] + 1.0).max(axis=0)
    return np.asarray(gaps / structure.lattice.reciprocal_lattice_crystallographic.abc)
