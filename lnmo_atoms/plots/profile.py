"""One energy profile: images, the curve through them, and arrows for its barriers."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from lnmo_atoms.analyzers.hop_rows import octahedron_image
from lnmo_atoms.plots.style import GREY, INK, Color, mark_empty
from lnmo_atoms.results import HopResult, Segment

DIFFERENT = 0.0005
"""eV, barriers that differ by less print the same."""
OFFSET = 0.07
"""Share of the path's length between an end and the arrow of its barrier."""
INNER_OFFSET = 0.02
"""The same of a minimum between two saddles."""

Profile = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Path in Å and energy in eV."""


def barrier_text(barrier: float) -> str:
    """A barrier with its unit."""
    return f"{barrier:.3f} eV" if np.isfinite(barrier) else "no number"


def finite_profile(result: HopResult) -> Profile:
    """The images that have an energy."""
    path, energies = (np.asarray(values, dtype=float) for values in result.profile)
    finite = np.isfinite(path) & np.isfinite(energies)
    return path[finite], energies[finite]


def curve(path: NDArray[np.float64], energies: NDArray[np.float64]) -> Profile:
    """Through all points, monotone between them, level at ends and extrema; straight if it must.

    Piecewise cubic with the slopes of Steffen, Astron. Astrophys. 239, 443 (1990): the parabola's
    through three points, never more than twice that of a neighbouring step.
    """
    steps = np.diff(path)
    if len(path) < 3 or not (steps > 0).all():
        return path, energies
    rises = np.diff(energies) / steps
    left, right, before, after = steps[:-1], steps[1:], rises[:-1], rises[1:]
    parabola = (before * right + after * left) / (left + right)
    steepest = np.minimum(np.abs(parabola), 2 * np.minimum(np.abs(before), np.abs(after)))
    slopes = np.zeros(len(path))
    slopes[1:-1] = np.where(before * after > 0, np.sign(before) * steepest, 0.0)
    fine = np.union1d(np.linspace(path[0], path[-1], 200), path)
    return fine, np.asarray(CubicHermiteSpline(path, energies, slopes)(fine))


def draw_profile(axes: Axes, result: HopResult, color: Color, arrows: bool = True) -> None:
    """Draw one energy profile: curve, images, octahedron and, if asked, the barriers' arrows."""
    path, energies = finite_profile(result)
    axes.axhline(0, color=GREY, linewidth=0.7)
    axes.set_xlabel("path of the ion (Å)")
    axes.set_ylabel("energy (eV)")
    axes.grid(axis="y")
    if len(path) < 2:
        mark_empty(axes, "no energies along the path")
        return
    style = "-" if result.converged else (0, (4, 2))
    axes.plot(*curve(path, energies), color=color, linewidth=2, linestyle=style)
    axes.plot(
        path, energies, "o", markersize=5, color="white",
        markeredgecolor=color, markeredgewidth=1.5, zorder=3,
    )  # fmt: skip
    if (octahedron := octahedron_image(result)) is not None:
        axes.plot(
            result.path[octahedron], result.energies[octahedron], "D", markersize=6.5,
            color=color, zorder=4,
        )  # fmt: skip
    low, high = float(energies.min()), float(energies.max())
    height = high - low
    axes.set_ylim(
        min(axes.get_ylim()[0], low - 0.1 * height),
        max(axes.get_ylim()[1], high + (0.22 if len(result.segments) < 2 else 0.36) * height),
    )
    if arrows and len(path) == len(result.path):
        _arrows(axes, result)


def _arrows(axes: Axes, result: HopResult) -> None:
    """The barriers out of every minimum of the path; of two that are equal, the first.

    Those out of a minimum between two saddles are written one line higher.
    """
    length, last = float(result.path[-1] - result.path[0]), len(result.path) - 1
    drawn: list[tuple[bool, float]] = []
    for minimum, saddle, barrier, sign in _climbs(result):
        at_end = minimum in {0, last}
        if any(end == at_end and abs(other - barrier) <= DIFFERENT for end, other in drawn):
            continue
        drawn.append((at_end, barrier))
        x, foot = float(result.path[minimum]), float(result.energies[minimum])
        summit, top = float(result.path[saddle]), float(result.energies[saddle])
        at = x + sign * length * (-OFFSET if at_end else INNER_OFFSET)
        _arrow(axes, at, (foot, top))
        for level, to in ((top, summit), (foot, x)):
            axes.plot([at, to], [level] * 2, color=INK, linewidth=0.7, linestyle=(0, (3, 3)))
        axes.annotate(
            barrier_text(barrier), (at, top if at_end else float(np.nanmax(result.energies))),
            (0, 3 if at_end else 16), textcoords="offset points", va="bottom",
            ha="left" if sign > 0 else "right", fontweight="bold",
        )  # fmt: skip


def _climbs(result: HopResult) -> Sequence[tuple[int, int, float, int]]:
    """Minimum, saddle, barrier (eV) and direction of every way up to a saddle."""
    last = len(result.path) - 1
    whole = Segment(
        int(np.argmax(result.energies)), 0, last, result.barrier, result.barrier_reverse
    )
    climbs = []
    for segment in result.segments or (whole,):
        climbs.append((segment.before, segment.saddle, segment.barrier, 1))
        climbs.append((segment.after, segment.saddle, segment.barrier_reverse, -1))
    return climbs


def _arrow(axes: Axes, x: float, levels: tuple[float, float]) -> None:
    """From a minimum's level to its saddle's."""
    axes.annotate(
        "", (x, levels[1]), (x, levels[0]),
        arrowprops={"arrowstyle": "<|-|>", "color": INK, "linewidth": 0.9, "shrinkA": 0,
                    "shrinkB": 0},
    )  # fmt: skip
