"""Everything in one picture."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lnmo_atoms.analyzers.families import best_ranked
from lnmo_atoms.analyzers.wulff import wulff_shape
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.plots.crowd import draw_crowd
from lnmo_atoms.plots.gamma import draw_best_gammas
from lnmo_atoms.plots.hops import hop_colors, ring_text
from lnmo_atoms.plots.profile import barrier_text, draw_profile
from lnmo_atoms.plots.slab import draw_slab
from lnmo_atoms.plots.style import GREY, chemical, literal, mark_empty, miller, new_figure, styled
from lnmo_atoms.plots.wulff import draw_wulff
from lnmo_atoms.results import HopResult, SurfaceResult

COLUMNS = 2
"""Of the legend of hops; so many hops have their rings named in it."""
MOST_NAMED = 6
"""More hops than these are coloured by their rings instead."""


@styled
def plot_comparison(surfaces: Sequence[SurfaceResult], hops: Sequence[HopResult] = ()) -> Figure:
    """γ by facet (J/m²), Wulff shape, energy profiles (eV, Å) and the best slab, in one picture.

    Raises:
        RequestError: where the surfaces are of more than one crystal or engine.
    """
    engines = sorted({r.engine for r in surfaces} | {r.engine for r in hops})
    figure = new_figure(
        10.0, 7.6, _title(surfaces), f"engine: {', '.join(engines) or 'none'} · facets and "
        "terminations computed; others could lie lower",
    )  # fmt: skip
    gammas, wulff, profiles, slab = figure.subplots(2, 2).ravel()
    _gammas_panel(gammas, surfaces)
    _wulff_panel(wulff, surfaces)
    _hops_panel(profiles, hops)
    _slab_panel(slab, surfaces)
    return figure


def _title(surfaces: Sequence[SurfaceResult]) -> str:
    if not surfaces:
        return "Comparison of facets"
    return f"Facets of {chemical(surfaces[0].slab.certificate.formula)}"


def _gammas_panel(axes: Axes, surfaces: Sequence[SurfaceResult]) -> None:
    axes.set_title("Surface energy, best termination of each facet", pad=22)
    if surfaces:
        draw_best_gammas(axes, surfaces)
    else:
        mark_empty(axes, "no surface energies")


def _wulff_panel(axes: Axes, surfaces: Sequence[SurfaceResult]) -> None:
    axes.set_title("Wulff shape", pad=22)
    try:
        shape = wulff_shape(surfaces)
    except RequestError as error:
        mark_empty(axes, str(error))
        return
    draw_wulff(axes, shape)
    shares = [f"{miller(form.facet)} {100 * form.share:.0f} %" for form in shape.forms]
    axes.text(
        0.5, -0.02, "share of the surface: " + " · ".join(shares), transform=axes.transAxes,
        ha="center", va="top", fontsize=8.5, color=GREY,
    )  # fmt: skip


def _hops_panel(axes: Axes, hops: Sequence[HopResult]) -> None:
    axes.set_title("Li hops")
    if not hops:
        mark_empty(axes, "no hops")
        return
    if len(hops) > MOST_NAMED:
        axes.set_title(f"{len(hops)} Li hops", pad=52)
        draw_crowd(axes, hops)
        return
    colors = hop_colors(hops)
    for result in hops:
        color = colors[result.hop.label]
        draw_profile(axes, result, color, arrows=False)
        label = f"{literal(result.hop.label)}   {barrier_text(result.barrier)}"
        if len(hops) <= COLUMNS:
            label += f"\n{ring_text(result)}, {result.hop.multiplicity} per cell"
        axes.plot([], [], color=color, linewidth=2, label=label)
    legend_rows = -(-len(hops) // COLUMNS)
    axes.set_title("Li hops", pad=(34 if len(hops) <= COLUMNS else 8 + 14 * legend_rows))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=COLUMNS, fontsize=8, handlelength=1.2,
        columnspacing=1.4, borderaxespad=0, borderpad=0.2,
    )  # fmt: skip


def _slab_panel(axes: Axes, surfaces: Sequence[SurfaceResult]) -> None:
    best = best_ranked(surfaces)
    axes.set_title("Slab of the lowest facet")
    if best is None:
        mark_empty(axes, "no termination relaxed to convergence")
        return
    axes.set_title(f"{miller(best.facet)} {literal(best.slab.termination)}, the lowest, as built")
    draw_slab(axes, best.slab)
