"""Many energy profiles in one panel: each thin, coloured by its ring, their mean bold."""

from collections.abc import Iterable, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from lnmo_atoms.plots.profile import Profile, curve, finite_profile
from lnmo_atoms.plots.style import GREY, INK, mark_empty
from lnmo_atoms.results import HopResult

MEAN_POINTS = 121
LIGHTEST = 0.88
"""Of the colour map, that still shows on white."""


def draw_crowd(axes: Axes, hops: Sequence[HopResult]) -> None:
    """Draw all profiles, each from its lower end, and the mean of the converged ones.

    The mean is taken at equal shares of the path, every hop of the cell counted.
    """
    drawn = [(result, _from_lower_end(*finite_profile(result))) for result in hops]
    drawn = [(result, profile) for result, profile in drawn if len(profile[0]) > 1]
    axes.set_xlabel("path of the ion (Å)")
    axes.set_ylabel("energy (eV)")
    if not drawn:
        mark_empty(axes, "no energies along the paths")
        return
    axes.grid(axis="y")
    axes.axhline(0, color=GREY, linewidth=0.7)
    colors = nickel_colors(result.hop.ring for result, _ in drawn)
    for result, profile in drawn:
        style = "-" if result.converged else (0, (4, 2))
        color = colors[nickel_count(result.hop.ring)]
        axes.plot(*curve(*profile), color=color, linewidth=1.1, linestyle=style, alpha=0.8)
    for count, color in colors.items() if len(colors) > 1 else ():
        axes.plot([], [], color=color, linewidth=2, label=f"{count} Ni")
    _draw_mean(axes, [(result, profile) for result, profile in drawn if result.converged])
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=4, handlelength=1.2, columnspacing=1.2,
        borderaxespad=0, title="in the ring of six" if len(colors) > 1 else None,
        title_fontsize=8.5, alignment="left",
    )  # fmt: skip


def nickel_count(ring: Sequence[str]) -> int:
    """Nickel ions in a ring."""
    return sum(ion.startswith("Ni") for ion in ring)


def nickel_colors(rings: Iterable[Sequence[str]]) -> dict[int, str]:
    """A colour by the number of nickel ions in the ring, the same in every figure."""
    counts = sorted({nickel_count(ring) for ring in rings})
    colors = mpl.colormaps["plasma"]
    return {n: to_hex(colors(LIGHTEST * (min(n, 6) / 6) ** 0.6)) for n in counts}


def _from_lower_end(path: NDArray[np.float64], energies: NDArray[np.float64]) -> Profile:
    """The profile from its end of lower energy, which is zero of both."""
    if not len(path) or energies[0] <= energies[-1]:
        return path - path[:1], energies - energies[:1]
    return (path[-1] - path)[::-1], (energies - energies[-1])[::-1]


def _draw_mean(axes: Axes, drawn: Sequence[tuple[HopResult, Profile]]) -> None:
    if not drawn:
        return
    weights = [result.hop.multiplicity for result, _ in drawn]
    share = np.linspace(0, 1, MEAN_POINTS)
    energies = [np.interp(share * path[-1], *curve(path, e)) for _, (path, e) in drawn]
    length = np.average([path[-1] for _, (path, _) in drawn], weights=weights)
    axes.plot(
        share * length, np.average(energies, axis=0, weights=weights), color=INK, linewidth=2.6,
        label="mean", zorder=4,
    )  # fmt: skip
