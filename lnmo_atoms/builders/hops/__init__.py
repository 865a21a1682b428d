"""Hops of a mobile ion over empty octahedra: found, labelled, sorted by symmetry, joined."""

from lnmo_atoms.builders.hops.find import find_hops
from lnmo_atoms.builders.hops.hop import Equivalent, Hop
from lnmo_atoms.builders.hops.percolation import Percolation, percolation
from lnmo_atoms.builders.hops.ring_classes import RingClass, canonical_ring, ring_classes

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
