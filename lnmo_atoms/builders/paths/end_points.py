"""Relaxed end points of hops: each symmetry-distinct state is relaxed once and serves all equal.

A relaxed state is kept as the displacement of every site of the crystal, so that symmetry can
carry it to any equivalent state without relaxing again, and no atom jumps across a cell's border.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from scipy.spatial.distance import cdist

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.paths.states import State, kept_sites
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations

Displacements = NDArray[np.float64]
"""Fractional, shape (atoms of the crystal, 3); zero for vacant sites."""

SAME_FORM = 1e-4
"""Fractional displacements closer than this are one and the same relaxed form."""


def displacements(crystal: Structure, relaxed: Structure, state: State) -> Displacements:
    """How far each site of the crystal moved when the cell with these vacancies relaxed.

    Args:
        crystal: ideal, all mobile sites filled.
        relaxed: the state's cell after relaxation, atoms in order.
        state: its vacant sites.
    """
    kept = kept_sites(crystal, state)
    shift = np.zeros((len(crystal), 3))
    shift[kept] = relaxed.frac_coords - crystal.frac_coords[kept]
    return shift - np.round(shift)


class StateSymmetry:
    """What the space group of a crystal says about states of it.

    Attributes:
        operations: of the crystal with all mobile sites filled.
        where: shape (operations, atoms): operation o sends atom i to the site of ``where[o, i]``.
    """

    def __init__(self, crystal: Structure) -> None:
        """Find the operations of a crystal with all mobile sites filled."""
        self._crystal = crystal
        self.operations = symmetry_operations(crystal)
        self.where = permutations(crystal, self.operations)

    def representative(self, state: State) -> State:
        """The state that stands for all equivalent ones: that of the lowest sorted sites."""
        images = self._images(state)
        lowest = images[np.lexsort(images.T[::-1])[0]] if state else ()
        return frozenset(int(site) for site in lowest)

    def carried(
        self, shift: Displacements, state: State, target: State
    ) -> list[tuple[Displacements, int]]:
        """A relaxed state at an equivalent place, by every operation that carries it there.

        They are all one where the relaxed state keeps the symmetry of its sites; where it breaks
        it, as when manganese distorts, each is another of its equal forms.

        Args:
            shift: displacements of the relaxed ``state``.
            state: vacant sites it was relaxed with.
            target: vacant sites wanted.

        Returns:
            the distinct forms, each with the index of the first operation that gives it.

        Raises:
            RequestError: where no operation maps one state onto the other.
        """
        if len(state) == len(target):
            fits = (self._images(state) == sorted(target)).all(axis=1)
        else:
            fits = np.zeros(len(self.operations), dtype=bool)
        chosen = np.flatnonzero(fits)
        if not len(chosen):
            raise RequestError(
                f"the vacant sites {sorted(state)} and {sorted(target)} are not equivalent "
                "by symmetry"
            )
        moved = np.empty((len(chosen), *shift.shape))
        turned = shift @ self.operations.rotations[chosen].transpose(0, 2, 1)
        np.put_along_axis(moved, self.where[chosen, :, None], turned, axis=1)
        found = []
        while len(chosen):
            found.append((moved[0], int(chosen[0])))
            other = np.abs(moved - moved[0]).max(axis=(1, 2)) > SAME_FORM
            moved, chosen = moved[other], chosen[other]
        return found

    def carried_moments(
        self, moments: NDArray[np.float64], state: State, operation: int
    ) -> NDArray[np.float64]:
        """An engine's moments at the equivalent place to which one operation carries a state.

        Without spin–orbit coupling a moment goes with its atom and keeps its sign.

        Args:
            moments: μB, of the atoms of the state's cell.
            state: vacant sites it was calculated with.
            operation: its index, as :meth:`carried` gives it.

        Returns:
            μB, of the atoms of the target's cell, in their order.
        """
        targets = self.where[operation, kept_sites(self._crystal, state)]
        return moments[np.argsort(targets)]

    def _images(self, state: State) -> NDArray[np.int_]:
        """Where each operation sends a state, shape (operations, vacancies), ascending."""
        return np.sort(self.where[:, sorted(state)], axis=1)


def closest(
    around_end: Sequence[Displacements], around_start: Sequence[Displacements]
) -> tuple[Displacements, Displacements]:
    """The end states that differ least: a hop moves one ion, not the distortions of others."""
    ends, starts = (np.array(forms).reshape(len(forms), -1) for forms in (around_end, around_start))
    apart = np.round(cdist(ends, starts, "sqeuclidean"), 9)
    end, start = np.unravel_index(apart.argmin(), apart.shape)
    return around_end[end], around_start[start]
