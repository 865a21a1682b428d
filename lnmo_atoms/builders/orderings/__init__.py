"""Arrangements of nickel and manganese on 16d that no symmetry operation makes equal."""

from lnmo_atoms.builders.orderings.occupations import (
    MOST_LISTED,
    count_orderings,
    ordering_occupations,
    sample_occupations,
)
from lnmo_atoms.builders.orderings.structures import (
    build_ordering,
    enumerate_orderings,
    ordering_space_group,
    sample_orderings,
)

__all__ = [
    "MOST_LISTED",
    "build_ordering",
    "count_orderings",
    "enumerate_orderings",
    "ordering_occupations",
    "ordering_space_group",
    "sample_occupations",
    "sample_orderings",
]
