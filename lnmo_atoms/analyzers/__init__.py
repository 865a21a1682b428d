"""Results in, numbers out: Wulff shape, exposed cations, the comparison of facets."""

from lnmo_atoms.analyzers.exposure import FaceExposure, exposed_cations
from lnmo_atoms.analyzers.facets import FacetComparison, compare_facets
from lnmo_atoms.analyzers.wulff import WulffShape, wulff_shape

__all__ = [
    "FaceExposure",
    "FacetComparison",
    "WulffShape",
    "compare_facets",
    "exposed_cations",
    "wulff_shape",
]
