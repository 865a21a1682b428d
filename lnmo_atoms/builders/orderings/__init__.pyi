from .description import nickel_pairs, ordering_space_groups
from .occupations import (
    count_orderings,
    nickel_atoms,
    ordering_occupations,
    sample_occupations,
)
from .structures import (
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
