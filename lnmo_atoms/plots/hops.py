"""Energy profiles of hops."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from lnmo_atoms.plots.style import (
    GREY,
    HOP_COLORS,
    INK,
    ionic,
    mark_empty,
    new_figure,
    styled,
)
from lnmo_atoms.results import HopResult

COLUMNS = 3
DIFFERENT = 0.0005
"""eV, barriers forward and back that differ by less print the same."""


@styled
def plot_hops(hops: Sequence[HopResult]) -> Figure:
    """Energy in eV along the path in Å of every hop, one panel each on one energy scale.

    The curve passes through the images, rises nowhere above them and is level at both ends and
    at the highest image, as a minimum-energy path is. A diamond marks the image nearest the
    octahedron's centre, an arrow the barrier.
    """
    engines = sorted({result.engine for result in hops})
    columns = min(COLUMNS, max(1, len(hops)))
    rows = -(-len(hops) // columns) or 1
    figure = new_figure(
        max(4.6, 3.3 * columns), 0.9 + 2.7 * rows, "Li hops",
        f"engine: {', '.join(engines) or 'none'} · ◆ image nearest the octahedron's centre",
    )  # fmt: skip
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    colors = hop_colors(hops)
    for axes, result in zip(panels, hops, strict=False):
        draw_profile(axes, result, colors[result.hop.label])
        axes.set_title(result.hop.label, loc="left", color=colors[result.hop.label], pad=17)
        axes.text(0, 1.02, ring_text(result), transform=axes.transAxes, fontsize=8, color=GREY)
        axes.label_outer()
        axes.set_xlabel("path of the ion (Å)")
    for axes in panels[len(hops) :]:
        axes.set_axis_off()
    if not hops:
        mark_empty(panels[0], "no hops")
    return figure


def hop_colors(hops: Sequence[HopResult]) -> dict[str, str]:
    """A colour for each hop's label."""
    labels = dict.fromkeys(result.hop.label for result in hops)
    return {label: HOP_COLORS[i % len(HOP_COLORS)] for i, label in enumerate(labels)}


def ring_text(result: HopResult) -> str:
    """Composition of the ring and multiplicity: ``1 Ni²⁺ + 5 Mn⁴⁺, 12 per cell``."""
    ring = " + ".join(
        f"{part.split()[0]} {ionic(part.split()[1])}"
        for part in result.hop.ring_formula.split(" + ")
        if part
    )
    state = "" if result.converged else ", not converged"
    return f"{ring}, {result.hop.multiplicity} per cell{state}"


def barrier_text(barrier: float) -> str:
    """A barrier with its unit."""
    return f"{barrier:.3f} eV" if np.isfinite(barrier) else "no number"


def draw_profile(axes: Axes, result: HopResult, color: str, arrows: bool = True) -> None:
    """Draw one energy profile: curve, images, octahedron and, if asked, the barrier's arrows."""
    path, energies = (np.asarray(values, dtype=float) for values in result.profile)
    finite = np.isfinite(path) & np.isfinite(energies)
    path, energies = path[finite], energies[finite]
    axes.axhline(0, color=GREY, linewidth=0.7)
    axes.set_xlabel("path of the ion (Å)")
    axes.set_ylabel("energy (eV)")
    axes.grid(axis="y")
    if len(path) < 2:
        mark_empty(axes, "no energies along the path")
        return
    style = "-" if result.converged else (0, (4, 2))
    axes.plot(*_curve(path, energies), color=color, linewidth=2, linestyle=style)
    octahedron = int(np.argmin(np.abs(energies - result.octahedron_energy)))
    others = np.arange(len(path)) != octahedron
    axes.plot(
        path[others], energies[others], "o", markersize=5, color="white",
        markeredgecolor=color, markeredgewidth=1.5, zorder=3,
    )  # fmt: skip
    axes.plot(
        path[octahedron], energies[octahedron], "D", markersize=6.5, color=color, zorder=4,
    )  # fmt: skip
    top = float(energies.max())
    axes.set_ylim(min(axes.get_ylim()[0], -0.06 * top), max(axes.get_ylim()[1], 1.22 * top))
    if arrows:
        _arrows(axes, result, path, energies)


def _curve(
    path: NDArray[np.float64], energies: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Through all points, monotone between them, level at ends and extrema; straight if it must."""
    if len(path) < 3 or not (np.diff(path) > 0).all():
        return path, energies
    energies = np.round(energies, 9)  # a step of 1e-300 eV would overflow
    slopes = PchipInterpolator(path, energies).derivative()(path)
    slopes[[0, -1]] = 0.0
    fine = np.union1d(np.linspace(path[0], path[-1], 200), path)
    return fine, np.asarray(CubicHermiteSpline(path, energies, slopes)(fine))


def _arrows(
    axes: Axes, result: HopResult, path: NDArray[np.float64], energies: NDArray[np.float64]
) -> None:
    """The barrier from the first end, and from the last where it differs."""
    top, length = float(energies.max()), float(path[-1] - path[0])
    highest = float(path[int(energies.argmax())])
    ends = [(float(path[0]), 0.0, result.barrier, "left")]
    if abs(result.barrier - result.barrier_reverse) > DIFFERENT:
        ends.append((float(path[-1]), float(energies[-1]), result.barrier_reverse, "right"))
    for x, foot, barrier, side in ends:
        sign = 1 if side == "left" else -1
        at = x - sign * 0.06 * length
        for height, to in ((top, highest), (foot, x)) if foot else ((top, highest),):
            axes.plot([at, to], [height] * 2, color=INK, linewidth=0.7, linestyle=(0, (3, 3)))
        axes.annotate(
            "", (at, top), (at, foot),
            arrowprops={"arrowstyle": "<|-|>", "color": INK, "linewidth": 0.9, "shrinkA": 0,
                        "shrinkB": 0},
        )  # fmt: skip
        axes.annotate(
            barrier_text(barrier), (at, top), (0, 3), textcoords="offset points",
            ha=side, va="bottom", fontweight="bold",
        )  # fmt: skip
