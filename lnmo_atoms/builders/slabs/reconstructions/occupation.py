"""Which ion sits on which site of a skin; every change is made alike on both faces."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import PeriodicSite, Species, Structure

from lnmo_atoms.builders.charges import formal_charges, formal_moment
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin

CLOSEST = 1.6
"""Å, no two atoms come closer (Mn–O 1.9, Li–O 2.0, O–O 2.6 Å in the spinel)."""
MOST_CANDIDATES = 2_000
"""At most so many arrangements of one kind are compared by their energy."""


@dataclass(frozen=True)
class Occupation:
    """The ions on the sites of a skin.

    Attributes:
        skin: the sites.
        symbols: element on each site, empty for no atom, shape (p,).
        charges: e, formal, shape (p,).
        origins: the slab's atom whose bulk site and properties each ion takes, −1 for no atom,
            shape (p,).
    """

    skin: Skin
    symbols: NDArray[np.str_]
    charges: NDArray[np.float64]
    origins: Sites

    def moved(self, sources: Sequence[int] | Sites, targets: Sequence[int] | Sites) -> "Occupation":
        """Take the ions from their sites to others; what a target held is gone unless moved too."""
        from_, to = self.skin.both(sources), self.skin.both(targets)
        symbols, charges, origins = self._copies(from_)
        symbols[to], charges[to] = self.symbols[from_], self.charges[from_]
        origins[to] = self.origins[from_]
        return replace(self, symbols=symbols, charges=charges, origins=origins)

    def emptied(self, sites: Sequence[int] | Sites) -> "Occupation":
        """Take the ions away."""
        symbols, charges, origins = self._copies(self.skin.both(sites))
        return replace(self, symbols=symbols, charges=charges, origins=origins)

    def filled(self, sites: Sequence[int] | Sites, symbol: str, charge: float) -> "Occupation":
        """Put new ions on the sites, in place of those there."""
        both = self.skin.both(sites)
        symbols, charges, origins = self._copies(both)
        symbols[both], charges[both] = symbol, charge
        origins[both] = self.skin.templates[both]
        return replace(self, symbols=symbols, charges=charges, origins=origins)

    def recharged(self, site: int, charge: float) -> "Occupation":
        """Give the ion on the site another charge."""
        charges = self.charges.copy()
        charges[self.skin.both([site])] = charge
        return replace(self, charges=charges)

    def _copies(self, emptied: Sites) -> tuple[NDArray[np.str_], NDArray[np.float64], Sites]:
        """Copies of symbols, charges and origins in which some sites are empty."""
        symbols, charges, origins = self.symbols.copy(), self.charges.copy(), self.origins.copy()
        symbols[emptied], charges[emptied], origins[emptied] = "", 0.0, -1
        return symbols, charges, origins

    @property
    def closest(self) -> float:
        """Å, the shortest distance between two atoms."""
        atoms = np.flatnonzero(self.symbols != "")
        between = self.skin.distances[np.ix_(atoms, atoms)]
        return float(between[~np.eye(len(atoms), dtype=bool)].min())

    def same_as(self, other: "Occupation") -> bool:
        """A symmetry operation of the plain slab makes one of the other, on the same sites."""
        if not np.array_equal(self.skin.coords, other.skin.coords):
            return False
        moved = self.skin.permutations
        return bool(
            (
                (self.symbols[None] == other.symbols[moved])
                & (np.abs(self.charges[None] - other.charges[moved]) < 1e-6)
            )
            .all(axis=1)
            .any()
        )

    def structure(self) -> Structure:
        """The slab; atoms by element in the plain slab's order, then by valence, Mn4+ first."""
        slab = self.skin.slab
        rank = {symbol: i for i, symbol in enumerate(dict.fromkeys(self.skin.symbols))}
        sites = sorted(
            map(int, np.flatnonzero(self.symbols != "")),
            key=lambda p: (rank[self.symbols[p]], -self.charges[p], self.origins[p]),
        )
        species = [Species(str(self.symbols[p]), float(self.charges[p])) for p in sites]
        atoms = [int(self.origins[p]) for p in sites]
        properties: dict[str, list[Any]] = {
            name: [values[atom] for atom in atoms] for name, values in slab.site_properties.items()
        }
        if "magmom" in properties:
            properties["magmom"] = [
                _moment(slab[atom], ion) for atom, ion in zip(atoms, species, strict=True)
            ]
        if "role" in properties:
            roles = dict(zip(self.skin.symbols, slab.site_properties["role"], strict=False))
            properties["role"] = [roles[ion.symbol] for ion in species]
        return Structure(slab.lattice, species, self.skin.coords[sites], site_properties=properties)


Variant = tuple[Occupation, str]
"""A reconstructed slab and what was done to each face, in words."""


def plain(skin: Skin) -> Occupation:
    """The slab as it was cut."""
    empty = len(skin.coords) - len(skin.slab)
    charges = formal_charges(skin.slab)
    charged = np.zeros(len(skin.slab)) if charges is None else charges
    return Occupation(
        skin,
        skin.symbols,
        np.concatenate([charged, np.zeros(empty)]),
        np.concatenate([np.arange(len(skin.slab)), np.full(empty, -1)]),
    )


def selections(sites: Sites, count: int) -> Iterator[tuple[int, ...]]:
    """Every way to choose so many of the sites; where too many to compare, some drawn at random."""
    if comb(len(sites), count) <= MOST_CANDIDATES:
        yield from combinations(map(int, sites), count)
        return
    rng = np.random.default_rng(0)
    for _ in range(MOST_CANDIDATES):
        yield tuple(map(int, np.sort(rng.choice(sites, count, replace=False))))


def lowest(candidates: Iterable[Occupation], most: int | None = None) -> list[Occupation]:
    """Symmetry-distinct candidates without clashing atoms, lowest electrostatic energy first.

    Args:
        candidates: of one skin and one composition.
        most: how many to keep; None for all.
    """
    listed = list(islice(candidates, MOST_CANDIDATES))
    if not listed:
        return []
    charges = np.array([c.charges for c in listed])
    energies = ((charges @ listed[0].skin.pair_energies) * charges).sum(axis=1) / 2
    kept: list[Occupation] = []
    for i in np.argsort(np.round(energies, 6), kind="stable"):
        candidate = listed[int(i)]
        if candidate.closest >= CLOSEST and not any(candidate.same_as(k) for k in kept):
            kept.append(candidate)
        if len(kept) == most:
            break
    return kept


def _moment(atom: PeriodicSite, ion: Species) -> float:
    """μB: the atom's own; of another ion its formal moment, with the sign that the element had."""
    before, old = atom.properties["magmom"], atom.specie
    if old.symbol != ion.symbol:
        return formal_moment(ion)
    if old.oxi_state == ion.oxi_state:
        return float(before)
    return formal_moment(ion) * (-1 if before * formal_moment(ion) < 0 else 1)
