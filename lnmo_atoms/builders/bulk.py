"""What every builder asks of the crystal that it starts from."""

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError

WIDEST_GAP = 6.0
"""Å between atomic planes; no crystal has a wider one, every slab has."""


def require_bulk(structure: Structure) -> None:
    """Refuse what is no crystal of whole atoms.

    Raises:
        RequestError: for partial occupancies, or a gap that only a slab or a molecule has.
    """
    if not structure.is_ordered:
        raise RequestError(
            "the structure has partially occupied sites: build one cell of whole atoms, ordered or "
            "disordered, first (lnmo build disordered); its surfaces are those of "
            "disordered_surface_energies (lnmo surface)"
        )
    reciprocal = structure.lattice.reciprocal_lattice_crystallographic
    for length, axis, name in zip(reciprocal.abc, range(3), "abc", strict=True):
        heights = np.sort(structure.frac_coords[:, axis] % 1.0)
        gaps = np.diff(np.append(heights, heights[0] + 1.0))
        widest = float(gaps.max()) / length
        if widest > WIDEST_GAP:
            raise RequestError(
                f"the structure has a gap of {widest:.1f} Å along {name}: it is a slab "
                "or a molecule, give the bulk crystal"
            )
