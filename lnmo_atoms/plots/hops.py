"""Energy profiles of hops."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from lnmo_atoms.plots.crowd import draw_crowd
from lnmo_atoms.plots.profile import draw_profile
from lnmo_atoms.plots.style import GREY, HOP_COLORS, ionic, literal, mark_empty, new_figure, styled
from lnmo_atoms.results import HopResult

MOST_PANELS = 12
"""More hops than these share one panel."""
WIDTHS: Mapping[int, float] = {1: 4.2, 2: 6.4, 3: 7.0}
"""Inches of a figure by its columns: two fill a column and a half of a journal, three a page."""


@styled
def plot_hops(hops: Sequence[HopResult]) -> Figure:
    """Energy in eV along the path in Å of every hop, on one energy scale.

    A panel for each hop; more than twelve share one, coloured by the nickel in their rings, each
    from its lower end, with their mean in bold. The curve passes through the images, rises nowhere
    above them and is level at both ends and at extrema, as a minimum-energy path is. A diamond
    marks the image nearest the octahedron's centre, an arrow every barrier out of a minimum.
    """
    if not hops:
        figure = new_figure(WIDTHS[1], 3.0, "Energy along the hops", footer(hops))
        mark_empty(figure.add_subplot(), "no hops")
        return figure
    if len(hops) > MOST_PANELS:
        figure = new_figure(
            WIDTHS[1], 3.6, f"Energy along {len(hops)} hops",
            f"{footer(hops)} · each from its lower end; dashed: not converged",
        )  # fmt: skip
        draw_crowd(figure.add_subplot(), hops)
        return figure
    return _panels(hops)


def _panels(hops: Sequence[HopResult]) -> Figure:
    """A panel for each hop, all on one energy scale."""
    columns = 1 if len(hops) <= 2 else 2 if len(hops) <= 4 else 3
    rows = -(-len(hops) // columns)
    figure = new_figure(
        WIDTHS[columns], 0.9 + 2.4 * rows, "Energy along the hops",
        f"{footer(hops)} · ◆ image nearest the octahedron's centre · curves guide the eye",
    )  # fmt: skip
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    colors = hop_colors(hops)
    for axes, result in zip(panels, hops, strict=False):
        color = colors[result.hop.label]
        draw_profile(axes, result, color)
        axes.set_title(
            f"{literal(result.hop.label)} ×{result.hop.multiplicity}",
            loc="left",
            color=color,
            pad=17,
        )
        state = "" if result.converged else ", not converged"
        axes.text(
            0, 1.03, ring_text(result) + state, transform=axes.transAxes, fontsize=8, color=GREY
        )
        if not axes.get_subplotspec().is_first_col():
            axes.set_ylabel("")
    for axes in panels[len(hops) :]:
        axes.set_axis_off()
    return figure


def hop_colors(hops: Sequence[HopResult]) -> dict[str, str]:
    """A colour for each hop's label."""
    labels = dict.fromkeys(result.hop.label for result in hops)
    return {label: HOP_COLORS[i % len(HOP_COLORS)] for i, label in enumerate(labels)}


def ring_text(result: HopResult) -> str:
    """Composition of the ring: ``1 Ni²⁺ + 5 Mn⁴⁺``."""
    parts = [part.split() for part in result.hop.ring_formula.split(" + ") if part]
    return " + ".join(f"{number} {ionic(ion)}" for number, ion in parts)


def footer(hops: Sequence[HopResult]) -> str:
    """What the numbers rest on: engine and mode."""
    engines = sorted({result.engine for result in hops}) or ["none"]
    modes = sorted({result.mode for result in hops})
    return " · ".join([f"engine: {', '.join(engines)}", *modes])
