import dataclasses
import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PatchCollection
from matplotlib.patches import Polygon
from matplotlib.text import Text
from pymatgen.core import Lattice, Structure
from synthetic import ENGINE, certificate, cubic, hop_result, lnmo_surfaces, slab, surface

from lnmo_atoms.analyzers.wulff import wulff_shape
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import Slab
from lnmo_atoms.plots import (
    plot_comparison,
    plot_gammas,
    plot_hops,
    plot_slab,
    plot_wulff,
    save,
)
from lnmo_atoms.plots.profile import curve
from lnmo_atoms.plots.slab import _look
from lnmo_atoms.plots.style import PALETTE, chemical, facet_colors, ionic, miller


@pytest.fixture(scope="module")
def surfaces():
    return lnmo_surfaces()


@pytest.fixture(scope="module")
def hops():
    return [hop_result(), hop_result("4a", 0.27, 0.262, 0.03)]


@pytest.fixture(scope="module")
def figures(surfaces, hops):
    return {
        "gammas": plot_gammas(surfaces),
        "wulff": plot_wulff(wulff_shape(surfaces)),
        "hops": plot_hops(hops),
        "slab": plot_slab(surfaces[0].slab),
        "comparison": plot_comparison(surfaces, hops),
    }


def texts(figure):
    return " ".join(" ".join(t.get_text() for t in figure.findobj(Text)).split())


@pytest.mark.parametrize("name", ["gammas", "wulff", "hops", "slab", "comparison"])
def test_every_axis_has_units_and_no_number_is_nan(figures, name):
    figure = figures[name]
    figure.canvas.draw()
    for axes in figure.axes:
        if axes.axison:
            assert "(" in axes.get_xlabel()
            assert "J/m²" in axes.get_xlabel() or "Å" in axes.get_xlabel()
    assert "nan" not in texts(figure).lower()
    assert name == "slab" or ENGINE in texts(figure)


def test_figures_say_what_matters(figures):
    assert all(number in texts(figures["gammas"]) for number in ("0.55", "1.24", "1.02"))
    assert "not converged, not ranked" in texts(figures["gammas"])
    assert "shape of the facets computed" in texts(figures["wulff"])
    assert "does not appear" in texts(figures["wulff"])
    assert "0.262 eV" in texts(figures["hops"])
    assert "0.232 eV" in texts(figures["hops"])
    assert "energy (eV)" in texts(figures["hops"])
    for fact in ("symmetric", "stoichiometric", "dipole-free", "168", "Å thick", "exposed per nm²"):
        assert fact in texts(figures["slab"])


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_files_are_whole_and_the_same_every_time(hops, tmp_path, suffix):
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    save(plot_hops(hops), one)
    save(plot_hops(hops), other)
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_size > 5_000
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_cannot_be_is_refused(figures, tmp_path):
    with pytest.raises(RequestError, match=r"ends in \.png"):
        save(figures["hops"], tmp_path / "hops.bmp")
    with pytest.raises(RequestError, match="cannot write"):
        save(figures["hops"], tmp_path / "none" / "hops.png")
    assert list(tmp_path.iterdir()) == []


def test_no_global_state_is_touched(surfaces, hops, tmp_path):
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        figure = plot_comparison(surfaces, hops)
        assert figure.axes[0].get_facecolor() == (1, 1, 1, 1)
    save(figure, tmp_path / "x.svg")
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_nothing_to_show_is_said():
    assert "no surface energies" in texts(plot_gammas([]))
    assert "no hops" in texts(plot_hops([]))
    empty = texts(plot_comparison([]))
    assert "no surface energies: no Wulff shape" in empty


def test_bad_numbers_are_left_out():
    results = [
        surface((1, 1, 1), -0.1),
        surface((1, -1, 0), math.nan),
        surface((2, 1, 0), None, gamma_unrelaxed=math.inf),
    ]
    hop = dataclasses.replace(hop_result(), barrier=math.nan, energies=np.full(7, math.nan))
    for figure in (plot_gammas(results), plot_comparison(results, [hop]), plot_hops([hop])):
        figure.canvas.draw()
        assert "nan" not in texts(figure).lower()


