"""A slab seen from the side."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from ase.data.colors import jmol_colors
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from numpy.typing import NDArray

from lnmo_atoms.analyzers.exposure import FaceExposure, exposed_cations, missing_oxygen
from lnmo_atoms.builders.slabs import Certificate, Slab
from lnmo_atoms.plots.style import (
    GREY,
    INK,
    Color,
    chemical,
    lighter,
    literal,
    miller,
    new_figure,
    styled,
)

COLORS = {"Li": "#C9A6E8", "Mn": "#6A3FA0", "Ni": "#35A853", "O": "#E5483B"}
"""Jmol's hues, Li and Mn set further apart in lightness."""
RADII = {"Li": 0.58, "Mn": 0.66, "Ni": 0.66, "O": 0.46}
"""Å as drawn, so that no atom hides the others."""
NARROWEST = 13.0
"""Å, a slab is repeated to at least this width."""
MARGIN, EDGE = 2.6, 1.3
"""Å of vacuum, and of the cell's edges, shown above and below."""
GLOSS = ((1.0, 0.0, 0.0), (0.82, 0.07, 0.14), (0.60, 0.14, 0.34), (0.32, 0.22, 0.62))
"""Discs that make a ball: radius, shift towards the light, share of white."""


@dataclass(frozen=True)
class _View:
    """Atoms as seen along one in-plane lattice vector.

    Attributes:
        x: Å, to the right, shape (balls,).
        height: Å above the lowest atom.
        depth: 0 (nearest) to 1.
        symbols: of every ball.
        exposed: fewer oxygen neighbours than in the bulk.
        width: Å, of one cell.
        repeats: of the cell, to the right.
        along: the lattice vector seen along, ``"a"`` or ``"b"``.
    """

    x: NDArray[np.float64]
    height: NDArray[np.float64]
    depth: NDArray[np.float64]
    symbols: list[str]
    exposed: NDArray[np.bool_]
    width: float
    repeats: int
    along: str


@styled
def plot_slab(slab: Slab) -> Figure:
    """Side view of a slab as built, in Å, with its certificate and what each face exposes.

    Near atoms are vivid, far ones pale; exposed cations carry a dark rim.
    """
    view = _look(slab)
    total = view.width * view.repeats
    height = float(np.ptp(view.height)) + 2 * MARGIN
    figure = new_figure(
        max(5.6, 2.6 + 0.19 * total), 1.5 + 0.19 * height,
        f"{miller(slab.facet)}  {literal(slab.termination)}   {chemical(slab.certificate.formula)}",
        certificate_text(slab.certificate),
    )  # fmt: skip
    axes = figure.add_subplot()
    draw_slab(axes, slab)
    return figure


def draw_slab(axes: Axes, slab: Slab) -> None:
    """Draw the slab's side view into axes, in Å."""
    view = _look(slab)
    total, top = view.width * view.repeats, float(view.height.max())
    for edge in (0.0, view.width):
        axes.plot([edge] * 2, [-EDGE, top + EDGE], color=GREY, linewidth=0.9, zorder=0)
    _draw_balls(axes, view)
    upper, lower = exposed_cations(slab)
    for face, y, side in ((upper, top + MARGIN, "top"), (lower, -MARGIN, "bottom")):
        axes.text(
            total / 2, y, exposure_text(face), ha="center", va=side, fontsize=8, color=INK,
        )  # fmt: skip
    axes.set_xlim(-1.0, total + 1.0)
    axes.set_ylim(-MARGIN - 0.4, top + MARGIN + 0.4)
    axes.set_aspect("equal")
    axes.set_xticks(np.arange(0, total + 0.1, 5))
    axes.set_yticks(np.arange(0, top + 0.1, 5))
    axes.set_xlabel(f"width (Å), seen along {view.along}")
    axes.set_ylabel("height (Å)")
    present = dict.fromkeys(sorted(view.symbols, key=_species_order))
    balls = [_ball(symbol) for symbol in present] + [_ball("", rim=True)] * bool(view.exposed.any())
    axes.legend(handles=balls, loc="center left", bbox_to_anchor=(1.0, 0.5), labelspacing=0.9)


