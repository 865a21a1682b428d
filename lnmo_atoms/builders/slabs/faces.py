"""The symmetry-distinct faces of a cut: every choice of the atoms that move."""

import itertools
from dataclasses import dataclass
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.slabs.cuts import Cut, has_flip
from lnmo_atoms.builders.slabs.electrostatics import CUTOFF, pair_energies
from lnmo_atoms.builders.slabs.orientation import OrientedCrystal

ENUMERABLE = 20_000
"""Choices of atoms up to which all are listed."""
DRAWN = 2_000
"""Choices drawn at random where there are more."""
MOST_BITS = 62
"""Movable atoms up to which a choice is one integer, and symmetry is used at once."""


@dataclass(frozen=True)
class Face:
    """How a slab ends, atom by atom.

    Attributes:
        cut: where it comes from.
        tops: highest repeat of each atom of the crystal, shape (n,).
        note: what was moved, in words; empty if nothing.
    """

    cut: Cut
    tops: NDArray[np.int_]
    note: str


def distinct_faces(
    cuts: list[Cut],
    species: list[str],
    charges: NDArray[np.float64] | None,
    most: int | None,
    rng: np.random.Generator,
) -> list[Face]:
    """The faces of all cuts, no two related by symmetry, the fewest atoms moved per area first.

    Args:
        cuts: of one facet.
        species: names, in the order of the crystal's species.
        charges: formal, in e, of the bulk's sites; None where it has none.
        most: faces kept of one cut, lowest in electrostatic energy; None keeps all.
        rng: draws from choices too many to list.
    """
    found: list[Face] = []
    seen: set[tuple[int, bytes]] = set()
    for cut in sorted(cuts, key=_moved_per_area):
        movable = _Movable(cut)
        if (filling := movable.filling()) in seen:
            continue
        seen.add(filling)
        choices, complete = movable.choices(rng)
        energies = movable.energies(choices, charges)
        order = np.argsort(np.round(energies, 6), kind="stable")
        note = _describe(cut, species)
        if most is not None and len(choices) > most:
            listed = f"{len(choices)} distinct" if complete else f"{movable.ways:,}"
            note += f" ({most} of {listed} choices kept, lowest in electrostatic energy)"
        for choice in choices[order[:most]]:
            tops = movable.tops(choice)
            key = len(cut.tops), canonical(cut.crystal, tops)
            if key not in seen:
                seen.add(key)
                found.append(Face(cut, tops, note))
    return found


def _moved_per_area(cut: Cut) -> tuple[float, int]:
    """Atoms moved per Å² of one face; then the size of the crystal's cell."""
    area = float(np.linalg.norm(np.cross(*cut.crystal.basis[:2])))
    return round(cut.moved / area, 6), len(cut.tops)


