"""Surface energy against the thickness of the slabs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lnmo_atoms.plots.style import (
    GREY,
    INK,
    PALE,
    chemical,
    facet_colors,
    lighter,
    literal,
    miller,
    new_figure,
    styled,
)
from lnmo_atoms.results import ThicknessResult


@styled
def plot_thickness(result: ThicknessResult) -> Figure:
    """γ of one termination against thickness: joint fits and single slabs, in J/m² and Å.

    A filled point with its 95 % bar is the joint fit of all slabs up to that thickness, an open one
    the slab alone against the relaxed bulk, a cross one that the last fit leaves out. The band is
    the result, the dashed lines the tolerance about it.
    """
    first = result.slabs[0]
    termination = f"{miller(first.facet)} {literal(first.slab.termination)}"
    figure = new_figure(
        6.4, 3.6,
        f"Surface energy of {chemical(first.slab.certificate.formula)} {termination} by thickness",
        f"engine: {first.engine}; {'relaxed' if result.relaxed else 'unrelaxed'} slabs; "
        f"{_verdict(result)}",
    )  # fmt: skip
    axes = figure.add_subplot()
    _draw_answer(axes, result)
    _draw_slabs(axes, result)
    _draw_fits(axes, result)
    axes.set_xlabel("thickness of the slab, of a fit its thickest (Å)")
    axes.set_ylabel("surface energy γ (J/m²)")
    axes.grid(axis="y")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handletextpad=0.4, columnspacing=1.4,
        borderaxespad=0,
    )  # fmt: skip
    return figure


def _verdict(result: ThicknessResult) -> str:
    relation = "within" if result.converged else "not within"
    return (
        f"γ = {result.gamma:.4f} ± {result.error:.4f} J/m², {relation} the tolerance of "
        f"{result.tolerance:g} J/m² (dashed)"
    )


def _draw_answer(axes: Axes, result: ThicknessResult) -> None:
    """The result as a band, and the tolerance about it."""
    axes.axhspan(
        result.gamma - result.error, result.gamma + result.error, color=lighter(PALE, 0.3), zorder=0
    )
    for sign in (-1, 1):
        axes.axhline(
            result.gamma + sign * result.tolerance, color=GREY, linewidth=0.8, linestyle="--"
        )


def _draw_slabs(axes: Axes, result: ThicknessResult) -> None:
    """Each slab alone, against the relaxed bulk."""
    thickness = _thicknesses(result)
    dropped = np.arange(len(thickness)) < result.fit.dropped
    axes.plot(
        thickness[~dropped], result.gammas[~dropped], "o", markersize=6, markerfacecolor="white",
        markeredgecolor=INK, markeredgewidth=1.3, label="one slab against the relaxed bulk",
    )  # fmt: skip
    if dropped.any():
        axes.plot(
            thickness[dropped], result.gammas[dropped], "X", markersize=7, color=GREY,
            label="the same, too thin for the fit",
        )  # fmt: skip


def _draw_fits(axes: Axes, result: ThicknessResult) -> None:
    """The joint fits with their error bars."""
    facet = result.slabs[0].facet
    first = len(result.slabs) - len(result.fits)
    axes.errorbar(
        _thicknesses(result)[first:], [fit.gamma for fit in result.fits],
        yerr=[fit.error for fit in result.fits], fmt="o-", markersize=6, linewidth=1.2, capsize=3,
        color=facet_colors([facet])[facet], label="joint fit up to this thickness, 95 %", zorder=4,
    )  # fmt: skip


def _thicknesses(result: ThicknessResult) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Å, shape (slabs,)."""
    return np.array([slab.slab.certificate.thickness for slab in result.slabs])
