"""From a facet to certified slabs."""

from lnmo_atoms.builders.slabs.build import make_slabs, prepare
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
from lnmo_atoms.builders.slabs.slab import Slab

__all__ = [
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
    "lowest_terms",
    "make_slabs",
    "parent_termination",
    "prepare",
    "valid_facet",
]
