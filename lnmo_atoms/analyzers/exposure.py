"""Cations that a slab exposes: those with fewer oxygen neighbours than in the bulk."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.coordination import is_oxygen
from lnmo_atoms.builders.slabs import Slab
from lnmo_atoms.builders.slabs.certificate import SQUARE_ANGSTROMS_PER_NM2
from lnmo_atoms.builders.slabs.geometry import heights
from lnmo_atoms.builders.slabs.undercoordination import CATIONS, lost_neighbours, symbols


@dataclass(frozen=True)
class FaceExposure:
    """Exposed cations of one face.

    Attributes:
        density: exposed cations of each element per nm².
        missing: mean number of oxygen neighbours that each of them has lost; 0 where none is
            exposed.
    """

    density: Mapping[str, float]
    missing: Mapping[str, float]


def missing_oxygen(slab: Slab) -> NDArray[np.int_]:
    """Oxygen neighbours that every atom of a slab as built has lost against the bulk.

    Returns:
        shape (atoms,): positive for exposed cations, zero for oxygen and in metals; negative where
        a reconstruction has given an atom more neighbours than it had.
    """
    lost = lost_neighbours(slab.structure, slab.bulk_coordination)
    return np.where(is_oxygen(slab.structure), 0, lost)


def exposed_cations(slab: Slab) -> tuple[FaceExposure, FaceExposure]:
    """Exposed Li, Mn, Ni (and other cations) of top and bottom of a slab as built.

    A cation is exposed where it has fewer oxygen neighbours than it had in the bulk; one that a
    reconstruction moved to another site is compared with the site that it came from. It belongs to
    the face on its side of mid-height. A metal without oxygen exposes none.

    Returns:
        (top, bottom), top along +c.
    """
    structure, missing = slab.structure, missing_oxygen(slab)
    elements = symbols(structure)
    others = sorted({str(s) for s in elements[missing > 0]} - set(CATIONS))
    cations = (*CATIONS, *others)
    area = slab.certificate.area
    top = _upper_half(structure)
    return (
        _face(elements, np.where(top, missing, 0), area, cations),
        _face(elements, np.where(top, 0, missing), area, cations),
    )


def _face(
    elements: NDArray[np.str_], missing: NDArray[np.int_], area: float, cations: tuple[str, ...]
) -> FaceExposure:
    lost = {cation: missing[(elements == cation) & (missing > 0)] for cation in cations}
    return FaceExposure(
        density={c: len(n) / area * SQUARE_ANGSTROMS_PER_NM2 for c, n in lost.items()},
        missing={c: float(n.mean()) if len(n) else 0.0 for c, n in lost.items()},
    )


def _upper_half(structure: Structure) -> NDArray[np.bool_]:
    """Which atoms lie above mid-height, between the lowest and the highest atom."""
    z = heights(structure)
    return np.asarray(z > np.ptp(z) / 2)