def canonical(crystal: OrientedCrystal, tops: NDArray[np.int_]) -> bytes:
    """The same bytes for all upper faces that operations keeping the normal relate."""
    atoms, lifts = crystal.kept
    images = np.empty(atoms.shape, dtype=np.int64)
    np.put_along_axis(images, atoms, tops + lifts, axis=1)
    images -= (images.sum(axis=1) // len(tops))[:, None]
    rows: list[bytes] = [row.tobytes() for row in images]
    return min(rows)


class _Movable:
    """The atoms of a cut among which those that move are chosen."""

    def __init__(self, cut: Cut) -> None:
        """Gather, species by species, the atoms of the plane that gives or takes."""
        self.cut = cut
        self.pools: list[tuple[NDArray[np.int_], int]] = []
        for s, moves in enumerate(cut.moves):
            pool = cut.next if moves > 0 else cut.outermost
            members = pool[cut.crystal.species[pool] == s]
            if moves:
                self.pools.append((members, moves))
        self.atoms = np.concatenate([pool for pool, _ in self.pools] or [np.zeros(0, int)])
        self.signs = np.concatenate(
            [np.full(len(pool), np.sign(moves)) for pool, moves in self.pools] or [np.zeros(0, int)]
        )
        self.ways = prod(comb(len(pool), abs(moves)) for pool, moves in self.pools)

    def filling(self) -> tuple[int, bytes]:
        """The same for cuts that end in the same part of the same plane: given to it or left."""
        bare, kept = self.cut.tops.copy(), np.array(self.cut.moves)
        if kept.min() < 0:
            plane = self.cut.outermost
            bare[plane] -= 1
            kept += np.bincount(self.cut.crystal.species[plane], minlength=len(kept))
        return len(bare), canonical(self.cut.crystal, bare) + kept.tobytes()

    def tops(self, choice: NDArray[np.bool_]) -> NDArray[np.int_]:
        """The face with the chosen atoms moved."""
        tops = self.cut.tops.copy()
        np.add.at(tops, self.atoms, choice * self.signs)
        return tops

    def choices(self, rng: np.random.Generator) -> tuple[NDArray[np.bool_], bool]:
        """Symmetry-distinct choices, shape (k, atoms), and whether all ways were listed."""
        complete = self.ways <= ENUMERABLE
        masks = self._listed() if complete else self._drawn(rng)
        if 0 < masks.shape[1] <= MOST_BITS:
            bits = 1 << np.arange(masks.shape[1], dtype=np.int64)
            codes = np.min([masks[:, p] @ bits for p in self._permutations()], axis=0)
            masks = masks[np.sort(np.unique(codes, return_index=True)[1])]
        return masks, complete

    def _listed(self) -> NDArray[np.bool_]:
        parts = []
        for pool, moves in self.pools:
            chosen = np.array(list(itertools.combinations(range(len(pool)), abs(moves))))
            mask = np.zeros((len(chosen), len(pool)), dtype=bool)
            np.put_along_axis(mask, chosen, values=True, axis=1)
            parts.append(mask)
        picks = np.indices([len(part) for part in parts]).reshape(len(parts), self.ways)
        whole = [part[pick] for part, pick in zip(parts, picks, strict=True)]
        return np.concatenate([np.zeros((self.ways, 0), bool), *whole], axis=1)

    def _drawn(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        parts = []
        for pool, moves in self.pools:
            ranks = rng.random((DRAWN, len(pool))).argsort(axis=1).argsort(axis=1)
            parts.append(ranks < abs(moves))
        return np.unique(np.concatenate(parts, axis=1), axis=0)

    def _permutations(self) -> list[NDArray[np.int_]]:
        """How operations that keep the flat face permute the movable atoms."""
        tops = self.cut.tops
        place = np.full(len(tops), -1)
        place[self.atoms] = np.arange(len(self.atoms))
        found = set()
        for images, lifts in zip(*self.cut.crystal.kept, strict=True):
            raised = tops + lifts - tops[images]
            if (raised == raised[0]).all():
                found.add(tuple(place[images[self.atoms]].tolist()))
        return [np.array(p) for p in sorted(found)]

    def energies(
        self, choices: NDArray[np.bool_], charges: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """EV per cell of each choice, of both faces where they differ; zeros without charges.

        The faces end half-crystals as deep as the sum reaches, so that the order of the choices
        does not depend on the thickness of a slab.
        """
        if charges is None or len(choices) == 1:
            return np.zeros(len(choices))
        present = choices == (self.signs > 0)
        energies = self._of_face(present, charges, below=True)
        if not has_flip(self.cut.crystal):
            energies += self._of_face(~present, charges, below=False)
        return energies

    def _of_face(
        self, present: NDArray[np.bool_], charges: NDArray[np.float64], *, below: bool
    ) -> NDArray[np.float64]:
        """Energy of the movable atoms that are present, with each other and the half-crystal."""
        crystal, tops = self.cut.crystal, self.cut.tops
        lifts = tops[self.atoms] + (self.signs > 0)
        movable = crystal.positions(self.atoms, lifts)
        depth = int(np.ceil(CUTOFF / crystal.spacing)) + 1
        steps = np.arange(-depth, 1) if below else np.arange(1, depth + 2)
        atoms = np.repeat(np.arange(len(tops)), len(steps))
        repeats = (tops[:, None] + steps).ravel()
        taken = np.isin(atoms + len(tops) * repeats, self.atoms + len(tops) * lifts)
        rest = crystal.positions(atoms[~taken], repeats[~taken])
        q, q_rest = (
            charges[crystal.bulk_sites[self.atoms]],
            charges[crystal.bulk_sites[atoms[~taken]]],
        )
        filled = present * q
        field = pair_energies(movable, crystal.basis[:2], rest) @ q_rest
        among = pair_energies(movable, crystal.basis[:2])
        return np.asarray(filled @ field + np.einsum("ki,ki->k", filled @ among, filled) / 2)


def _describe(cut: Cut, species: list[str]) -> str:
    """What moves, in words."""
    parts = []
    for s, moves in enumerate(cut.moves):
        pool = cut.next if moves > 0 else cut.outermost
        room = int((cut.crystal.species[pool] == s).sum())
        if moves > 0:
            parts.append(f"{moves} of {room} {species[s]} added")
        elif moves < 0:
            parts.append(f"{-moves} of {room} {species[s]} taken away")
    if not parts:
        return ""
    if has_flip(cut.crystal):
        return f"each face: {', '.join(parts)}"
    return f"upper face: {', '.join(parts)}, the lower face the opposite"
