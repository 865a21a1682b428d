from .build import make_slabs
from .certificate import Certificate, certify, check
from .disordered import disordered_slabs, parent_termination
from .facet import (
    Facet,
    distinct_facets,
    equivalent_facets,
    facet_name,
    lowest_terms,
    valid_facet,
)
from .flip import Flip
from .growth import growing_slabs
from .matching import matching_bulk
from .reconstructions import (
    KINDS,
    kind_of,
    reconstruct,
    reconstructions,
    valid_kind,
    why_not,
)
from .slab import Slab

__all__ = [
    "KINDS",
    "Certificate",
    "Facet",
    "Flip",
    "Slab",
    "certify",
    "check",
    "disordered_slabs",
    "distinct_facets",
    "equivalent_facets",
    "facet_name",
    "growing_slabs",
    "kind_of",
    "lowest_terms",
    "make_slabs",
    "matching_bulk",
    "parent_termination",
    "reconstruct",
    "reconstructions",
    "valid_facet",
    "valid_kind",
    "why_not",
]