def test_facet_colors_are_distinct_and_do_not_depend_on_company():
    facets = [(2, 1, 0), (1, 1, 1), (1, 0, 0), (-1, 1, 0), (5, 3, 1), (0, 0, 1)]
    colors = facet_colors(facets)
    assert len(set(colors.values())) == len(facets)
    assert facet_colors([(1, 1, 1)])[1, 1, 1] == colors[1, 1, 1] == PALETTE[0]
    many = [(i, 1, 0) for i in range(1, 15)]
    assert set(facet_colors(many)) == set(many)


def test_labels():
    assert miller((1, -1, 0)) == r"(1$\bar{1}$0)"
    assert chemical("Li2Mn3NiO8") == "Li$_{2}$Mn$_{3}$NiO$_{8}$"
    assert chemical("LiNi0.5Mn1.5O4") == "LiNi$_{0.5}$Mn$_{1.5}$O$_{4}$"
    assert ionic("Mn3.5+") == "Mn$^{3.5{+}}$"
    assert ionic("Li+") == "Li$^{{+}}$"
    assert ionic("Cu") == "Cu"


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.floats(0.05, 2), min_size=2, max_size=10),
    data=st.data(),
)
def test_the_curve_passes_through_all_images_and_never_above_them(steps, data):
    path = np.cumsum([0.0, *steps])
    energies = np.array(
        data.draw(st.lists(st.floats(-1, 1), min_size=len(path), max_size=len(path)))
    )
    x, y = curve(path, energies)
    assert np.interp(path, x, y) == pytest.approx(energies, abs=1e-9)
    assert y.max() <= energies.max() + 1e-9
    assert y.min() >= energies.min() - 1e-9


def test_wulff_faces_fill_the_silhouette(surfaces):
    """Seen faces, projected, cover as much as the unseen ones do: the drawn shape is closed."""
    shape = wulff_shape(surfaces)
    drawn = [p for p in plot_wulff(shape).axes[0].patches if isinstance(p, Polygon)]
    corners = [p.get_xy()[:-1] for p in drawn]
    areas = [
        0.5 * abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
        for x, y in ((c[:, 0], c[:, 1]) for c in corners)
    ]
    view = np.array((1.0, 0.42, 0.36)) / np.linalg.norm((1.0, 0.42, 0.36))
    unseen = [-face.area * face.normal @ view for face in shape.faces if face.normal @ view < 0]
    assert sum(areas) == pytest.approx(sum(unseen))


@pytest.mark.parametrize("across", [5.0, -5.0])
def test_the_side_view_is_no_mirror_image(across):
    """Right, up and towards the eye are right-handed: an atom nearer the eye has less depth."""
    lattice = Lattice([[4, 0, 0], [0, across, 0], [0, 0, 20 if across > 0 else -20]])
    structure = Structure(
        lattice, ["Po"] * 3, [[0.1, 0.2, 0.4], [0.6, 0.2, 0.4], [0.6, 0.7, 0.6]],
        site_properties={"bulk_site": [0, 0, 0]},
    )  # fmt: skip
    made = certificate(structure, area=20.0)
    view = _look(Slab(structure, (1, 0, 0), "a", made, (0,)))
    up = np.cross(*lattice.matrix[:2]) / 20
    eye = np.cross(lattice.matrix[1] / 5, up)  # b points right, as atom 2 stands right of atom 1
    assert view.x[2] > view.x[1]
    assert view.height[2] > view.height[1]
    nearer = structure.cart_coords[1] - structure.cart_coords[0]
    assert (view.depth[1] < view.depth[0]) == (nearer @ eye > 0)


def test_exposed_atoms_carry_a_rim_and_the_border_is_drawn_twice(surfaces):
    one = surfaces[3].slab
    (balls,) = [c for c in plot_slab(one).axes[0].collections if isinstance(c, PatchCollection)]
    assert len(balls.get_paths()) >= 2 * 4 * len(one.structure)
    assert "fewer O than in bulk" in texts(plot_slab(one))


def test_metals_and_unequal_faces_can_be_seen_too():
    copper = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    one = slab(
        (1, 1, 1),
        bulk=copper,
        flip=None,
        formula_units=None,
        excess={"Cu": -1},
        dipole=0.1,
        changed="one Cu removed",
    )
    found = texts(plot_slab(one))
    for fact in (
        "Cu",
        "faces differ",
        "off stoichiometry (Cu -1)",
        "0.100",
        "one Cu removed",
        "no cation",
    ):
        assert fact in found


def test_a_single_termination_of_a_simple_crystal():
    assert "0.70" in texts(plot_gammas([surface((1, 0, 0), 0.7, bulk=cubic())]))
