"""Diffusivity against temperature."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.plots.style import PALETTE, literal, mark_empty, new_figure, styled

BOLTZMANN = 8.617333262e-5
"""eV/K (CODATA 2018, exact to the digits given)."""
ROUND_TEMPERATURES = (100, 150, 200, 250, 300, 350, 400, 500, 600, 800, 1000, 1500, 2000)
"""K, marked on the upper axis."""
MARKERS = "osD^v"


@styled
def plot_diffusion(curves: Mapping[str, Sequence[ArrayLike]], subtitle: str = "") -> Figure:
    """Arrhenius plot: D in cm²/s on a logarithmic scale against 1000/T, with T in K above.

    The legend gives each curve's effective activation energy, from the straight line of least
    squares through ln D against 1/kT.

    Args:
        curves: by label, temperatures (K) and D (cm²/s), both of shape (n,); perhaps followed by
            lower and upper bounds of D, drawn as a band.
        subtitle: what the numbers rest on: carrier, engine and how far to trust it.

    Raises:
        RequestError: where a curve's arrays do not fit together or a temperature is not positive.
    """
    figure = new_figure(4.2, 4.0, "Diffusivity", subtitle)
    axes = figure.add_subplot()
    axes.set_xlabel("1000 / temperature (1/K)")
    axes.set_ylabel("diffusivity D (cm²/s)")
    arrays = {label: _checked(label, curve) for label, curve in curves.items()}
    if not any((curve[1] > 0).any() for curve in arrays.values()):
        mark_empty(axes, "no diffusivity above zero")
        return figure
    axes.set_yscale("log")
    axes.grid(axis="y")
    for i, (label, curve) in enumerate(arrays.items()):
        _draw_curve(axes, literal(label), curve, i)
    _temperature_axis(axes)
    axes.legend(loc="lower left", handlelength=1.6, borderaxespad=0.2)
    return figure


def activation_energy(temperatures: ArrayLike, diffusivities: ArrayLike) -> float | None:
    """EV, minus the slope of ln D against 1/kT by least squares; None below two temperatures."""
    t, d = np.asarray(temperatures, dtype=float), np.asarray(diffusivities, dtype=float)
    usable = np.isfinite(d) & (d > 0)
    if len(set(t[usable])) < 2:
        return None
    return -float(np.polyfit(1 / (BOLTZMANN * t[usable]), np.log(d[usable]), 1)[0])


def _checked(label: str, curve: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """The curve's arrays, coldest first."""
    arrays = [np.atleast_1d(np.asarray(values, dtype=float)) for values in curve]
    if len(arrays) not in {2, 4} or len({values.shape for values in arrays}) > 1:
        raise RequestError(
            f"curve {label!r}: give temperatures and D, perhaps with D's lower and upper bounds, "
            "all of one length"
        )
    if not (arrays[0] > 0).all():
        raise RequestError(f"curve {label!r} has a temperature that is not above 0 K")
    order = np.argsort(arrays[0])
    return [values[order] for values in arrays]


def _draw_curve(axes: Axes, label: str, curve: Sequence[NDArray[np.float64]], index: int) -> None:
    temperatures, diffusivities, *bounds = curve
    energy = activation_energy(temperatures, diffusivities)
    color = PALETTE[index % len(PALETTE)]
    shown = np.isfinite(diffusivities) & (diffusivities > 0)
    if not shown.any():
        axes.plot([], [], color=color, label=f"{label}, D = 0")
        return
    axes.plot(
        1000 / temperatures[shown], diffusivities[shown], MARKERS[index % len(MARKERS)] + "-",
        color=color, markersize=4.5, linewidth=1.6,
        label=label if energy is None else f"{label}, $E_a$ = {energy:.2f} eV",
    )  # fmt: skip
    if bounds:
        low, high = bounds
        axes.fill_between(
            1000 / temperatures[shown], low[shown], high[shown], color=color, alpha=0.2, linewidth=0
        )


def _temperature_axis(axes: Axes) -> None:
    """T in K along the upper edge."""
    left, right = axes.get_xlim()
    marks = [t for t in ROUND_TEMPERATURES if left <= 1000 / t <= right]
    above = axes.secondary_xaxis("top")
    above.set_xticks([1000 / t for t in marks], [str(t) for t in marks])
    above.set_xlabel("temperature (K)")
    axes.spines["top"].set_visible(True)
