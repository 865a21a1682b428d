"""Energies of orderings as levels, a column for each size of cell."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lnmo_atoms.analyzers.ranking import OrderingRanking, OrderingRow
from lnmo_atoms.plots.style import (
    GREY,
    HOP_COLORS,
    INK,
    hermann_mauguin,
    mark_empty,
    new_figure,
    styled,
)

MOST_LABELS = 24
"""More levels than these in a column, or levels of one symmetry, stand without labels."""
LINE_HEIGHT = 0.15
"""Inches that a label takes."""
LEVEL, LABEL = 1.0, 1.25
"""Length of a level, and where its label begins."""
LABELLED, BARE = 3.1, 2.1
"""Width of a column with labels, and of one without."""
INCHES = 0.78
"""That a level is long."""
OWN_COLOR = HOP_COLORS[1]


@styled
def plot_orderings(ranking: OrderingRanking) -> Figure:
    """Energy above the lowest in meV per formula unit of every ordering, P4_332 in colour.

    A column for each size of cell; a level's label is its space group and its degeneracy. Levels
    that did not converge are left out.
    """
    rows = [row for row in ranking.rows if row.rank is not None]
    sizes = sorted({row.atoms for row in rows})
    columns = [[row for row in rows if row.atoms == size] for size in sizes]
    labelled = max((len(column) for column in columns if _told_apart(column)), default=0)
    height = max(3.6, 1.6 + 1.15 * LINE_HEIGHT * labelled)
    footer = f"engine: {ranking.engine or 'none'} · relaxed, cell and atoms · ×: degeneracy"
    widths = [LABELLED if _told_apart(column) else BARE for column in columns]
    figure = new_figure(max(4.2, INCHES * sum(widths)), height, "Energies of orderings", footer)
    if not rows:
        mark_empty(figure.add_subplot(), "no orderings")
        return figure
    panels = figure.subplots(
        1, len(columns), sharey=True, squeeze=False, width_ratios=widths
    ).ravel()
    top = max(*(row.energy for row in rows), 1.0)
    panels[0].set_ylim(-0.05 * top, 1.05 * top)
    panels[0].set_ylabel("energy above the lowest\n(meV per formula unit)")
    for axes, column, width in zip(panels, columns, widths, strict=True):
        _draw_levels(axes, column, width)
        if _told_apart(column):
            _draw_labels(axes, column, 1.1 * top * LINE_HEIGHT / (height - 1.4))
    return figure


def _draw_levels(axes: Axes, rows: Sequence[OrderingRow], width: float) -> None:
    """A line for each ordering, in a column of that width."""
    axes.hlines(
        [row.energy for row in rows], 0, LEVEL,
        colors=[_color(row) for row in rows], linewidth=[_width(row) for row in rows],
    )  # fmt: skip
    axes.set_xlim(-0.1, width - 0.1)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(f"{len(rows)} of {rows[0].atoms} atoms")
    if not axes.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        axes.spines["left"].set_visible(False)
        axes.tick_params(left=False)


def _draw_labels(axes: Axes, rows: Sequence[OrderingRow], gap: float) -> None:
    """Space group and degeneracy beside each level, moved apart where levels are close."""
    energies = np.array([row.energy for row in rows])
    for row, height in zip(rows, spread(energies, gap), strict=True):
        axes.plot([LEVEL, LABEL - 0.05], [row.energy, height], color=GREY, linewidth=0.5)
        axes.text(
            LABEL, height, f"{hermann_mauguin(row.space_group)} ×{row.degeneracy}",
            va="center", fontsize=8, color=_color(row), fontweight=_weight(row),
        )  # fmt: skip


def spread(heights: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Rising heights moved as little as possible, in squares, ``gap`` apart at least, none below 0.

    Isotonic regression of the heights less their share of gaps (pool adjacent violators).
    """
    pools: list[list[float]] = []
    for height in heights - gap * np.arange(len(heights)):
        pools.append([float(height)])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    levels = np.array([np.mean(pool) for pool in pools for _ in pool])
    return np.asarray(levels.clip(min=0.0) + gap * np.arange(len(heights)))


def _told_apart(rows: Sequence[OrderingRow]) -> bool:
    """Few enough for labels, which differ."""
    return len(rows) <= MOST_LABELS and len({(r.space_group, r.degeneracy) for r in rows}) > 1


def _color(row: OrderingRow) -> str:
    return OWN_COLOR if row.is_p4332 else INK


def _width(row: OrderingRow) -> float:
    return 2.4 if row.is_p4332 else 1.0


def _weight(row: OrderingRow) -> str:
    return "bold" if row.is_p4332 else "normal"
