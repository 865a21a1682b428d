"""From a facet to certified slabs."""

from lnmo_atoms.builders.slabs.build import make_slabs
from lnmo_atoms.builders.slabs.certificate import Certificate, certify, check
from lnmo_atoms.builders.slabs.disordered import disordered_slabs, parent_termination
from lnmo_atoms.builders.slabs.facet import (
    Facet,
    distinct_facets,
    equivalent_facets,
    facet_name,
    lowest_terms,
    valid_facet,
)
from lnmo_atoms.builders.slabs.flip import Flip
from lnmo_atoms.builders.slabs.growth import growing_slabs
from lnmo_atoms.builders.slabs.matching import matching_bulk
from lnmo_atoms.builders.slabs.reconstructions import (
    KINDS,
    kind_of,
    reconstruct,
    reconstructions,
    valid_kind,
    why_not,
)
from lnmo_atoms.builders.slabs.slab import Slab

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
