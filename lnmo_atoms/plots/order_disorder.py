"""Order of nickel and manganese against temperature."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lnmo_atoms.analyzers.kinetics import Estimate
from lnmo_atoms.analyzers.order_disorder import (
    MEASURED_TRANSITION,
    OrderingPoint,
    OrderingTransition,
)
from lnmo_atoms.plots.style import GREY, INK, PALETTE, lighter, new_figure, styled

LOWEST_BINDER = -0.5
"""Below it, U₄ of coexisting phases is cut off."""
BINDERS = ((2 / 3, "order"), (5 / 9, "disorder"))
CAPACITIES = (0, 0.5, 2, 5, 10, 20, 50, 100, 200)
"""k_B per formula unit, where the axis is labelled."""
Quantity = Callable[[OrderingPoint], Estimate]


@styled
def plot_ordering(transition: OrderingTransition, subtitle: str = "") -> Figure:
    """Order parameter, heat capacity and Binder's U₄ of every size, cooled and heated.

    Filled points and full lines are heating, open points and broken lines cooling; bars are
    standard errors. A full line marks the transition of the largest crystal, a dotted one the
    measured order–disorder transition.

    Args:
        transition: of one lattice model.
        subtitle: what the numbers rest on.
    """
    figure = new_figure(5.6, 7.4, "P4$_3$32 order of nickel and manganese", subtitle)
    panels: tuple[tuple[str, Quantity], ...] = (
        ("order parameter S", lambda point: point.order),
        ("heat capacity ($k_B$/f.u.,\nsquare-root scale)", lambda point: point.heat_capacity),
        ("Binder cumulant U$_4$", lambda point: point.binder),
    )
    all_axes: Sequence[Axes] = figure.subplots(len(panels), sharex=True)
    for axes, (label, quantity) in zip(all_axes, panels, strict=True):
        axes.set_ylabel(label)
        axes.axvline(MEASURED_TRANSITION, color=GREY, linestyle=":", linewidth=1.2)
        if transition.temperature is not None:
            axes.axvline(transition.temperature.value, color=GREY, linewidth=1.0)
        for size, color in zip(transition.sizes, PALETTE, strict=False):
            for points, heating in ((size.cooling, False), (size.heating, True)):
                name = f"{size.size}×{size.size}×{size.size} cells" if heating else ""
                _draw(axes, points, quantity, color=color, filled=heating, label=name)
    _finish(all_axes, transition)
    return figure


def _draw(
    axes: Axes,
    points: Sequence[OrderingPoint],
    quantity: Quantity,
    *,
    color: str,
    filled: bool,
    label: str,
) -> None:
    """One branch of one size."""
    finite = [point for point in points if np.isfinite(point.temperature)]
    values = [quantity(point) for point in finite]
    axes.errorbar(
        [point.temperature for point in finite],
        [value.value for value in values],
        [value.error for value in values],
        color=color if filled else lighter(color, 0.35),
        linestyle="-" if filled else (0, (4, 2)),
        linewidth=1.3,
        marker="o",
        markersize=3.4,
        markerfacecolor=color if filled else "white",
        elinewidth=0.8,
        label=label or None,
    )


def _finish(all_axes: Sequence[Axes], transition: OrderingTransition) -> None:
    """Ranges, legend and what the lines mean."""
    order, capacity, binder = all_axes
    temperatures = [point.temperature for point in transition.sizes[0].heating]
    coldest = transition.sizes[0].cooling[-1].temperature
    order.set_xlim(coldest, max(*temperatures, 1.05 * MEASURED_TRANSITION))
    order.set_ylim(-0.02, 1.05)
    for name, color, style in (("heating", GREY, "-"), ("cooling", "white", (0, (4, 2)))):
        order.plot([], [], color=GREY, linestyle=style, marker="o", markersize=3.4,
                   markerfacecolor=color, linewidth=1.3, label=name)  # fmt: skip
    order.legend(loc="upper right")
    points = [point for size in transition.sizes for point in (*size.cooling, *size.heating)]
    peak = max(point.heat_capacity.value for point in points if point.temperature >= coldest)
    _square_root_scale(capacity, 1.2 * max(peak, 1.0))
    lowest = min(point.binder.value for point in points)
    binder.set_ylim(max(min(lowest - 0.05, 0.4), LOWEST_BINDER), 0.72)
    for value, name in BINDERS:
        binder.axhline(value, color=GREY, linewidth=0.7)
        binder.annotate(
            name, (1, value), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", ha="left", va="center", fontsize=7.5, color=GREY,
        )  # fmt: skip
    binder.set_xlabel("temperature (K)")
    lines = [(MEASURED_TRANSITION, f"measured, {MEASURED_TRANSITION:.0f} K")]
    if transition.temperature is not None:
        lines.append((transition.temperature.value, f"{transition.temperature.value:.0f} K"))
    for temperature, name in lines:
        order.annotate(
            name, (temperature, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color=INK,
            annotation_clip=True,
        )  # fmt: skip


def _square_root_scale(axes: Axes, highest: float) -> None:
    """From 0 up, so that the peak of a transition and the plain beside it can both be read."""
    axes.set_yscale("function", functions=(lambda y: np.sign(y) * np.sqrt(np.abs(y)), np.square))
    axes.set_ylim(0, highest)
    ticks = [tick for tick in CAPACITIES if tick <= highest]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
