"""Barriers against the composition of the ring of six cations around the octahedron."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lnmo_atoms.analyzers.hop_rows import HopRow, hop_row
from lnmo_atoms.analyzers.rings import RingGroup, random_probability, ring_groups, ring_ions
from lnmo_atoms.plots.crowd import nickel_colors, nickel_count
from lnmo_atoms.plots.hops import footer
from lnmo_atoms.plots.style import (
    GREY,
    INK,
    PALE,
    ionic,
    lighter,
    mark_empty,
    new_figure,
    styled,
)
from lnmo_atoms.results import HopResult

DOTS, MEAN = -0.14, 0.28
"""Where a composition's dots and their mean stand, of a column of width 1."""
SPREAD = 0.36
"""Width over which the dots are spread so that they do not hide each other."""
GOLDEN = 0.6180339887


@styled
def plot_rings(results: Sequence[HopResult]) -> Figure:
    """Barrier in eV of every hop by the ions in its ring, with mean and standard deviation.

    A barrier is the mean of both ways, so that it does not depend on the hop's direction; means
    count every hop of the cell, unconverged ones (open) left out. Where the rings hold nickel and
    manganese, bars behind show how often each occurs in a crystal of that composition with both at
    random.
    """
    rows = [hop_row(result) for result in results]
    groups = ring_groups(rows)
    width = max(4.2, 1.4 + 0.4 * len(groups))
    notes = "± standard deviation; n: hops in the cell"
    if any(not row.converged for row in rows):
        notes += "; open: not converged"
    figure = new_figure(width, 3.8, "Barriers by ring", f"{footer(results)} · {notes}")
    axes = figure.add_subplot()
    if not any(row.resolved_barrier is not None for row in rows):
        mark_empty(axes, "no barriers")
        return figure
    for column, group in enumerate(groups):
        _draw_group(axes, column, group)
    _label_columns(axes, groups, ring_ions(rows))
    axes.set_ylabel("barrier, mean of both ways (eV)")
    axes.set_ylim(min(0, 1.08 * axes.dataLim.ymin), 1.08 * axes.dataLim.ymax)
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.grid(axis="y")
    if _nickel_and_manganese(rows):
        crystal = results[0].images[0]
        _draw_shares(axes, [random_probability(group.counts, crystal) for group in groups])
    return figure


def _draw_group(axes: Axes, column: int, group: RingGroup) -> None:
    """Dots of all hops, mean and standard deviation of the converged ones."""
    known = [(row.resolved_barrier, row.converged) for row in group.hops]
    shown = [(barrier, final) for barrier, final in known if barrier is not None]
    ring = group.hops[0].ring_ions
    color = nickel_colors([ring])[nickel_count(ring)]
    for i, (barrier, final) in enumerate(shown):
        shift = SPREAD * ((i * GOLDEN) % 1 - 0.5) if len(shown) > 1 else 0
        axes.plot(
            column + DOTS + shift, barrier, "o", markersize=4, alpha=0.85,
            color=color if final else "white", markeredgecolor=color,
        )  # fmt: skip
    if len(group.barriers) > 1:
        axes.errorbar(
            column + MEAN, group.mean, yerr=group.deviation, fmt="_", color=INK, markersize=9,
            markeredgewidth=2, capsize=3, linewidth=1.2, zorder=4,
        )  # fmt: skip


def _label_columns(axes: Axes, groups: Sequence[RingGroup], ions: Sequence[str]) -> None:
    """Below each column how many of each ion its rings hold, and how many hops it counts."""
    axes.set_xticks(
        range(len(groups)),
        ["\n".join([*(str(g.counts[ion]) for ion in ions), str(g.number)]) for g in groups],
        linespacing=1.5,
    )
    axes.tick_params(axis="x", length=0)
    axes.annotate(
        "\n".join([*map(ionic, ions), "$n$"]), (0, 0), (-6, -3.5), xycoords="axes fraction",
        textcoords="offset points", ha="right", va="top", linespacing=1.5, fontsize=8.5,
        annotation_clip=False,
    )  # fmt: skip
    axes.set_xlabel("ions in the ring of six")


def _nickel_and_manganese(rows: Sequence[HopRow]) -> bool:
    """All rings are of these, and some hold nickel."""
    elements = {ion.rstrip("+.0123456789") for row in rows for ion in row.ring_ions}
    return elements == {"Ni", "Mn"}


def _draw_shares(axes: Axes, shares: Sequence[float]) -> None:
    """Bars behind everything else, with their own axis."""
    behind = axes.twinx()
    behind.bar(range(len(shares)), shares, width=0.92, color=lighter(PALE, 0.35), zorder=0)
    behind.set_ylim(0, 1.15 * max(shares) or 1.0)
    behind.set_ylabel("share in a random crystal", color=GREY)
    behind.spines["right"].set(visible=True, color=PALE)
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
