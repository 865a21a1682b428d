from .exposure import FaceExposure, exposed_cations
from .facets import FacetComparison, compare_facets
from .wulff import WulffShape, wulff_shape

__all__ = [
    "FaceExposure",
    "FacetComparison",
    "WulffShape",
    "compare_facets",
    "exposed_cations",
    "wulff_shape",
]
