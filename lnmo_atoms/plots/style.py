"""One look for all figures: fonts, colours, titles, files."""

import functools
import re
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_atomically
from lnmo_atoms.builders.slabs import Facet, lowest_terms

Color = str | tuple[float, float, float]

INK = "#1F2933"
GREY = "#6B7780"
PALE = "#DDE2E6"

PREFERRED: dict[tuple[int, ...], str] = {
    (1, 1, 1): "#0072B2",
    (0, 0, 1): "#E69F00",
    (0, 1, 1): "#009E73",
    (1, 1, 3): "#D55E00",
    (1, 1, 2): "#CC79A7",
    (0, 1, 2): "#56B4E9",
}
"""Okabe and Ito's colours, which colour-blind people can tell apart, for the usual facets."""
PALETTE = (*PREFERRED.values(), "#8C6D1F", "#7A5195", "#444E55", "#A5AA99")

HOP_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

SUFFIXES = (".png", ".pdf", ".svg")
DPI = 200

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "text.usetex": False,
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.0,
    "axes.edgecolor": GREY,
    "axes.facecolor": "white",
    "figure.facecolor": "white",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 8.0,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "lnmo_atoms",
}


P = ParamSpec("P")
R = TypeVar("R")


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run with the house's style, whatever the user's own matplotlib settings are."""

    @functools.wraps(function)
    def with_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(STYLE):
            return function(*args, **kwargs)

    return with_style


def new_figure(width: float, height: float, title: str, footer: str = "") -> Figure:
    """An empty figure on an Agg canvas.

    Args:
        width: inches.
        height: inches.
        title: bold, top left.
        footer: small and grey, bottom left: the engine, and what the numbers rest on.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)  # type: ignore[union-attr, call-arg]
    figure.suptitle(title, x=0.012, ha="left", fontsize=12, fontweight="bold", color=INK)
    if footer:
        bound = re.sub(
            r"(?<=\d) (?=\S)", "\N{NO-BREAK SPACE}", literal(footer)
        )  # a number keeps its unit
        lines = textwrap.fill(bound, int(width * 15.5))
        figure.supxlabel(lines, x=0.012, ha="left", fontsize=7.5, color=GREY)
    return figure


@styled
def save(figure: Figure, path: str | Path) -> None:
    """Write a figure, whole or not at all; the suffix says how: ``.png``, ``.pdf`` or ``.svg``.

    The same results give the same bytes: no date is written.

    Raises:
        RequestError: for another suffix, or where the file cannot be written.
    """
    path = Path(path)
    check_figure_path(path)
    dateless = {".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    metadata = dateless[path.suffix.lower()]
    write_atomically(path, lambda new: figure.savefig(new, dpi=DPI, metadata=metadata))


def check_figure_path(path: Path) -> None:
    """Refuse, before hours of work, a figure that could not be written.

    Raises:
        RequestError: for a suffix that no figure has, or a folder that is not there.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise RequestError(f"a figure ends in {', '.join(SUFFIXES)}, not {path.name!r}")
    if not path.parent.is_dir():
        raise RequestError(f"cannot write {path}: there is no folder {path.parent}: make it first")


def facet_colors(facets: Iterable[Facet]) -> dict[Facet, str]:
    """A colour for each facet: always the same for the usual ones, never one twice.

    Beyond ten facets colours repeat.
    """
    colors: dict[Facet, str] = {}
    wanted = {facet: PREFERRED.get(_form(facet)) for facet in dict.fromkeys(facets)}
    for facet, color in wanted.items():
        if color and color not in colors.values():
            colors[facet] = color
    for facet in wanted:
        if facet not in colors:
            free = [color for color in PALETTE if color not in colors.values()]
            colors[facet] = free[0] if free else PALETTE[len(colors) % len(PALETTE)]
    return {facet: colors[facet] for facet in wanted}


def lighter(color: Color, amount: float) -> tuple[float, float, float]:
    """The colour with a share of white, 0 to 1, mixed in; negative: of black."""
    red, green, blue = (
        channel + (1 - channel) * amount if amount >= 0 else channel * (1 + amount)
        for channel in to_rgb(color)
    )
    return red, green, blue


def _form(facet: Facet) -> tuple[int, ...]:
    return tuple(sorted(abs(index) for index in lowest_terms(facet)))


def miller(facet: Facet) -> str:
    """Miller indices in round brackets with bars over negative ones, for matplotlib."""
    return "(" + "".join(str(i) if i >= 0 else rf"$\bar{{{-i}}}$" for i in facet) + ")"


def literal(text: str) -> str:
    """A name, in which matplotlib shall see no formula."""
    return text.replace("$", r"\$")


def chemical(formula: str) -> str:
    """A formula with its digits as subscripts, for matplotlib: ``Li2Mn3NiO8``."""
    return re.sub(r"(\d+\.?\d*)", r"$_{\1}$", formula)


def ionic(species: str) -> str:
    """An ion with its charge as superscript, for matplotlib: ``Mn4+``."""
    return re.sub(r"([\d.]*)([+-])$", r"$^{\1{\2}}$", species)


def hermann_mauguin(symbol: str) -> str:
    """A space group with its screw axes as subscripts and bars, for matplotlib: ``R-3m``."""
    screws = re.sub(r"(\d)_(\d)", r"\1$_\2$", symbol)
    return re.sub(r"-(\d)", r"$\\bar{\1}$", screws)


def mark_empty(axes: Axes, reason: str) -> None:
    """Say in words why a panel has nothing to show."""
    axes.set_axis_off()
    axes.text(
        0.5, 0.5, textwrap.fill(reason, 42), transform=axes.transAxes,
        ha="center", va="center", fontsize=9, color=GREY,
    )  # fmt: skip
