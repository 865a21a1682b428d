"""Second derivatives of the energy by central differences, as few as symmetry allows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.symmetry import SymmetryOperations, permutations, symmetry_operations
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import HessianResult
from lnmo_atoms.tasks.evaluation import Question, Search
from lnmo_atoms.tasks.newton import Matrix
from lnmo_atoms.tasks.notebook import Notebook, answered

DISPLACEMENT = 0.05
"""Å, of one atom, forward and back: about its thermal motion at room temperature. Some universal
potentials are flat within less of a saddle."""
EQUIVALENT = 1e-3
"""Å, within which an operation must carry the geometry onto itself."""


def hessian(
    structure: Structure, spec: CalculatorSpec, *, checkpoint: Path | None = None
) -> HessianResult:
    """The Hessian of a geometry, one evaluation after the other, in this process.

    See :func:`hessian_search`, which asks for the same geometries.

    Args:
        structure: a stationary point.
        spec: the engine.
        checkpoint: file of what was evaluated, to continue from; None keeps none.

    Raises:
        CalculationFailed: where the engine gives no finite numbers, or changes meanwhile.
    """
    notebook = Notebook(checkpoint, spec)
    found = answered(hessian_search(structure), to_atoms(structure), spec, notebook)
    return found_hessian(structure, found, notebook)


@dataclass(frozen=True)
class Differences:
    """A Hessian and what it took.

    Attributes:
        hessian: eV/Å², shape (3n, 3n).
        force_calls: evaluations of forces.
    """

    hessian: Matrix
    force_calls: int


def hessian_search(structure: Structure) -> Search[Differences]:
    """Hessian from forces on either side of the geometry, one atom displaced at a time.

    One atom of each set of equivalent ones is displaced, in as many directions as its site
    symmetry does not give from each other; operations of the geometry carry the rest.

    Args:
        structure: a stationary point.
    """
    operations = symmetry_operations(structure, EQUIVALENT)
    where = permutations(structure, operations)
    turns = _cartesian(structure, operations)
    plan = [
        (int(atom), direction)
        for atom in np.unique(where.min(axis=0))
        for direction in _directions(turns[where[:, atom] == atom])
    ]
    at = structure.cart_coords
    moves = np.zeros((len(plan), *at.shape))
    for move, (atom, direction) in zip(moves, plan, strict=True):
        move[atom] = DISPLACEMENT * direction
    answers = yield [Question(at + move) for move in (*moves, *-moves)]
    forces = np.array([answer.forces for answer in answers])
    columns = (forces[len(plan) :] - forces[: len(plan)]) / (2 * DISPLACEMENT)
    blocks = np.zeros((len(at), 3, len(at), 3))
    for atom in dict.fromkeys(atom for atom, _ in plan):
        mine = [i for i, (displaced, _) in enumerate(plan) if displaced == atom]
        same = np.flatnonzero(where[:, atom] == atom)
        directions = np.array([turns[same] @ plan[i][1] for i in mine]).reshape(-1, 3)
        carried = np.concatenate([_carried(columns[i], turns[same], where[same]) for i in mine])
        block = np.tensordot(np.linalg.pinv(directions), carried, 1)
        for target in np.unique(where[:, atom]):
            o = int(np.flatnonzero(where[:, atom] == target)[0])
            blocks[target][:, where[o]] = np.einsum("ij,jnk,lk->inl", turns[o], block, turns[o])
    hessian = blocks.reshape(at.size, at.size)
    return Differences((hessian + hessian.T) / 2, len(answers))


def found_hessian(structure: Structure, found: Differences, notebook: Notebook) -> HessianResult:
    """The result of a search.

    Args:
        structure: the geometry.
        found: what the search gave.
        notebook: knows the time it took.
    """
    return HessianResult(structure.copy(), found.hessian, found.force_calls, notebook.seconds)


def _cartesian(structure: Structure, operations: SymmetryOperations) -> NDArray[np.float64]:
    """Rotations for Cartesian column vectors, shape (operations, 3, 3)."""
    matrix = structure.lattice.matrix.T
    rotations: NDArray[np.float64] = matrix @ operations.rotations @ np.linalg.inv(matrix)
    return rotations


def _directions(turns: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Axes whose images under the rotations span all of space, as few as there may be."""
    chosen: list[NDArray[np.float64]] = []
    images = np.zeros((0, 3))
    for axis in np.eye(3):
        more = np.vstack([images, turns @ axis])
        if np.linalg.matrix_rank(more, tol=0.1) > np.linalg.matrix_rank(images, tol=0.1):
            chosen, images = [*chosen, axis], more
    return chosen


def _carried(
    column: NDArray[np.float64], turns: NDArray[np.float64], where: NDArray[np.int_]
) -> NDArray[np.float64]:
    """What displacing an atom does to the others, under each operation of its site."""
    carried = np.empty((len(turns), *column.shape))
    for image, turn, targets in zip(carried, turns, where, strict=True):
        image[targets] = column @ turn.T
    return carried