def certificate_text(certificate: Certificate) -> str:
    """What a slab is, in one line."""
    c = certificate
    excess = ", ".join(f"{element} {n:+d}" for element, n in c.excess.items())
    parts = [
        _faces_text(c),
        f"stoichiometric ({c.formula_units} formula units)"
        if c.stoichiometric
        else f"off stoichiometry ({excess})",
        "" if c.neutral else f"charge {c.total_charge:+g} e",
        "dipole-free" if c.dipole_free else f"dipole {c.dipole:.3f} e/Å",
        f"{c.atoms} atoms",
        f"{c.thickness:.1f} Å thick",
        f"vacuum {c.vacuum:.1f} Å",
        c.changed,
    ]
    return " · ".join(filter(None, parts))


def _faces_text(certificate: Certificate) -> str:
    if certificate.flip is None:
        return "faces differ"
    if certificate.symmetric:
        return f"symmetric ({certificate.flip.name})"
    return f"faces differ by {certificate.flip.residual:.2f} Å"


def exposure_text(face: FaceExposure) -> str:
    """Exposed cations of a face in one line."""
    parts = [f"{cation} {density:.1f}" for cation, density in face.density.items() if density > 0]
    return "exposed per nm²: " + ", ".join(parts) if parts else "no cation exposed"


def _look(slab: Slab) -> _View:
    """Project along the shorter in-plane vector; atoms on the border are drawn on both sides."""
    structure = slab.structure
    a, b, _ = structure.lattice.matrix
    along, across = (0, 1) if np.linalg.norm(a) <= np.linalg.norm(b) + 1e-6 else (1, 0)
    look, side = structure.lattice.matrix[[along, across]]
    up = np.cross(a, b) / np.linalg.norm(np.cross(a, b))
    right = np.cross(look, up) / np.linalg.norm(look)
    depth = structure.frac_coords[:, along] % 1.0
    if right @ side < 0:  # look from the other side: the picture is no mirror image
        right, depth = -right, 1.0 - depth
    width = float(side @ right)
    repeats = max(1, ceil(NARROWEST / width - 1e-6))
    x = structure.frac_coords[:, across] % 1.0
    x[x > 1 - 1e-3] -= 1.0
    columns = [
        (i, xi + n) for n in range(repeats + 1) for i, xi in enumerate(x) if xi + n < repeats + 0.02
    ]
    atoms = np.array([i for i, _ in columns])
    heights = structure.cart_coords @ up
    symbols = [site.species.elements[0].symbol for site in structure]
    return _View(
        x=np.array([xi for _, xi in columns]) * width,
        height=(heights - heights.min())[atoms],
        depth=depth[atoms],
        symbols=[symbols[i] for i in atoms],
        exposed=(missing_oxygen(slab) > 0)[atoms],
        width=width,
        repeats=repeats,
        along="ab"[along],
    )


def _draw_balls(axes: Axes, view: _View) -> None:
    """Balls from far to near, each a stack of discs that brighten towards the light."""
    discs, fills, rims, widths = [], [], [], []
    for i in np.argsort(-view.depth, kind="stable"):
        radius, color = _radius(view.symbols[i]), np.array(to_rgb(_color(view.symbols[i])))
        color = color + (1 - color) * 0.55 * view.depth[i]
        rim = lighter(INK, 0.5 * view.depth[i]) if view.exposed[i] else (1.0, 1.0, 1.0)
        for size, shift, white in GLOSS:
            center = (view.x[i] - shift * radius, view.height[i] + shift * radius)
            discs.append(Circle(center, size * radius))
            fills.append(color + (1 - color) * white)
            rims.append(rim if size == 1.0 else tuple(fills[-1]))
            widths.append((1.3 if view.exposed[i] else 0.5) if size == 1.0 else 0.0)
    axes.add_collection(
        PatchCollection(discs, facecolors=fills, edgecolors=rims, linewidths=widths, zorder=2)
    )


def _ball(symbol: str, rim: bool = False) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker="o", markersize=9 if rim else 13 * _radius(symbol) / 0.66,
        markerfacecolor="white" if rim else _color(symbol),
        markeredgecolor=INK if rim else "white", markeredgewidth=1.3 if rim else 0.5,
        label="fewer O\nthan in bulk" if rim else symbol,
    )  # fmt: skip


def _color(symbol: str) -> Color:
    if symbol in COLORS:
        return COLORS[symbol]
    red, green, blue = jmol_colors[atomic_numbers[symbol]]
    return float(red), float(green), float(blue)


def _radius(symbol: str) -> float:
    """Å as drawn."""
    return RADII.get(symbol) or 0.5 * float(covalent_radii[atomic_numbers[symbol]])


def _species_order(symbol: str) -> tuple[bool, str]:
    return symbol == "O", symbol
