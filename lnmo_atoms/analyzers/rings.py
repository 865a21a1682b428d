"""Barriers by the composition of the ring of six cations around the octahedron."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.analyzers.hop_rows import HopRow


@dataclass(frozen=True)
class RingGroup:
    """The hops whose rings have one composition.

    Attributes:
        ring: composition, such as ``"1 Ni2+ + 5 Mn4+"``.
        counts: how many of each ion.
        hops: symmetry-distinct ones, in the order given.
        barriers: eV, shape (n,), mean of both ways of each converged hop with a number.
        weights: shape (n,), multiplicities of those.
    """

    ring: str
    counts: Counter[str]
    hops: tuple[HopRow, ...]
    barriers: NDArray[np.float64]
    weights: NDArray[np.int_]

    @property
    def number(self) -> int:
        """Hops in the bulk's cell that have a final barrier."""
        return int(self.weights.sum())

    @property
    def mean(self) -> float:
        """EV, every hop of the cell counted."""
        return float(np.average(self.barriers, weights=self.weights))

    @property
    def median(self) -> float:
        """EV, every hop of the cell counted."""
        return float(np.median(np.repeat(self.barriers, self.weights)))

    @property
    def deviation(self) -> float:
        """EV, standard deviation about the mean."""
        off = self.barriers - self.mean
        return float(np.sqrt(np.average(off**2, weights=self.weights)))


def ring_groups(rows: Sequence[HopRow]) -> list[RingGroup]:
    """Hops by the composition of their ring: little nickel first."""
    members: dict[tuple[tuple[str, int], ...], list[HopRow]] = {}
    for row in rows:
        members.setdefault(tuple(sorted(Counter(row.ring_ions).items())), []).append(row)
    groups = [_group(hops) for hops in members.values()]
    order = ring_ions(rows)
    return sorted(groups, key=lambda group: [group.counts[ion] for ion in order])


def _group(hops: Sequence[HopRow]) -> RingGroup:
    final = [(row.resolved_barrier, row.multiplicity) for row in hops if row.converged]
    known = [(barrier, weight) for barrier, weight in final if barrier is not None]
    return RingGroup(
        ring=hops[0].ring,
        counts=Counter(hops[0].ring_ions),
        hops=tuple(hops),
        barriers=np.array([barrier for barrier, _ in known], dtype=float),
        weights=np.array([weight for _, weight in known], dtype=int),
    )


def ring_ions(rows: Sequence[HopRow]) -> list[str]:
    """The ions that occur in rings, nickel first."""
    ions = {ion for row in rows for ion in row.ring_ions}
    return sorted(ions, key=lambda ion: (not ion.startswith("Ni"), ion))


def random_probability(counts: Counter[str], crystal: Structure) -> float:
    """Probability of a ring's composition were the crystal's Ni and Mn at random on their sites.

    Multinomial, n! / Π nᵢ! · Π xᵢ^nᵢ with the shares xᵢ of the crystal's Ni and Mn ions: for
    LiNi0.5Mn1.5O4 C(6, n) 0.25ⁿ 0.75⁶⁻ⁿ with n nickel ions in the ring.
    """
    ions = Counter(site.species_string for site in crystal if site.specie.symbol in ("Ni", "Mn"))
    shares = {ion: number / ions.total() for ion, number in ions.items()}
    ways = factorial(counts.total()) // prod(factorial(number) for number in counts.values())
    return ways * prod(shares.get(ion, 0.0) ** number for ion, number in counts.items())
