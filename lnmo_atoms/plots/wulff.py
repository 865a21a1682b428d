"""The Wulff shape, seen in parallel projection."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon
from numpy.typing import NDArray

from lnmo_atoms.analyzers.wulff import WulffFace, WulffForm, WulffShape
from lnmo_atoms.plots.style import GREY, facet_colors, miller, new_figure, styled

VIEW = (1.0, 0.42, 0.36)
"""Cartesian direction from the crystal to the eye: off every symmetry axis of a cube."""
LIGHT = (0.75, -0.15, 0.95)
"""Cartesian direction from the crystal to the lamp."""


@styled
def plot_wulff(shape: WulffShape) -> Figure:
    """The shape with its facets, their γ in J/m² and their shares of the surface."""
    figure = new_figure(
        6.4, 4.4, "Wulff shape", f"engine: {shape.engine} · each face stands γ away "
        f"from the centre, mean γ {shape.weighted_gamma:.2f} J/m² · {shape.caveat}",
    )  # fmt: skip
    axes = figure.add_subplot()
    draw_wulff(axes, shape)
    axes.legend(
        handles=[_entry(form, color) for form, color in _colored(shape)],
        loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9, labelspacing=1.1,
        handlelength=1.2, handleheight=1.2,
    )  # fmt: skip
    return figure


def draw_wulff(axes: Axes, shape: WulffShape) -> None:
    """Draw the faces that look at the viewer, and the directions of the cell's vectors."""
    screen = _screen(VIEW)
    colors = {form.facet: color for form, color in _colored(shape)}
    light = np.array(LIGHT) / np.linalg.norm(LIGHT)
    seen = [face for face in shape.faces if face.normal @ screen[2] > 1e-9]
    for face in seen:
        axes.add_patch(
            Polygon(
                face.polygon @ screen[:2].T,
                facecolor=_shade(colors[face.facet], float(face.normal @ light)),
                edgecolor="white",
                linewidth=1.4,
                joinstyle="round",
            )
        )
    for face in _largest_of_each(seen, screen[2]):
        _label(axes, face, screen)
    _triad(axes, shape, screen)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _colored(shape: WulffShape) -> list[tuple[WulffForm, str]]:
    colors = facet_colors(form.facet for form in shape.forms)
    return [(form, colors[form.facet]) for form in shape.forms]


def _entry(form: WulffForm, color: str) -> Patch:
    share = f"{100 * form.share:.1f} % of the surface" if form.share else "does not appear"
    return Patch(
        facecolor=color if form.share else "white",
        edgecolor=color,
        label=f"{miller(form.facet)}   {form.gamma:.2f} J/m²\n{share}",
    )


def _screen(view: Sequence[float]) -> NDArray[np.float64]:
    """Rows: right, up and towards the eye, Cartesian; up is as near to z as can be."""
    towards = np.array(view) / np.linalg.norm(view)
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(towards, right), towards])


def _shade(color: str, cosine: float) -> NDArray[np.float64]:
    """The colour of a matt face whose normal makes an angle with the light."""
    rgb = np.array(to_rgb(color))
    brightness = 0.5 + 0.5 * cosine
    if brightness > 0.8:
        return np.asarray(rgb + (1 - rgb) * 1.6 * (brightness - 0.8))
    return np.asarray(rgb * (0.55 + 0.45 * brightness / 0.8))


def _largest_of_each(faces: Sequence[WulffFace], towards: NDArray[np.float64]) -> list[WulffFace]:
    """The face of each form that looks largest, where it is large enough for a label."""
    looks = {id(face): face.area * float(face.normal @ towards) for face in faces}
    total = sum(looks.values())
    best: dict[tuple[int, int, int], WulffFace] = {}
    for face in sorted(faces, key=lambda face: looks[id(face)]):
        best[face.facet] = face
    return [face for face in best.values() if looks[id(face)] > 0.02 * total]


def _label(axes: Axes, face: WulffFace, screen: NDArray[np.float64]) -> None:
    x, y = face.polygon.mean(axis=0) @ screen[:2].T
    axes.text(
        x, y, miller(face.facet), color="white", ha="center", va="center",
        fontsize=10, fontweight="bold",
    )  # fmt: skip


def _triad(axes: Axes, shape: WulffShape, screen: NDArray[np.float64]) -> None:
    """Directions of the lattice vectors, lower left of the shape."""
    corners = np.concatenate([face.polygon for face in shape.faces]) @ screen[:2].T
    low, size = corners.min(axis=0), np.ptp(corners, axis=0).max()
    origin = low + np.array([-0.02, 0.02]) * size
    vectors = shape.lattice / np.linalg.norm(shape.lattice, axis=1, keepdims=True)
    for name, vector in zip("abc", vectors, strict=True):
        arrow = 0.16 * size * (vector @ screen[:2].T)
        axes.annotate(
            "", origin + arrow, origin,
            arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.0, "shrinkA": 0},
        )  # fmt: skip
        x, y = origin + 1.28 * arrow
        axes.text(x, y, name, color=GREY, ha="center", va="center", style="italic")
    margin = 0.08 * size
    axes.set_xlim(origin[0] - 0.2 * size, corners[:, 0].max() + margin)
    axes.set_ylim(min(origin[1] - 0.12 * size, low[1] - margin), corners[:, 1].max() + margin)
