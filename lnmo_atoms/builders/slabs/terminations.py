"""Which atoms end a slab: every cut, its parity, and the symmetry-distinct choices at its face.

A slab with equal faces has a mid-plane about which an operation of the crystal turns it upside
down. It holds every atomic plane up to some height complete, and of the next plane, the outermost,
as many atoms as make it exactly stoichiometric, the same on both faces. Moving those atoms from
one face of a polar cut to the other is Tasker's repair (Tasker, J. Phys. C 12, 4977, 1979); here
it follows from counting.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.slabs.orientation import OrientedCrystal, doublings, enlarge
from lnmo_atoms.builders.slabs.planes import MidPlane, Plane, atomic_planes, mid_planes

ENUMERABLE = 20_000
"""Choices at a face up to which all are listed."""
DRAWN = 2_000
"""Choices drawn at random where there are more."""


@dataclass(frozen=True)
class Termination:
    """A slab's cut: the outermost plane, how much of it stays, and the mid-plane.

    Attributes:
        crystal: the oriented crystal, its in-plane cell doubled if parity demanded it.
        planes: its atomic planes.
        plane: the outermost plane of the upper face.
        kept: atoms of each species that stay in the outermost plane, shape (species,).
        mid_plane: height and operation that map the upper onto the lower face.
        formula_units: of the bulk, in the slab.
    """

    crystal: OrientedCrystal
    planes: tuple[Plane, ...]
    plane: Plane
    kept: tuple[int, ...]
    mid_plane: MidPlane
    formula_units: int

    @property
    def complete(self) -> bool:
        """The outermost plane stays whole."""
        return sum(self.kept) == len(self.plane.atoms)


def terminations(crystal: OrientedCrystal, thickness: float) -> list[Termination]:
    """Every cut that can be symmetric and stoichiometric, each at the least sufficient thickness.

    Where an outermost plane cannot be shared out evenly between the faces, because an odd number
    of its atoms would have to move, that cut alone gets a doubled in-plane cell.

    Args:
        crystal: the oriented crystal with its smallest in-plane cell.
        thickness: Å, asked between outermost atoms; each slab exceeds it by less than one repeat.
    """
    classes = _plane_classes(crystal, atomic_planes(crystal))
    found = _cuts(crystal, thickness, classes, set(classes))
    for multiple in doublings(crystal):
        if missing := set(classes) - {index for index, _ in found}:
            found |= _cuts(enlarge(crystal, multiple), thickness, classes, missing)
    return sorted(found.values(), key=lambda t: (t.formula_units, t.plane.centre, t.kept))


def _cuts(
    crystal: OrientedCrystal, thickness: float, classes: list[int], wanted: set[int]
) -> dict[tuple[int, tuple[int, ...]], Termination]:
    """The thinnest slab for each wanted class of outermost plane and each way to share it out."""
    planes = atomic_planes(crystal)
    found: dict[tuple[int, tuple[int, ...]], Termination] = {}
    for mid, (index, plane) in itertools.product(
        mid_planes(crystal), zip(classes, planes, strict=True)
    ):
        least = mid.height + thickness / (2 * crystal.spacing)
        outer = _lifted(plane, int(np.ceil(least - plane.low - 1e-6)))
        excess = 2 * (outer.low - mid.height) * crystal.spacing - thickness
        if index not in wanted or excess >= crystal.spacing - 1e-6:
            continue
        for units, kept in _balances(crystal, planes, mid.height, outer):
            best = found.get((index, kept))
            cut = Termination(crystal, tuple(planes), outer, kept, mid, units)
            if (best is None or units < best.formula_units) and number_of_choices(cut):
                found[index, kept] = cut
    return found


def core_atoms(
    planes: Sequence[Plane], height: float, outer: Plane
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Atoms and repeats of all complete planes between the outermost ones."""
    half = outer.centre - height
    atoms, repeats = [], []
    for plane in planes:
        for lift in range(
            int(np.floor(height - half - plane.centre)),
            int(np.ceil(outer.centre - plane.centre)) + 1,
        ):
            if abs(plane.centre + lift - height) < half - 1e-6:
                atoms.append(plane.atoms)
                repeats.append(plane.repeats + lift)
    if not atoms:
        return np.zeros(0, int), np.zeros(0, int)
    return np.concatenate(atoms), np.concatenate(repeats)


def _lifted(plane: Plane, lift: int) -> Plane:
    return Plane(
        plane.atoms, plane.repeats + lift, plane.centre + lift, plane.low + lift, plane.high + lift
    )


