"""Operations of the crystal that turn a hop around, and what they make of its path.

Where one carries the relaxed state before the hop onto the state after it, the path is its own
mirror image: the geometry half way is symmetric, and forces there pull no atom along the path.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.paths.end_points import Displacements, StateSymmetry
from lnmo_atoms.builders.paths.states import State

SAME_POINT = 0.05
"""Å, within which an operation must carry the hop's sites onto each other."""


@dataclass(frozen=True)
class Reversal:
    """An operation that swaps the two ends of a hop.

    Attributes:
        operation: its index among those of the crystal.
        rotation: in fractional coordinates, shape (3, 3).
        where: shape (atoms,), the site to which it sends each atom of the crystal, the moving ion
            taken for a vacancy: it sends ``start`` to ``end`` and ``end`` to ``start``.
    """

    operation: int
    rotation: NDArray[np.int_]
    where: NDArray[np.int_]

    def of(self, shift: Displacements) -> Displacements:
        """Displacements of every site of the crystal, turned around."""
        turned = np.zeros_like(shift)
        turned[self.where] = shift @ self.rotation.T
        return turned

    def atoms(self, state: State, hop: Hop) -> NDArray[np.int_]:
        """Where it sends each atom of the path's images; the moving ion stays what it is.

        Args:
            state: vacant sites before the hop.
            hop: whose ends it swaps.
        """
        kept = np.delete(np.arange(len(self.where)), sorted(state))
        targets = self.where[kept]
        targets = np.where(targets == hop.end, hop.start, targets)
        return np.searchsorted(kept, targets)

    def cartesian(self, crystal: Structure) -> NDArray[np.float64]:
        """The rotation in Cartesian coordinates, shape (3, 3), for column vectors."""
        matrix = crystal.lattice.matrix.T
        rotation: NDArray[np.float64] = matrix @ self.rotation @ np.linalg.inv(matrix)
        return rotation


def reversals(
    crystal: Structure, symmetry: StateSymmetry, hop: Hop, before: State
) -> list[Reversal]:
    """The operations that swap a hop's ends and leave its octahedron and all other vacancies.

    Args:
        crystal: ideal, all mobile sites filled.
        symmetry: of the crystal.
        hop: of the crystal.
        before: vacant sites before the hop.
    """
    after = (before - {hop.end}) | {hop.start}
    places = np.array(
        [
            crystal.frac_coords[hop.start],
            hop.octahedron,
            crystal.frac_coords[hop.end] + hop.end_image,
        ]
    )
    found = []
    operations, wheres = symmetry.operations, symmetry.where
    for k in np.flatnonzero((wheres[:, hop.start] == hop.end) & (wheres[:, hop.end] == hop.start)):
        moved = places @ operations.rotations[k].T + operations.translations[k]
        apart = moved - places[::-1]
        apart -= np.round(apart[1])
        distances = np.linalg.norm(apart @ crystal.lattice.matrix, axis=1)
        if distances.max() < SAME_POINT and {int(i) for i in wheres[k, sorted(before)]} == after:
            found.append(Reversal(int(k), operations.rotations[k], wheres[k]))
    return found
