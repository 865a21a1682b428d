"""The distinct orders of ions in the ring around an octahedron.

The point group of 16c in Fd-3m, -3m, moves the six cations around it as the full symmetry of a
hexagon: three-fold axis and inversion give its six rotations, two-fold axes and mirrors its six
reflections. Distinct rings are therefore bracelets of six beads, 13 with two species and 92 with
three (Pólya, Acta Math. 68, 145, 1937).
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

SIX = 6
"""Cations in the ring."""


@dataclass(frozen=True)
class RingClass:
    """All rings that rotations and reflections make equal.

    Attributes:
        order: species around the ring, the first of the class in the alphabet.
        degeneracy: labelled rings in the class; those of all classes add up to k⁶ for k species.
    """

    order: tuple[str, ...]
    degeneracy: int

    def probability(self, fractions: Mapping[str, float]) -> float:
        """Share of such rings where each site draws its species independently.

        Args:
            fractions: of every species on the sites, adding up to 1.
        """
        return self.degeneracy * prod(fractions[ion] for ion in self.order)


def ring_classes(species: Iterable[str]) -> list[RingClass]:
    """Every class of rings of six that can be made of the species, in alphabetical order.

    Args:
        species: such as ``("Ni2+", "Mn4+")``.
    """
    rings = itertools.product(sorted(set(species)), repeat=SIX)
    classes = Counter(canonical_ring(ring) for ring in rings)
    return [RingClass(order, degeneracy) for order, degeneracy in sorted(classes.items())]


def canonical_ring(ring: Sequence[str]) -> tuple[str, ...]:
    """The first in the alphabet of all rotations and reflections of a ring."""
    there, back = tuple(ring), tuple(reversed(ring))
    turned = (way[k:] + way[:k] for way in (there, back) for k in range(len(ring)))
    return min(turned, default=())


def ring_name(ring: Sequence[str]) -> str:
    """A ring in one word: ``"MnMnMnMnMnNi"``, with charges where a metal has two of them."""
    metals = [re.sub(r"[^A-Za-z].*", "", ion) for ion in ring]
    valences: dict[str, set[str]] = {metal: set() for metal in metals}
    for metal, ion in zip(metals, ring, strict=True):
        valences[metal].add(ion)
    return "".join(
        ion if len(valences[metal]) > 1 else metal for metal, ion in zip(metals, ring, strict=True)
    )