def _balances(
    crystal: OrientedCrystal, planes: Sequence[Plane], height: float, outer: Plane
) -> list[tuple[int, tuple[int, ...]]]:
    """Formula units and atoms kept in the outermost plane that make the slab stoichiometric."""
    n_species = int(crystal.species.max()) + 1
    bulk = np.bincount(crystal.species, minlength=n_species)
    formula = bulk // np.gcd.reduce(bulk)
    core = np.bincount(crystal.species[core_atoms(planes, height, outer)[0]], minlength=n_species)
    room = np.bincount(crystal.species[outer.atoms], minlength=n_species)
    found = []
    for units in range(int((core / formula).min()), int(((core + 2 * room) / formula).max()) + 1):
        twice = units * formula - core
        even, possible = (twice % 2 == 0).all(), ((twice >= 0) & (twice <= 2 * room)).all()
        if even and possible and twice.any():
            found.append((units, tuple(int(t) // 2 for t in twice)))
    return found


def _plane_classes(crystal: OrientedCrystal, planes: list[Plane]) -> list[int]:
    """Number planes so that those which an operation keeping the normal relates are equal."""
    centres = np.array([plane.centre for plane in planes])
    shifts = crystal.translations[crystal.rotations[:, 2, 2] > 0, 2]
    classes = []
    for centre in centres:
        delta = centre + shifts[:, None] - centres[None]
        images = np.abs(delta - np.round(delta)).argmin(axis=1)
        classes.append(int(images.min()))
    return classes


def number_of_choices(termination: Termination) -> int:
    """Ways to keep the atoms of the outermost plane, alike on both faces; symmetry not yet used."""
    return _ways(_blocks(termination), termination.kept)


def distinct_choices(
    termination: Termination, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], int, bool]:
    """Symmetry-distinct ways to keep the atoms of the outermost plane.

    Returns:
        choices, shape (k, atoms in the plane), True where an atom stays; how many choices there
        are before symmetry; and whether all were listed (else the k were drawn at random).
    """
    blocks = _blocks(termination)
    total = _ways(blocks, termination.kept)
    complete = total <= ENUMERABLE
    chosen = (
        _listed(blocks, termination.kept) if complete else _drawn(blocks, termination.kept, rng)
    )
    masks = np.zeros((len(chosen), len(termination.plane.atoms)), dtype=bool)
    for mask, atoms in zip(masks, chosen, strict=True):
        mask[atoms] = True
    permutations = _plane_permutations(termination.crystal, termination.plane)
    codes = np.min([_codes(masks[:, p]) for p in permutations], axis=0)
    _, first = np.unique(codes, return_index=True)
    return masks[np.sort(first)], total, complete


Blocks = list[list[int]]
"""Atoms of a plane, by their place in it, that stay or go together."""


def _blocks(termination: Termination) -> list[Blocks]:
    """For each species the sets of atoms that turning the slab over twice runs through.

    They are single atoms where an involution flips the slab, for it brings every atom home.
    """
    plane, mid, crystal = termination.plane, termination.mid_plane, termination.crystal
    points = crystal.coords[plane.atoms] + np.outer(plane.repeats, [0, 0, 1])
    images, _ = crystal.locate(mid.flip(mid.flip(points)))
    place = {int(atom): i for i, atom in enumerate(plane.atoms)}
    follows = [place[int(atom)] for atom in images]
    found: list[Blocks] = [[] for _ in termination.kept]
    seen: set[int] = set()
    for first in range(len(follows)):
        block, atom = [], first
        while atom not in seen:
            seen.add(atom)
            block.append(atom)
            atom = follows[atom]
        if block:
            found[int(crystal.species[plane.atoms[first]])].append(block)
    return found


def _ways(blocks: Sequence[Blocks], kept: Sequence[int]) -> int:
    """Choices of all species together."""
    return prod(_count(block, room) for block, room in zip(blocks, kept, strict=True))


def _count(blocks: Blocks, kept: int) -> int:
    """Number of sets of blocks with so many atoms: a coefficient of the product of 1 + x^size."""
    ways = [1] + [0] * kept
    for block in blocks:
        for n in range(kept, len(block) - 1, -1):
            ways[n] += ways[n - len(block)]
    return ways[kept]


def _listed(blocks: Sequence[Blocks], kept: Sequence[int]) -> list[list[int]]:
    """All choices, as the atoms that stay."""

    def of_species(rest: Blocks, room: int) -> Iterator[list[int]]:
        if room == 0:
            yield []
        for i, block in enumerate(rest if room else []):
            if len(block) <= room:
                for others in of_species(rest[i + 1 :], room - len(block)):
                    yield block + others

    each = [list(of_species(b, k)) for b, k in zip(blocks, kept, strict=True)]
    return [[atom for part in parts for atom in part] for parts in itertools.product(*each)]


def _drawn(
    blocks: Sequence[Blocks], kept: Sequence[int], rng: np.random.Generator
) -> list[list[int]]:
    """Choices drawn at random: blocks in random order as long as they fit."""
    drawn = []
    for _ in range(DRAWN):
        atoms: list[int] = []
        for block, room in zip(blocks, kept, strict=True):
            taken: list[int] = []
            for i in rng.permutation(len(block)):
                if len(taken) + len(block[i]) <= room:
                    taken += block[i]
            atoms += taken
        if len(atoms) == sum(kept):
            drawn.append(atoms)
    return drawn


def _codes(masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """One integer per row of at most 62 booleans."""
    return masks @ (1 << np.arange(masks.shape[1], dtype=np.int64))


def _plane_permutations(crystal: OrientedCrystal, plane: Plane) -> list[NDArray[np.int_]]:
    """How operations that keep the normal and this plane permute its atoms."""
    points = crystal.coords[plane.atoms] + np.outer(plane.repeats, [0, 0, 1])
    members = {int(a): i for i, a in enumerate(plane.atoms)}
    found = []
    for rotation, translation in zip(crystal.rotations, crystal.translations, strict=True):
        lift = np.round(translation[2])
        if rotation[2, 2] < 0 or abs(translation[2] - lift) * crystal.spacing > 0.05:
            continue
        atoms, _ = crystal.locate(points @ rotation.T + translation - [0, 0, lift])
        found.append(np.argsort([members[int(a)] for a in atoms]))
    return [np.array(p) for p in {tuple(int(i) for i in p) for p in found}]
