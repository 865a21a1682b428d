"""Orderings ranked by energy: how far above the lowest each lies, and where P4_332 stands."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from lnmo_atoms.analyzers.rows import Row
from lnmo_atoms.results import OrderingResult

P4_332 = (212, 213)
"""Space-group numbers of ordered LNMO and of its mirror image P4_132."""


@dataclass(frozen=True)
class OrderingRow:
    """One ordering.

    Attributes:
        rank: by relaxed energy, from 1; None where it did not converge.
        rank_unrelaxed: by energy as built, from 1, among all.
        number: in its study; of its file there too.
        space_group: symbol, as built.
        space_group_number: of the International Tables.
        relaxed_space_group: symbol, relaxed.
        atoms: in the cell as built.
        atoms_calculated: in its smallest cell.
        degeneracy: equivalent decorations of the cell as built.
        energy: meV per formula unit, relaxed, above the lowest ranked one.
        energy_unrelaxed: meV per formula unit, as built, above the lowest as built.
        volume: Å³ per formula unit, relaxed.
        converged: of the relaxation.
        flags: what a user must know, one line each.
    """

    rank: int | None
    rank_unrelaxed: int
    number: int
    space_group: str
    space_group_number: int
    relaxed_space_group: str
    atoms: int
    atoms_calculated: int
    degeneracy: int
    energy: float
    energy_unrelaxed: float
    volume: float
    converged: bool
    flags: tuple[str, ...]

    @property
    def is_p4332(self) -> bool:
        """Whether it is the ordering of ordered LNMO, P4_332 or P4_132."""
        return self.space_group_number in P4_332

    def as_row(self) -> Row:
        """Unit-bearing column name → value."""
        return {
            "rank": self.rank,
            "rank_unrelaxed": self.rank_unrelaxed,
            "number": self.number,
            "space_group": self.space_group,
            "space_group_number": self.space_group_number,
            "relaxed_space_group": self.relaxed_space_group,
            "atoms": self.atoms,
            "atoms_calculated": self.atoms_calculated,
            "degeneracy": self.degeneracy,
            "energy_above_lowest_meV_per_formula_unit": self.energy,
            "unrelaxed_energy_above_lowest_meV_per_formula_unit": self.energy_unrelaxed,
            "volume_A3_per_formula_unit": self.volume,
            "converged": self.converged,
            "flags": list(self.flags),
        }


@dataclass(frozen=True)
class OrderingRanking:
    """Orderings by energy, the lowest first, those that did not converge last.

    Attributes:
        rows: one for each ordering.
        engine: name and version.
        notes: where P4_332 stands and what chance gives, one line each.
        trust: how far the engine can be trusted, in words.
    """

    rows: tuple[OrderingRow, ...]
    engine: str
    notes: tuple[str, ...]
    trust: str


def rank_orderings(results: Sequence[OrderingResult], trust: str = "") -> OrderingRanking:
    """Rank orderings of one composition, calculated with one engine.

    Args:
        results: any number, in any order.
        trust: how far the engine can be trusted, in words.
    """
    ranked = sorted((r for r in results if r.converged), key=lambda r: r.energy_per_formula)
    others = sorted((r for r in results if not r.converged), key=lambda r: r.energy_per_formula)
    as_built = sorted(results, key=lambda r: r.energy_unrelaxed_per_formula)
    unrelaxed = {id(result): rank for rank, result in enumerate(as_built, start=1)}
    found = [*ranked, *others]
    rows = tuple(
        _row(result, found[0], as_built[0], rank, unrelaxed[id(result)])
        for rank, result in enumerate(found, start=1)
    )
    return OrderingRanking(
        rows=rows,
        engine=", ".join(dict.fromkeys(result.engine for result in results)),
        notes=(*_p4332_notes(rows), *_chance_notes(ranked)),
        trust=trust,
    )


def _row(
    result: OrderingResult,
    lowest: OrderingResult,
    lowest_built: OrderingResult,
    rank: int,
    rank_unrelaxed: int,
) -> OrderingRow:
    above = result.energy_per_formula - lowest.energy_per_formula
    above_built = result.energy_unrelaxed_per_formula - lowest_built.energy_unrelaxed_per_formula
    return OrderingRow(
        rank=rank if result.converged else None,
        rank_unrelaxed=rank_unrelaxed,
        number=result.number,
        space_group=result.space_group.symbol,
        space_group_number=result.space_group.number,
        relaxed_space_group=result.relaxed_space_group.symbol,
        atoms=len(result.structure),
        atoms_calculated=result.atoms_calculated,
        degeneracy=result.degeneracy,
        energy=1000 * above,
        energy_unrelaxed=1000 * above_built,
        volume=result.volume_per_formula,
        converged=result.converged,
        flags=result.flags,
    )


def _p4332_notes(rows: Sequence[OrderingRow]) -> list[str]:
    """Where P4_332 stands."""
    place = next((row for row in rows if row.is_p4332), None)
    if place is None:
        return ["P4_332, the ordering of the crystal, is not among these"]
    if place.rank is None:
        return ["P4_332, the ordering of the crystal, did not converge and is not ranked"]
    beside = f"as built {place.energy_unrelaxed:.1f} meV, rank {place.rank_unrelaxed}"
    if place.rank > 1:
        above = f"{place.energy:.1f} meV per formula unit above the lowest"
        return [f"P4_332, the ordering of the crystal, has rank {place.rank}, {above} ({beside})"]
    gaps = [row.energy for row in rows[1:] if row.rank is not None]
    lead = f", {min(gaps):.1f} meV per formula unit below the next" if gaps else ""
    return [f"P4_332, the ordering of the crystal, is the lowest{lead} ({beside})"]


def _chance_notes(ranked: Sequence[OrderingResult]) -> list[str]:
    """Mean energy of the orderings of each cell, the lowest of all first among them."""
    cells: dict[tuple[float, ...], list[OrderingResult]] = defaultdict(list)
    for result in ranked:
        cells[tuple(result.structure.lattice.abc)].append(result)
    return [_chance(members, ranked[0]) for members in cells.values() if len(members) > 1]


def _chance(members: Sequence[OrderingResult], lowest: OrderingResult) -> str:
    """Mean and standard deviation above the lowest of all; at random where none is missing."""
    energies = np.array([r.energy_per_formula - lowest.energy_per_formula for r in members]) * 1e3
    possible, listed = decorations(members[0]), sum(r.degeneracy for r in members)
    complete = listed == possible
    weights = np.array([r.degeneracy if complete else 1 for r in members], dtype=float)
    mean = float(np.average(energies, weights=weights))
    deviation = float(np.average((energies - mean) ** 2, weights=weights)) ** 0.5
    numbers = f"{mean:.1f} ± {deviation:.1f} (standard deviation) meV per formula unit"
    cell = f"{len(members)} orderings of {len(members[0].structure)} atoms"
    if complete:
        return f"{cell}, all {possible:,} decorations: at random {numbers} above the lowest"
    return f"{cell}, {listed:,} of {possible:,} decorations: plain mean {numbers} above the lowest"


def decorations(result: OrderingResult) -> int:
    """Ways to put the nickel of a cell on its nickel and manganese sites."""
    amounts = result.structure.composition.element_composition
    nickel, manganese = int(amounts["Ni"]), int(amounts["Mn"])
    return comb(nickel + manganese, nickel)
