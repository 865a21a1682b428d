"""Search for a minimum-energy path: its stationary points first, then images between them.

A band of images relaxes all of them together until the highest has found the saddle. Here the
saddle is sought alone, by eigenvector following from the octahedron, and images between it and
the end points relax afterwards, each across the path alone, with the curvatures already learned.
Where they show that the energy does not simply rise to the saddle, there are more stationary
points, and those are sought in turn.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from lnmo_atoms.tasks.evaluation import Positions, Search
from lnmo_atoms.tasks.image import Image, Mirror, unit
from lnmo_atoms.tasks.newton import Matrix, Vector, longest, with_ridge
from lnmo_atoms.tasks.relaxing import flanks, stationary_point

SAME_POINT = 0.15
"""Å; stationary points in which no atom differs by more are one."""
FAR_APART = 0.7
"""Å; farther apart two neighbouring stationary points are watched by a flank point between."""
FLAT = 0.003
"""eV, a rise of less is no rise."""
SAMPLES = 200
"""Points at which the energy along a part of the path is looked at."""
ROUNDS = 3
"""Times that the path is looked over for further stationary points."""
FLANK = 2.0
"""Times the limit of the forces, to which images beside a saddle are relaxed across the path."""
ON_THE_WAY = (0.05, 0.95)
"""Share of the straight way between the end points within which their saddle lies."""

Model = Callable[[Positions], Matrix]
"""Hessian to begin with, eV/Å², from positions in Å."""


def find_path(
    guess: Sequence[Positions],
    end_energies: tuple[float, float],
    model: Model,
    *,
    mirror: Mirror | None,
    fmax: float,
    steps: int,
) -> Search[list[Image]]:
    """All images of the path, end points included, in order.

    Args:
        guess: Å, odd in number: the first and the last are the end points, the middle one lies in
            the octahedron; the number of others is that of the images sought beside the saddle.
        end_energies: eV.
        model: Hessian to begin with.
        mirror: an operation that reverses the path; half of it is then sought.
        fmax: eV/Å.
        steps: evaluations of each point at most.
    """
    ends = [
        Image(positions, energy, np.zeros_like(positions), "end", np.zeros((0, 0)))
        for positions, energy in zip((guess[0], guess[-1]), end_energies, strict=True)
    ]
    middle, between = guess[len(guess) // 2], (len(guess) - 3) // 2
    way = unit(guess[-1] - guess[0])
    hessian = model(middle)
    top = yield from stationary_point(
        middle,
        hessian if mirror else with_ridge(hessian, way),
        climb=mirror is None,
        fmax=fmax,
        steps=steps,
        mirror=mirror,
    )
    if not (top.converged and _on_the_way(top, ends)):
        (top,) = yield from flanks([middle], [way], hessian, fmax=FLANK * fmax, steps=steps)
    path = [ends[0], top] if mirror else [ends[0], top, ends[1]]
    path = yield from _filled(path, between, fmax, steps)
    for _ in range(ROUNDS):
        found = yield from _further(path, fmax, steps)
        if not found:
            break
        path = yield from _watched(_in_order([*path, *found], way), fmax, steps)
    if mirror:
        path += [mirror.of_image(image) for image in reversed(path[:-1])]
    return path


def _on_the_way(image: Image, ends: Sequence[Image]) -> bool:
    first, last = (end.positions for end in ends)
    share = np.vdot(image.positions - first, last - first) / np.vdot(last - first, last - first)
    return bool(ON_THE_WAY[0] < share < ON_THE_WAY[1])


def _filled(path: Sequence[Image], between: int, fmax: float, steps: int) -> Search[list[Image]]:
    """Flank points between stationary ones, equally many in every interval."""
    guesses, tangents = [], []
    hessian = next(image.hessian for image in path if image.kind != "end")
    for left, right in pairwise(path):
        arm = right.positions - left.positions
        for k in range(1, between + 1):
            guesses.append(left.positions + k / (between + 1) * arm)
            tangents.append(unit(arm))
    relaxed = yield from flanks(guesses, tangents, hessian, fmax=FLANK * fmax, steps=steps)
    filled = [path[0]]
    for i, right in enumerate(path[1:]):
        filled += [*relaxed[i * between : (i + 1) * between], right]
    return filled


def _watched(path: Sequence[Image], fmax: float, steps: int) -> Search[list[Image]]:
    """A flank point between stationary ones that lie far apart with none between them."""
    bare = [
        i
        for i, (left, right) in enumerate(pairwise(path))
        if "flank" not in (left.kind, right.kind)
        and longest(right.positions - left.positions) > FAR_APART
    ]
    guesses = [(path[i].positions + path[i + 1].positions) / 2 for i in bare]
    tangents = [unit(path[i + 1].positions - path[i].positions) for i in bare]
    hessian = next(image.hessian for image in path if image.kind == "stationary")
    relaxed = yield from flanks(guesses, tangents, hessian, fmax=FLANK * fmax, steps=steps)
    watched = list(path)
    for i, image in reversed(list(zip(bare, relaxed, strict=True))):
        watched.insert(i + 1, image)
    return watched


def _further(path: Sequence[Image], fmax: float, steps: int) -> Search[list[Image]]:
    """Stationary points that the images betray and that are not among them."""
    found: list[Image] = []
    firm = [i for i, image in enumerate(path) if image.kind != "flank"]
    for left, right in pairwise(firm):
        part = path[left : right + 1]
        if not _simple(part):
            for positions, climb in _extrema(part):
                nearest = min(part, key=lambda image: longest(image.positions - positions))
                hessian = nearest.hessian if nearest.hessian.size else part[1].hessian
                if climb:
                    hessian = with_ridge(hessian, unit(part[-1].positions - part[0].positions))
                point = yield from stationary_point(
                    positions, hessian, climb=climb, fmax=fmax, steps=steps
                )
                known = [i for i in (*path, *found) if i.kind != "flank"]
                if all(longest(point.positions - k.positions) > SAME_POINT for k in known):
                    found.append(point)
    return found


def slopes(path: Sequence[Image]) -> NDArray[np.float64]:
    """eV/Å, of the energy along the path at every image; zero at end and stationary points."""
    values = np.zeros(len(path))
    for i in range(1, len(path) - 1):
        if path[i].kind == "flank":
            tangent = unit(path[i + 1].positions - path[i - 1].positions)
            values[i] = -path[i].forces.ravel() @ tangent
    return values


def _simple(part: Sequence[Image]) -> bool:
    """The energy only rises, or only falls, from one stationary point to the next."""
    curve, places = _curve(part)
    heights = curve(np.linspace(0, places[-1], SAMPLES))
    astray = np.abs(np.diff(heights)).sum() - abs(heights[-1] - heights[0])
    return bool(astray < 2 * FLAT)


def _curve(part: Sequence[Image]) -> tuple[CubicHermiteSpline, NDArray[np.float64]]:
    """Energy in eV along the path, through the images with their slopes, and their places in Å."""
    places = distances(part)
    return CubicHermiteSpline(places, [image.energy for image in part], slopes(part)), places


def _extrema(part: Sequence[Image]) -> list[tuple[Positions, bool]]:
    """Where the energy along the path turns between two stationary points, and whether to climb."""
    curve, places = _curve(part)
    turns = curve.derivative().roots(extrapolate=False)
    inside = [s for s in turns if 0.05 < s / places[-1] < 0.95]
    return [(_between(part, s), bool(curve(s, 2) < 0)) for s in inside]


def _between(path: Sequence[Image], place: float) -> Positions:
    """The geometry at a place in Å along the path, straight between two images."""
    places = distances(path)
    k = int(np.clip(np.searchsorted(places, place), 1, len(path) - 1))
    share = (place - places[k - 1]) / (places[k] - places[k - 1])
    positions: Positions = (1 - share) * path[k - 1].positions + share * path[k].positions
    return positions


def distances(path: Sequence[Image]) -> NDArray[np.float64]:
    """Å, length of the path up to every image, all atoms' moves together."""
    moves = [np.linalg.norm(b.positions - a.positions) for a, b in pairwise(path)]
    return np.concatenate([[0.0], np.cumsum(moves)])


def _in_order(images: Sequence[Image], way: Vector) -> list[Image]:
    """By how far they are on the straight way; without flank points too near a stationary one."""
    firm = [image for image in images if image.kind != "flank"]
    kept = [
        image
        for image in images
        if image.kind != "flank"
        or all(longest(image.positions - other.positions) > SAME_POINT for other in firm)
    ]
    return sorted(kept, key=lambda image: float(image.positions.ravel() @ way))
