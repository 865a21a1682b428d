"""Where a slab ends, and the fewest atoms that must move from face to face to cancel its dipole.

A cut is a gap between two atomic planes. Ended there, a crystal is polar more often than not;
moving atoms of the outermost planes from one face to the other repairs it (Tasker, J. Phys. C 12,
4977, 1979). How many of each species follows from counting. With a flip, an operation that turns
the slab upside down, both faces are equal, and the slab must hold whole formula units. Without
one, the slab is whole repeats of the crystal, and its formal dipole must vanish.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.slabs.orientation import OrientedCrystal, doublings, enlarge
from lnmo_atoms.builders.slabs.planes import Planes, distinct_planes, scanned_planes

Moves = tuple[int, ...]
"""Atoms of each species added above (positive) or taken from (negative) the upper face."""

MOST_MOVED = 6
"""Atoms of one species moved at most where no flip exists."""
WHOLE = 1e-3
"""How far from a whole number of atoms, or of elementary charges over a repeat, may count as 0."""


@dataclass(frozen=True)
class Cut:
    """One way to end a crystal.

    Attributes:
        crystal: the oriented crystal, its in-plane cell doubled if parity demanded it.
        tops: highest repeat of each atom in the flat upper face, shape (n,).
        outermost: atoms of the plane below the gap.
        next: atoms of the plane above the gap.
        moves: of each species.
        dipole: what the moves leave of the dipole of one repeat, in e times repeats.
    """

    crystal: OrientedCrystal
    tops: NDArray[np.int_]
    outermost: NDArray[np.int_]
    next: NDArray[np.int_]
    moves: Moves
    dipole: float

    @property
    def moved(self) -> int:
        """Number of atoms moved."""
        return sum(map(abs, self.moves))


def find_cuts(crystal: OrientedCrystal, charges: NDArray[np.float64] | None) -> list[Cut]:
    """Every cut between planes, each with the fewest atoms moved.

    At one face atoms are either added from the plane above or taken from the plane below, never
    both. The in-plane cell is the smallest. Where it allows no repair, or twice the cell allows one
    that moves fewer atoms per area, the cut appears in the doubled cell, too. Planes are those of
    the best defined tolerance at which any cut can be repaired.

    Args:
        crystal: with its smallest in-plane cell.
        charges: formal, in e, of the bulk's sites; None where it has none.
    """
    flips = has_flip(crystal)
    doubled = (enlarge(crystal, multiple) for multiple in doublings(crystal))
    cells = [crystal, *(cell for cell in doubled if has_flip(cell) == flips)]
    for planes in scanned_planes(crystal):
        found: list[Cut] = []
        for plane in distinct_planes(crystal, planes):
            best = np.inf, np.inf
            for cell in cells:
                copies = len(cell.coords) // len(crystal.coords)
                layers = round(cell.spacing / crystal.spacing)
                larger = planes.of_larger(copies, layers)
                cuts = _repaired(cell, larger, plane, charges)
                if cuts and (cost := _cost(cuts[0], copies // layers)) < best:
                    found, best = found + cuts, cost
        if found:
            least = min(round(cut.dipole, 3) for cut in found)
            return [cut for cut in found if round(cut.dipole, 3) == least]
    return []


def has_flip(crystal: OrientedCrystal) -> bool:
    """An operation of the crystal turns it upside down."""
    return bool((crystal.rotations[:, 2, 2] < 0).any())


def _cost(cut: Cut, cells: int) -> tuple[float, float]:
    """Dipole left and atoms moved, per smallest in-plane cell."""
    return round(cut.dipole / cells, 3), cut.moved / cells


def _repaired(
    crystal: OrientedCrystal, planes: Planes, plane: int, charges: NDArray[np.float64] | None
) -> list[Cut]:
    """The cut above one plane with each way to move the fewest atoms."""
    tops, below, above = planes.tops(plane), planes.members(plane), planes.members(plane + 1)
    kinds = int(crystal.species.max()) + 1
    room = (
        np.bincount(crystal.species[below], minlength=kinds),
        np.bincount(crystal.species[above], minlength=kinds),
    )
    if has_flip(crystal):
        moves, dipole = _moves_with_flip(crystal, tops, *room), 0.0
    else:
        moves, dipole = _moves_without_flip(crystal, tops, *room, charges)
    moves = moves[(moves >= 0).all(axis=1) | (moves <= 0).all(axis=1)]
    if not len(moves):
        return []
    moved = np.abs(moves).sum(axis=1)
    fewest = moves[moved == moved.min()]
    return [Cut(crystal, tops, below, above, tuple(map(int, m)), dipole) for m in fewest]


def formula_of(crystal: OrientedCrystal) -> NDArray[np.int_]:
    """Atoms of each species in one formula unit."""
    content = np.bincount(crystal.species)
    return np.asarray(content // np.gcd.reduce(content))


def contents(crystal: OrientedCrystal, tops: NDArray[np.int_], shift: float) -> NDArray[np.float64]:
    """Atoms of each species between an upper face and its image.

    Args:
        crystal: the oriented crystal.
        tops: highest repeat of each atom, shape (n,).
        shift: a flip's translation along the normal, in repeats: it takes height z to shift − z.

    Returns:
        shape (species,). A flip takes atom i of repeat k to some atom j of repeat t − k, with
        t = shift − z(i) − z(j); summed over a species, the partners need not be known.
    """
    each = np.bincount(crystal.species)
    heights = np.bincount(crystal.species, weights=crystal.coords[:, 2])
    highest = np.bincount(crystal.species, weights=tops)
    return np.asarray(2 * highest + each + 2 * heights - each * shift)


def _moves_with_flip(
    crystal: OrientedCrystal,
    tops: NDArray[np.int_],
    below: NDArray[np.int_],
    above: NDArray[np.int_],
) -> NDArray[np.int_]:
    """Moves at each face that leave whole formula units, for every flip, shape (ways, species)."""
    formula = formula_of(crystal)
    shifts = np.round(crystal.translations[crystal.rotations[:, 2, 2] < 0, 2], 4) % 1.0
    found = [np.zeros((0, len(formula)), int)]
    for shift in np.unique(shifts):
        held = contents(crystal, tops, float(shift))
        units = np.arange(
            np.floor(((held - 2 * below) / formula).min()),
            np.ceil(((held + 2 * above) / formula).max()) + 1,
        )
        moves = (units[:, None] * formula - held) / 2
        whole = np.abs(moves - np.round(moves)).max(axis=1) < WHOLE
        moves = np.round(moves).astype(int)
        found.append(moves[whole & ((-moves <= below) & (moves <= above)).all(axis=1)])
    return np.unique(np.concatenate(found), axis=0)


def _moves_without_flip(
    crystal: OrientedCrystal,
    tops: NDArray[np.int_],
    below: NDArray[np.int_],
    above: NDArray[np.int_],
    charges: NDArray[np.float64] | None,
) -> tuple[NDArray[np.int_], float]:
    """Moves from the lower to the upper face that cancel the dipole of one repeat.

    Moving a charge q by whole repeats of height d changes the dipole of a slab of as many repeats
    by q d. Where no symmetry fixes the atoms there may be no exact answer: then the moves that
    leave the smallest dipole.

    Returns:
        shape (ways, species), and the size of the dipole left, in e times repeats.
    """
    if charges is None:
        return np.zeros((1, len(below)), int), 0.0
    q = charges[crystal.bulk_sites]
    dipole = float(q @ (crystal.coords[:, 2] + tops))
    of_species = np.array([q[crystal.species == s].mean() for s in range(len(below))])
    reach = [
        np.arange(-min(b, MOST_MOVED), min(a, MOST_MOVED) + 1)
        for b, a in zip(below, above, strict=True)
    ]
    moves = np.stack(np.meshgrid(*reach, indexing="ij"), axis=-1).reshape(-1, len(below))
    left = np.abs(dipole + moves @ of_species)
    return moves[left < left.min() + WHOLE], float(left.min())
