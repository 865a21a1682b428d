"""Surface energies by facet and termination."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lnmo_atoms.analyzers.families import best_ranked, group_by_family
from lnmo_atoms.plots.style import (
    GREY,
    INK,
    Color,
    chemical,
    facet_colors,
    lighter,
    literal,
    mark_empty,
    miller,
    new_figure,
    styled,
)
from lnmo_atoms.results import SurfaceResult

ROW = 0.26
"""Inches per line."""
TOGETHER = 4
"""So many terminations of a facet that were not relaxed share one line."""
TEXT, WEAK = -0.25, 0.5
"""White mixed into a facet's colour for text, and for all but its best termination."""


@dataclass(frozen=True)
class _Row:
    """One line of the picture: a termination, or all that were not relaxed together.

    Attributes:
        label: left of the line.
        results: one, or several that share the line.
        color: of the facet.
        best: the facet's best ranked termination.
        gap: an empty space above, in lines.
    """

    label: str
    results: tuple[SurfaceResult, ...]
    color: str
    best: bool
    gap: float


@styled
def plot_gammas(surfaces: Sequence[SurfaceResult]) -> Figure:
    """γ of every termination, unrelaxed and relaxed, in J/m², grouped by facet.

    A filled point is relaxed, an open one the slab as built, a cross a relaxation that did not
    converge. Numbers stand at the best ranked termination of each facet; terminations that were
    not relaxed share a line where there are many.

    Raises:
        RequestError: where the surfaces are of more than one crystal or engine.
    """
    engine = surfaces[0].engine if surfaces else "none"
    rows = _rows(surfaces)
    formula = surfaces[0].slab.certificate.formula if surfaces else "nothing"
    figure = new_figure(
        6.4, 1.75 + ROW * sum(1 + row.gap for row in rows),
        "Surface energy of " + chemical(formula), f"engine: {engine}",
    )  # fmt: skip
    axes = figure.add_subplot()
    if rows:
        _draw(axes, rows)
    else:
        mark_empty(axes, "no surface energies")
    return figure


@styled
def draw_best_gammas(axes: Axes, surfaces: Sequence[SurfaceResult]) -> None:
    """Draw the best termination of each facet into axes, as :func:`plot_gammas` does."""
    groups = group_by_family(surfaces)
    best = [best_ranked(members) or min(members, key=_gamma) for members in groups.values()]
    _draw(axes, [replace(row, gap=0.0) for row in _rows(best)])


def _rows(surfaces: Sequence[SurfaceResult]) -> list[_Row]:
    """Lines from top to bottom: lowest facet first, its best termination first."""
    groups = group_by_family(surfaces)
    colors = facet_colors(groups)
    rows: list[_Row] = []
    for facet, members in sorted(groups.items(), key=lambda item: min(map(_gamma, item[1]))):
        best = best_ranked(members)
        shown = sorted(members, key=_gamma)
        waiting = tuple(result for result in shown if result.gamma is None)
        if len(waiting) >= TOGETHER:
            shown = [result for result in shown if result.gamma is not None]
        lines: list[tuple[str, tuple[SurfaceResult, ...], bool]] = [
            (f"{miller(r.facet)}  {literal(r.slab.termination)}", (r,), r is best) for r in shown
        ]
        if len(waiting) >= TOGETHER:
            lines.append((f"{miller(facet)}  {len(waiting)} not relaxed", waiting, False))
        for i, (label, results, strong) in enumerate(lines):
            rows.append(
                _Row(label, results, colors[facet], strong, 0.6 if i == 0 and rows else 0.0)
            )
    return rows


def _draw(axes: Axes, rows: Sequence[_Row]) -> None:
    heights = np.cumsum([1 + row.gap for row in rows])
    for row, height in zip(rows, heights, strict=True):
        for result in row.results:
            _draw_result(axes, float(height), result, row.color, row.best)
    axes.set_yticks(heights, [row.label for row in rows])
    for text, row in zip(axes.get_yticklabels(), rows, strict=True):
        text.set_color(lighter(row.color, TEXT))
        text.set_fontweight("bold" if row.best else "normal")
    axes.set_ylim(heights[-1] + 0.6, 0.4)
    _finish(axes, [result for row in rows for result in row.results])


def _finish(axes: Axes, surfaces: Sequence[SurfaceResult]) -> None:
    numbers = [x for r in surfaces for x in (r.gamma, r.gamma_unrelaxed) if x is not None]
    finite = [x for x in numbers if isfinite(x)]
    low, high = min([0.0, *finite]), max([0.1, *finite])
    room = 0.16 * (high - low)
    axes.set_xlim(min(0.0, min(finite, default=room) - room), high + room)
    if low < 0:
        axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("surface energy γ (J/m²)")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(
        handles=_legend(surfaces), loc="lower left", bbox_to_anchor=(0, 1), ncols=3,
        handletextpad=0.2, columnspacing=1.4, borderaxespad=0, borderpad=0.2,
    )  # fmt: skip


def _legend(surfaces: Sequence[SurfaceResult]) -> list[Line2D]:
    def mark(marker: str, fill: str, label: str) -> Line2D:
        return Line2D(
            [], [], linestyle="", marker=marker, markersize=6, markerfacecolor=fill,
            markeredgecolor=GREY, markeredgewidth=1.3, label=label,
        )  # fmt: skip

    marks = [mark("o", "white", "as built"), mark("o", GREY, "relaxed")]
    if any(r.gamma is not None and not r.ranked for r in surfaces):
        marks.append(mark("X", GREY, "not converged, not ranked"))
    return marks


def _draw_result(
    axes: Axes, height: float, result: SurfaceResult, facet_color: Color, strong: bool
) -> None:
    """One termination: from its γ as built to its relaxed γ, with numbers if it is the best."""
    color = lighter(facet_color, 0.0 if strong else WEAK)
    built, relaxed = result.gamma_unrelaxed, result.gamma
    points = [
        (x, marker, fill)
        for x, marker, fill in (
            (built, "o", "white"),
            (relaxed, "o" if result.ranked else "X", color),
        )
        if x is not None and isfinite(x)
    ]
    ends = [x for x, _, _ in points]
    axes.plot(ends, [height] * len(ends), color=lighter(color, 0.45), linewidth=2, zorder=2)
    for x, marker, fill in points:
        axes.plot(
            x, height, marker, markersize=7, color=fill, markeredgecolor=color,
            markeredgewidth=1.4 if marker == "o" else 0.4, zorder=3,
        )  # fmt: skip
        if strong:
            left = x == min(ends) and len(ends) > 1 and (x < max(ends) or fill != "white")
            axes.annotate(
                f"{x:.2f}", (x, height), (-8 if left else 8, 0), textcoords="offset points",
                ha="right" if left else "left", va="center", color=lighter(facet_color, TEXT),
                fontweight="normal" if fill == "white" else "bold",
            )  # fmt: skip


def _gamma(result: SurfaceResult) -> float:
    """J/m², relaxed where ranked; the others come after, by their γ as built."""
    if result.ranked and result.gamma is not None and isfinite(result.gamma):
        return result.gamma
    return 1e6 + result.gamma_unrelaxed if isfinite(result.gamma_unrelaxed) else 2e6
