"""Facets that symmetry makes equal, and which result speaks for each family of them."""

import math
from collections.abc import Sequence

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import Facet, equivalent_facets, facet_name, lowest_terms
from lnmo_atoms.results import SurfaceResult

SAME_LATTICE = 1e-3
"""Å, cells of bulks that differ by less are one crystal."""


def bracketed(facet: Facet) -> str:
    """Miller indices in round brackets: ``"(111)"``."""
    return f"({facet_name(facet)})"


def listed(facets: Sequence[Facet]) -> str:
    """Facets in a sentence: ``"(111), (100) and (110)"``."""
    names = [bracketed(facet) for facet in facets]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def group_by_family(surfaces: Sequence[SurfaceResult]) -> dict[Facet, tuple[SurfaceResult, ...]]:
    """Results by family of symmetry-equal facets, each under the facet that comes first.

    Raises:
        RequestError: where the results are of more than one crystal or engine.
    """
    _require_one_crystal(surfaces)
    representative: dict[Facet, Facet] = {}
    groups: dict[Facet, list[SurfaceResult]] = {}
    for result in surfaces:
        if lowest_terms(result.facet) not in representative:
            for face in equivalent_facets(result.facet, result.bulk):
                representative[face] = result.facet
        groups.setdefault(representative[lowest_terms(result.facet)], []).append(result)
    return {facet: tuple(members) for facet, members in groups.items()}


def best_ranked(results: Sequence[SurfaceResult]) -> SurfaceResult | None:
    """The relaxed and converged result of lowest γ, or None if there is none with a finite γ."""
    ranked = [r for r in results if r.ranked and r.gamma is not None and math.isfinite(r.gamma)]
    return min(ranked, key=lambda r: r.gamma or 0.0, default=None)


def _require_one_crystal(surfaces: Sequence[SurfaceResult]) -> None:
    engines = sorted({result.engine for result in surfaces})
    if len(engines) > 1:
        raise RequestError(
            f"surface energies of {' and '.join(engines)} cannot be compared: take one engine"
        )
    for result in surfaces[1:]:
        first = surfaces[0]
        if result.bulk is not first.bulk and not _same_crystal(result.bulk, first.bulk):
            raise RequestError(
                f"{first.slab.name} and {result.slab.name} were cut from different bulk crystals: "
                "compare the facets of one"
            )


def _same_crystal(one: Structure, other: Structure) -> bool:
    return one.composition == other.composition and bool(
        np.allclose(one.lattice.matrix, other.lattice.matrix, rtol=0, atol=SAME_LATTICE)
    )
