"""What a defect changes in its host, settled before any structure is built."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.charges.balance import balance
from lnmo_atoms.builders.charges.placement import Placement
from lnmo_atoms.builders.defects.carriers import carrier_sets, valence_changes
from lnmo_atoms.builders.defects.host import Host
from lnmo_atoms.builders.defects.kinds import Pattern
from lnmo_atoms.builders.defects.orbits import Orbit, distinct_sets
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.seeds import generator


@dataclass(frozen=True, eq=False)
class Plan:
    """A defect of a host.

    Attributes:
        pattern: elements before and after.
        sites: that hold them, in the pattern's order, shape (k,).
        symbols: element on every site of the host, ``""`` for none, shape (n,).
        brought: e, every ion's valence before the balance, shape (n,).
        valences: e, every ion's valence, shape (n,).
        multiplicity: equivalents in the host.
        placed: how ions that change their valence were chosen; None where none was.
    """

    pattern: Pattern
    sites: NDArray[np.int_]
    symbols: NDArray[np.str_]
    brought: NDArray[np.float64]
    valences: NDArray[np.float64]
    multiplicity: int
    placed: Placement | None

    def name(self, host: Host) -> str:
        """Such as ``"v_O(8c)+2Mn3+ near"``."""
        parts = [
            f"{after or 'v'}_{before or 'i'}({host.wyckoffs[site]})"
            for (before, after), site in zip(self.pattern, self.sites, strict=True)
        ]
        if self.placed is None:
            return "+".join(parts)
        changes = valence_changes(self.symbols, self.brought, self.valences)
        parts += [f"{n if n > 1 else ''}{ion}" for (_, ion), n in changes.items()]
        return f"{'+'.join(parts)} {self.placed}"

    def changes(self) -> tuple[str, ...]:
        """Of valence, such as ``"2 Mn4+ → Mn3+"``."""
        found = valence_changes(self.symbols, self.brought, self.valences)
        return tuple(f"{n} {old} → {new}" for (old, new), n in found.items())


def plans(host: Host, pattern: Pattern, placement: Placement, seed: int) -> Iterator[Plan]:
    """Every distinct defect of a pattern, pairs with the nearest first.

    Raises:
        RequestError: where no change of valence makes one neutral.
    """
    orbits = list(distinct_sets(host.permutations, _site_sets(host, pattern)))
    for orbit in sorted(orbits, key=lambda orbit: _extent(host, orbit.sites)):
        yield from _charged(host, pattern, orbit, placement, seed)


def _site_sets(host: Host, pattern: Pattern) -> NDArray[np.int_]:
    """All sets of sites that hold the pattern's elements, shape (m, k)."""
    present = {*host.symbols.tolist(), ""}
    if not present.issuperset(after for _, after in pattern):
        return np.empty((0, len(pattern)), dtype=int)
    lists = [np.flatnonzero(host.symbols == before) for before, _ in pattern]
    sets = np.sort(np.stack(np.meshgrid(*lists), axis=-1).reshape(-1, len(pattern)), axis=1)
    unlike = (np.diff(sets, axis=1) > 0).all(axis=1)
    return np.unique(sets[unlike], axis=0)


def _extent(host: Host, sites: NDArray[np.int_]) -> float:
    """Å, largest distance between the sites, to 0.01 Å."""
    coords = host.coords[sites]
    return round(float(host.cell.lattice.get_all_distances(coords, coords).max()), 2)


def _charged(
    host: Host, pattern: Pattern, orbit: Orbit, placement: Placement, seed: int
) -> Iterator[Plan]:
    """Every distinct way to balance one set of changed sites."""
    after = dict(pattern)
    order = {before: number for number, (before, _) in enumerate(pattern)}
    sites = np.array(sorted(orbit.sites, key=lambda site: order[str(host.symbols[site])]))
    symbols, brought = host.symbols.copy(), host.valences.copy()
    symbols[sites] = [after[str(host.symbols[site])] for site in sites]
    brought[sites] = [host.valence(e) if e else 0.0 for e in symbols[sites].tolist()]
    bare = Plan(pattern, sites, symbols, brought, brought, orbit.multiplicity, None)
    try:
        certain, choice = balance(symbols, brought)
    except RequestError as error:
        raise RequestError(f"{bare.name(host)} cannot be built: {error}") from None
    if choice is None:
        yield replace(bare, valences=certain)
        return
    sets = carrier_sets(host, choice, orbit.sites, placement, generator(seed))
    for carriers in distinct_sets(orbit.permutations, sets):
        valences = certain.copy()
        valences[carriers.sites] = choice.valence
        yield replace(
            bare,
            valences=valences,
            multiplicity=orbit.multiplicity * carriers.multiplicity,
            placed=placement,
        )
