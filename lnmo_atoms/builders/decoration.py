"""Colourings of orbits: each orbit one species, each species in its number, all equally likely."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import DummySpecies, Element, Species

Ion = Species | Element | DummySpecies


@dataclass(frozen=True)
class Decorations:
    """All ways to put given numbers of species on orbits of atoms, each orbit of one species.

    Attributes:
        orbits: atoms that an operation runs through; they get the same species.
        species: to be put there.
        counts: atoms of each species; they add up to all atoms.
    """

    orbits: tuple[tuple[int, ...], ...]
    species: tuple[Ion, ...]
    counts: tuple[int, ...]

    @cached_property
    def _sizes(self) -> list[int]:
        return sorted({len(orbit) for orbit in self.orbits})

    @cached_property
    def _shares(self) -> list[tuple[tuple[int, ...], ...]]:
        """Every way to share out the orbits of each size in number alone."""
        numbers = [sum(len(orbit) == size for orbit in self.orbits) for size in self._sizes]
        return list(_shares(list(zip(self._sizes, numbers, strict=True)), self.counts))

    @cached_property
    def _ways(self) -> list[int]:
        """Decorations of each share: a multinomial coefficient for the orbits of each size."""
        return [prod(map(_multinomial, share)) for share in self._shares]

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(self._ways)

    def draw(self, rng: np.random.Generator) -> dict[int, Ion]:
        """One of them, each with the same probability.

        A share is drawn in proportion to its decorations; shuffling the orbits of each size
        then makes every decoration of that share equally likely.

        Returns:
            the species of each atom.
        """
        total = self.number
        share = self._shares[rng.choice(len(self._ways), p=[w / total for w in self._ways])]
        drawn: dict[int, Ion] = {}
        for size, parts in zip(self._sizes, share, strict=True):
            orbits = [orbit for orbit in self.orbits if len(orbit) == size]
            kinds = rng.permutation(np.repeat(np.arange(len(parts)), parts))
            for orbit, kind in zip(orbits, kinds, strict=True):
                drawn |= dict.fromkeys(orbit, self.species[kind])
        return drawn


def _shares(
    orbits: Sequence[tuple[int, int]], counts: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Orbits of each (size, number) that each species gets, so that all atoms are placed."""
    if not orbits:
        if not any(counts):
            yield ()
        return
    (size, number), *rest = orbits
    *most, last = [count // size for count in counts]
    for first in itertools.product(*(range(min(m, number) + 1) for m in most)):
        remainder = number - sum(first)
        if 0 <= remainder <= last:
            share = (*first, remainder)
            left = [count - size * k for count, k in zip(counts, share, strict=True)]
            for others in _shares(rest, left):
                yield share, *others


def _multinomial(parts: Sequence[int]) -> int:
    return factorial(sum(parts)) // prod(map(factorial, parts))


def orbits_of(atoms: Sequence[int], images: NDArray[np.int_]) -> tuple[tuple[int, ...], ...]:
    """The atoms in the cycles of a permutation."""
    seen: set[int] = set()
    found = []
    for first in atoms:
        orbit, atom = [], first
        while atom not in seen:
            seen.add(atom)
            orbit.append(atom)
            atom = int(images[atom])
        if orbit:
            found.append(tuple(orbit))
    return tuple(found)
