"""Empty sites at a slab's upper face where the bulk goes on, and its empty octahedra."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.coordination import OXYGEN_SHELL
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin

BOND = OXYGEN_SHELL
"""Å, an ion further from all atoms of the slab does not touch it."""
TOUCHING = 2.2
"""Å: lithium closer than this leaves no room for another (8a to 16c is 1.77, 8a to 8a 3.5 Å)."""
OCCUPIED = 1.0
"""Å, a site with an atom closer than this is not empty."""


def with_lattice_sites(skin: Skin, element: str) -> Skin:
    """The skin with the element's empty sites that the bulk lattice offers at the face.

    A slab holds translation-equivalent atoms at several heights; the vector between two of them
    carries the bulk on, above the face.

    Raises:
        RequestError: where the slab is thinner than one repeat of the bulk.
    """
    atoms = np.flatnonzero(skin.symbols == element)
    coords, templates = _continued(skin, skin.coords[atoms], atoms)
    return skin.with_empty(coords, templates)


def with_empty_octahedra(skin: Skin) -> Skin:
    """The skin with the empty octahedra of its upper half, those cut by the face included."""
    whole = empty_octahedra(skin.slab)
    unknown = np.full(len(whole), -1)
    outer, _ = _continued(skin, whole, unknown)
    inner = whole[skin.heights_of(whole) > GAP]
    both = np.concatenate([inner, outer])
    kept = both[_first_of_each(skin, both)]
    return skin.with_empty(kept, np.full(len(kept), -1))


def without_lithium_beside(skin: Skin, leaving: Sequence[int] | Sites) -> Sites:
    """Empty sites of the upper half that touch no lithium once some, and its partners, has left."""
    lithium = np.flatnonzero(skin.symbols == "Li")
    staying = lithium[~np.isin(lithium, skin.both(leaving))]
    sites = skin.of("")
    return sites[(skin.distances[sites][:, staying] > TOUCHING).all(axis=1)]


def _continued(
    skin: Skin, coords: NDArray[np.float64], templates: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Sites repeated upwards by the bulk's lattice, where they are empty and near the face."""
    step = _upward_vector(skin)
    if not len(coords):
        return coords, templates
    most = int((2 * skin.top + BOND) / (step[2] * skin.slab.lattice.c))
    images = np.concatenate([coords + n * step for n in range(1, 1 + most)])
    origins = np.tile(templates, most)
    height = skin.heights_of(images)
    near = np.flatnonzero((height > GAP) & (height < skin.top + BOND))
    images, origins = images[near] - np.floor(images[near]), origins[near]
    away = skin.slab.lattice.get_all_distances(images, skin.slab.frac_coords).min(axis=1)
    images, origins = images[away > OCCUPIED], origins[away > OCCUPIED]
    kept = _first_of_each(skin, images)
    return images[kept], origins[kept]


def _upward_vector(skin: Skin) -> NDArray[np.float64]:
    """The lattice vector of the bulk, fractional, that leads up least."""
    sites = np.array(skin.slab.site_properties["bulk_site"])
    atoms = skin.coords[: len(sites)]
    between = atoms[None] - atoms[:, None]
    alike = sites[:, None] == sites[None]
    upward = between[alike & (between[..., 2] * skin.slab.lattice.c > GAP)]
    if not len(upward):
        raise RequestError("it is thinner than one repeat of the bulk: ask for a thicker slab")
    step: NDArray[np.float64] = upward[int(np.round(upward[:, 2], 6).argmin())]
    return step


def _first_of_each(skin: Skin, coords: NDArray[np.float64]) -> list[int]:
    """Indices of the first of each group of points closer than half an Å."""
    if not len(coords):
        return []
    same = skin.slab.lattice.get_all_distances(coords, coords) < OCCUPIED / 2
    return [i for i, row in enumerate(same) if not row[:i].any()]
