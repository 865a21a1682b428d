"""Empty sites at a slab's upper face where the bulk goes on, and its empty octahedra."""

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.coordination import OXYGEN_SHELL
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.slabs.reconstructions.skin import Skin

BOND = OXYGEN_SHELL
"""Å, an ion further from all atoms of the slab does not touch it."""
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
    height = (whole[:, 2] - 0.5) * float(np.linalg.norm(skin.slab.lattice.matrix[2]))
    inner = whole[height > GAP]
    coords = _distinct(skin, np.concatenate([inner, outer]))
    return skin.with_empty(coords, np.full(len(coords), -1))


def _continued(
    skin: Skin, coords: NDArray[np.float64], templates: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Sites repeated upwards by the bulk's lattice, where they are empty and near the face."""
    step = _upward_vector(skin)
    matrix = skin.slab.lattice.matrix
    length = float(np.linalg.norm(matrix[2]))
    repeats = range(1, 1 + int((2 * skin.top + BOND) / (step[2] * length)))
    if not len(coords) or not len(repeats):
        return np.zeros((0, 3)), np.zeros(0, dtype=int)
    images = np.concatenate([coords + n * step for n in repeats])
    origins = np.tile(templates, len(repeats))
    height = (images[:, 2] - 0.5) * length
    near = np.flatnonzero((height > GAP) & (height < skin.top + BOND))
    images, origins = images[near] - np.floor(images[near]), origins[near]
    away = skin.slab.lattice.get_all_distances(images, skin.slab.frac_coords).min(axis=1)
    images, origins = images[away > OCCUPIED], origins[away > OCCUPIED]
    kept = _first_of_each(skin, images)
    return images[kept], origins[kept]


def _upward_vector(skin: Skin) -> NDArray[np.float64]:
    """The lattice vector of the bulk, fractional, that leads up least."""
    length = float(np.linalg.norm(skin.slab.lattice.matrix[2]))
    sites = np.array(skin.slab.site_properties["bulk_site"])
    oxygen = np.flatnonzero(skin.symbols[: len(sites)] == "O")
    between = skin.coords[oxygen][None] - skin.coords[oxygen][:, None]
    alike = sites[oxygen][:, None] == sites[oxygen][None]
    upward = between[alike & (between[..., 2] * length > GAP)]
    if not len(upward):
        raise RequestError("it is thinner than one repeat of the bulk: ask for a thicker slab")
    step: NDArray[np.float64] = upward[int(np.round(upward[:, 2], 6).argmin())]
    return step


def _distinct(skin: Skin, coords: NDArray[np.float64]) -> NDArray[np.float64]:
    """One of each group of points that coincide."""
    distinct: NDArray[np.float64] = coords[_first_of_each(skin, coords)]
    return distinct


def _first_of_each(skin: Skin, coords: NDArray[np.float64]) -> list[int]:
    """Indices of the first of each group of points closer than half an Å."""
    if not len(coords):
        return []
    same = skin.slab.lattice.get_all_distances(coords, coords) < OCCUPIED / 2
    return [i for i, row in enumerate(same) if not row[:i].any()]
