"""First guess of a hop's path: straight to the octahedron's centre, straight on to the end."""

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.paths.end_points import Displacements
from lnmo_atoms.builders.paths.states import State, kept_sites, state_cell


def path_images(  # noqa: PLR0917 - a path is what lies between two states
    crystal: Structure,
    hop: Hop,
    before_state: State,
    around_before: Displacements,
    around_after: Displacements,
    images: int,
) -> list[Structure]:
    """Images from the relaxed state before the hop to that after it, through the octahedron.

    All images share one order of atoms, that of the crystal without the sites vacant before; the
    moving ion leaves the cell rather than wrap around, so that neighbouring images lie close.

    Args:
        crystal: ideal, all mobile sites filled.
        hop: of this crystal.
        before_state: vacant sites before the hop, its end among them.
        around_before: displacements of the relaxed state before.
        around_after: displacements of the relaxed state after, whose vacancy is the hop's start.
        images: how many, end points included; odd, so that one starts in the octahedron.

    Raises:
        RequestError: for an even number of images or fewer than three.
    """
    if images < 3 or images % 2 == 0:
        raise RequestError("a path has an odd number of images, 3 or more, end points included")
    ideal = crystal.frac_coords
    initial, final = ideal + around_before, ideal + around_after
    final[hop.start] = ideal[hop.end] + hop.end_image + around_after[hop.end]
    middle = (initial + final) / 2
    middle[hop.start] = hop.octahedron
    cell, kept = state_cell(crystal, before_state), kept_sites(crystal, before_state)
    structures = []
    for t in np.linspace(0, 2, images):
        coords = initial + t * (middle - initial) if t <= 1 else middle + (t - 1) * (final - middle)
        structures.append(
            Structure(
                cell.lattice, cell.species, coords[kept], site_properties=cell.site_properties
            )
        )
    return structures


def ion_index(crystal: Structure, before_state: State, hop: Hop) -> int:
    """Index of the moving ion in the images of its path."""
    return int(np.searchsorted(kept_sites(crystal, before_state), hop.start))
