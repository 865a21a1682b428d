"""Minimum-energy path between two end points, with the proof of its saddle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import BandResult
from lnmo_atoms.tasks.curvature import Curvatures, lowest_curvatures
from lnmo_atoms.tasks.evaluation import Positions, Question, Search
from lnmo_atoms.tasks.image import Image, Mirror, unit
from lnmo_atoms.tasks.model_hessian import model_hessian
from lnmo_atoms.tasks.newton import Vector, longest
from lnmo_atoms.tasks.notebook import Notebook, answered
from lnmo_atoms.tasks.path import find_path
from lnmo_atoms.tasks.relax import moved
from lnmo_atoms.tasks.relaxing import flanks

SIDEWAYS = 0.1
"""Å, largest move of an atom off a point that is lower on two sides, towards the true saddle."""

T = TypeVar("T")


def band(
    images: Sequence[Structure],
    spec: CalculatorSpec,
    *,
    end_energies: Sequence[float],
    mirror: Mapping[str, Any] | None = None,
    fmax: float = 0.05,
    steps: int = 60,
    checkpoint: Path | None = None,
) -> BandResult:
    """Find the path between two relaxed end points, one geometry after the other, in this process.

    See :func:`band_search`, which asks for the same geometries.

    Args:
        images: first guess, end points included, atoms in one order; odd in number, the middle one
            in the octahedron. Coordinates are taken as they stand, so an ion may leave the cell.
        spec: the engine.
        end_energies: eV, of both end points.
        mirror: ``{"atoms": …, "rotation": …}`` of an operation that reverses the path.
        fmax: eV/Å, of the saddle; images beside it are relaxed across the path to twice that.
        steps: evaluations of each image at most.
        checkpoint: file of what was evaluated, to continue from; None keeps none.

    Raises:
        RequestError: for a path of fewer than three images, or of images that do not match.
        CalculationFailed: where the engine gives no finite numbers, or changes meanwhile.
    """
    search = band_search(
        images, end_energies=end_energies, mirror=mirror, fmax=fmax, steps=steps,
    )  # fmt: skip
    notebook = Notebook(checkpoint, spec)
    return finished(images, answered(search, to_atoms(images[0]), spec, notebook), notebook)


@dataclass(frozen=True)
class Found:
    """A path with the curvatures at its highest saddle and what both took.

    Attributes:
        path: end points included.
        curvatures: None where the path has no stationary point to prove.
        path_calls: evaluations for the path.
        proof_calls: evaluations for the curvatures.
    """

    path: list[Image]
    curvatures: Curvatures | None
    path_calls: int
    proof_calls: int

    def after(self, first: "Found") -> "Found":
        """This, with what another search had taken before it."""
        return replace(
            self,
            path_calls=first.path_calls + self.path_calls,
            proof_calls=first.proof_calls + self.proof_calls,
        )


def band_search(
    images: Sequence[Structure],
    *,
    end_energies: Sequence[float],
    mirror: Mapping[str, Any] | None = None,
    fmax: float = 0.05,
    steps: int = 60,
) -> Search[Found]:
    """Path, then proof; from a point that is lower on two sides the search goes on once.

    Args:
        images: as for :func:`band`, like the rest.
        end_energies: eV.
        mirror: of an operation that reverses the path.
        fmax: eV/Å.
        steps: evaluations of each image at most.
    """
    _check(images)
    guess = [image.cart_coords for image in images]
    atoms = to_atoms(images[0])
    energies = (float(end_energies[0]), float(end_energies[1]))
    symmetry = None if mirror is None else _mirror(mirror, guess[len(guess) // 2])

    def search(guess: Sequence[Positions], symmetry: Mirror | None) -> Search[Found]:
        model = _model(atoms)
        path, path_calls = yield from counted(
            find_path(guess, energies, model, mirror=symmetry, fmax=fmax, steps=steps)
        )
        top = _highest(path)
        if top is None:
            return Found(path, None, path_calls, 0)
        way = unit(guess[-1] - guess[0])
        curvatures, proof_calls = yield from counted(lowest_curvatures(top, way))
        return Found(path, curvatures, path_calls, proof_calls)

    found = yield from search(guess, symmetry)
    top, curvatures = _highest(found.path), found.curvatures
    if top is not None and curvatures is not None and curvatures.negative > 1:
        half, way = len(guess) // 2, unit(guess[-1] - guess[0])
        (beside,), calls = yield from counted(
            flanks([_aside(top, curvatures, way)], [way], top.hessian, fmax=fmax, steps=steps)
        )
        again = yield from search([*guess[:half], beside.positions, *guess[half + 1 :]], None)
        found = again.after(replace(found, path_calls=found.path_calls + calls))
    path = yield from _with_moments(found.path)
    return replace(found, path=path)


def _aside(point: Image, curvatures: Curvatures, way: Vector) -> Positions:
    """Off a point that is lower on two sides, across the path."""
    first, second = curvatures.modes
    mode = unit((second @ way) * first - (first @ way) * second).reshape(-1, 3)
    moved: Positions = point.positions + SIDEWAYS / longest(mode) * mode
    return moved


def _with_moments(path: Sequence[Image]) -> Search[list[Image]]:
    """The path with the moments of every image between the end points, where there are any."""
    unknown = [i for i, image in enumerate(path[1:-1], 1) if image.moments is None]
    known = list(path)
    if not unknown:
        return known
    answers = yield [Question(path[i].positions, moments=True) for i in unknown]
    for i, answer in zip(unknown, answers, strict=True):
        known[i] = replace(path[i], moments=answer.moments)
    return known


def counted(search: Search[T]) -> Search[tuple[T, int]]:
    """The same search, with how many geometries it asked for."""
    number = 0
    try:
        asked = next(search)
        while True:
            number += len(asked)
            asked = search.send((yield asked))
    except StopIteration as found:
        return found.value, number


def finished(images: Sequence[Structure], found: Found, notebook: Notebook) -> BandResult:
    """The result of a search.

    Args:
        images: the first guess, which gives charges, moments and labels.
        found: what the search gave.
        notebook: knows the time it took.
    """
    atoms = to_atoms(images[0])
    structures = []
    for image in found.path:
        atoms.positions = image.positions
        structures.append(moved(images[0], atoms))
    curvatures = found.curvatures
    return BandResult(
        images=tuple(structures),
        energies=np.array([image.energy for image in found.path]),
        kinds=tuple(image.kind for image in found.path),
        curvatures=None if curvatures is None else curvatures.values,
        curvature_errors=None if curvatures is None else curvatures.errors,
        moments=_moments(found.path[1:-1]),
        converged=all(image.converged for image in found.path),
        path_calls=found.path_calls,
        proof_calls=found.proof_calls,
        seconds=notebook.seconds,
    )


def _moments(path: Sequence[Image]) -> NDArray[np.float64] | None:
    known = [image.moments for image in path if image.moments is not None]
    return np.array(known) if len(known) == len(path) else None


def _highest(path: Sequence[Image]) -> Image | None:
    """The highest stationary point between the end points."""
    stationary = [image for image in path if image.kind == "stationary"]
    return max(stationary, key=lambda image: image.energy, default=None)


def _model(atoms: Atoms) -> Any:
    def hessian(positions: Positions) -> NDArray[np.float64]:
        atoms.positions = positions
        return model_hessian(atoms)

    return hessian


def _mirror(packed: Mapping[str, Any], centre: Positions) -> Mirror:
    return Mirror(centre, np.array(packed["atoms"]), np.array(packed["rotation"], dtype=float))


def _check(images: Sequence[Structure]) -> None:
    if len(images) < 3 or len(images) % 2 == 0:
        raise RequestError(
            f"a path needs an odd number of images, 3 or more with its end points, "
            f"not {len(images)}"
        )
    first = images[0]
    for i, image in enumerate(images):
        if image.species != first.species:
            raise RequestError(f"image {i} has other atoms than image 0, or another order of them")
        if not np.allclose(image.lattice.matrix, first.lattice.matrix, rtol=0, atol=1e-8):
            raise RequestError(f"image {i} has another cell than image 0")
