"""A hop of a mobile ion, and the hops that symmetry makes equal to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.files import file_name
from lnmo_atoms.builders.hops.ring_classes import canonical_ring, ring_name


@dataclass(frozen=True)
class Equivalent:
    """One of the equivalent hops of a cell, with an operation x' = R x + t that reaches it.

    The operation, with this very translation, carries start, octahedron and end of the hop onto
    those here, cells included; it may do so against the order of the sites' indices.

    Attributes:
        start: index of the site that the operation moves the hop's start to.
        end: index of the site that it moves the hop's end to.
        end_image: lattice translation of the end, shape (3,).
        octahedron: fractional coordinates of the octahedron's centre between start and end.
        rotation: R in fractional coordinates, shape (3, 3).
        translation: t, fractional, shape (3,).
    """

    start: int
    end: int
    end_image: NDArray[np.int_]
    octahedron: NDArray[np.float64]
    rotation: NDArray[np.int_]
    translation: NDArray[np.float64]


@dataclass(frozen=True)
class Hop:
    """One hop, standing for all that symmetry makes equal to it.

    Attributes:
        start: index of the mobile ion's site in the bulk.
        end: index of the vacant site it hops to.
        end_image: lattice translation of the end, shape (3,): winding is kept.
        octahedron: fractional coordinates of the empty octahedron's centre, in the image that
            lies between start and end.
        label: Wyckoff sites passed, such as ``"8c–12d–8c"``.
        ring: the six cations around the octahedron, such as ``("Mn4+", …, "Ni2+")``, in cyclic
            order.
        multiplicity: equivalent undirected hops in the given cell.
        length: Å, start to octahedron to end.
        bottleneck: Å², area of the smallest triangle of anions passed: a face of the octahedron.
        bottleneck_anions: indices of the three anions of that triangle.
        equivalents: every equivalent hop of the cell once, this one first.
    """

    start: int
    end: int
    end_image: NDArray[np.int_]
    octahedron: NDArray[np.float64]
    label: str
    ring: tuple[str, ...]
    multiplicity: int
    length: float
    bottleneck: float
    bottleneck_anions: tuple[int, int, int]
    equivalents: tuple[Equivalent, ...]

    @property
    def name(self) -> str:
        """Plain-ASCII name for files, such as ``"8c-12d-8c"``."""
        return file_name(self.label)

    @property
    def ring_formula(self) -> str:
        """Composition of the ring, such as ``"1 Ni2+ + 5 Mn4+"``."""
        kinds = sorted(set(self.ring), key=lambda kind: (self.ring.count(kind), kind))
        return " + ".join(f"{self.ring.count(kind)} {kind}" for kind in kinds)

    @property
    def ring_class(self) -> tuple[str, ...]:
        """The ring as all its rotations and reflections share it, first in the alphabet."""
        return canonical_ring(self.ring)

    @property
    def ring_order(self) -> str:
        """The ring's class in one word, such as ``"MnMnMnMnMnNi"``."""
        return ring_name(self.ring_class)
