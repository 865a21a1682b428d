"""Arrangements of nickel and manganese on 16d that no symmetry operation makes equal."""

from lnmo_atoms.builders.orderings.description import nickel_pairs, ordering_space_groups
from lnmo_atoms.builders.orderings.occupations import (
    count_orderings,
    nickel_atoms,
    ordering_occupations,
    sample_occupations,
)
from lnmo_atoms.builders.orderings.structures import (
    build_ordering,
    enumerate_orderings,
    numbered_ordering,
    sample_orderings,
)

__all__ = [
    "build_ordering",
    "count_orderings",
    "enumerate_orderings",
    "nickel_atoms",
    "nickel_pairs",
    "numbered_ordering",
    "ordering_occupations",
    "ordering_space_groups",
    "sample_occupations",
    "sample_orderings",
]
