"""Miller indices."""

import math
from collections.abc import Sequence

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.symmetry import symmetry_operations

Facet = tuple[int, int, int]
"""Miller indices in the cell of the bulk that the slab was cut from."""

LARGEST_INDEX = 20


def facet_name(facet: Facet) -> str:
    """Miller indices as in text: ``"111"``, ``"1-10"``."""
    return "".join(str(index) for index in facet)


def valid_facet(facet: Sequence[int]) -> Facet:
    """Three whole Miller indices, not all zero.

    Raises:
        RequestError: otherwise.
    """
    indices = tuple(facet)
    if len(indices) != 3 or any(int(i) != i or abs(i) > LARGEST_INDEX for i in indices):
        raise RequestError(f"a facet is three whole Miller indices such as 1 1 1, not {facet}")
    h, k, m = (int(i) for i in indices)
    if not (h or k or m):
        raise RequestError("facet 000 has no normal: give three Miller indices such as 111")
    return h, k, m


def lowest_terms(facet: Facet) -> Facet:
    """Miller indices without a common divisor: (222) is cut like (111)."""
    divisor = math.gcd(*facet)
    return facet[0] // divisor, facet[1] // divisor, facet[2] // divisor


def equivalent_facets(facet: Facet, bulk: Structure) -> tuple[Facet, ...]:
    """All faces of the facet's form under the Laue class of the bulk.

    A point operation R (on fractional coordinates) takes the plane h·x = c to (h R⁻¹)·x = c. The
    γ of a slab is the mean of its two faces, the same for hkl and its negative, so inversion is
    added to the point group.

    Returns:
        Faces, sorted; each of them and its negative is among them.
    """
    rotations = symmetry_operations(bulk).rotations
    faces = np.array(lowest_terms(facet)) @ rotations
    distinct = np.unique(np.concatenate([faces, -faces]), axis=0)
    return tuple((int(face[0]), int(face[1]), int(face[2])) for face in distinct)


def distinct_facets(facets: Sequence[Sequence[int]], bulk: Structure) -> list[Facet]:
    """The facets in lowest terms, of those that symmetry makes equal the first alone.

    Raises:
        RequestError: for what is no facet.
    """
    kept: list[Facet] = []
    seen: set[Facet] = set()
    for facet in map(lowest_terms, map(valid_facet, facets)):
        if facet not in seen:
            kept.append(facet)
            seen.update(equivalent_facets(facet, bulk))
    return kept
