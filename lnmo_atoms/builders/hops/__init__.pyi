from .find import find_hops
from .hop import Equivalent, Hop
from .percolation import Percolation, percolation
from .ring_classes import RingClass, canonical_ring, ring_classes

__all__ = [
    "Equivalent",
    "Hop",
    "Percolation",
    "RingClass",
    "canonical_ring",
    "find_hops",
    "percolation",
    "ring_classes",
]
