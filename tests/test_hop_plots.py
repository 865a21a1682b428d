"""Figures of hops: profiles, barriers by ring, diffusivity against temperature."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Annotation, Text
from synthetic import (
    ENGINE,
    cubic,
    disordered_results,
    hop_result,
    intermediate_result,
    midpoint_result,
)

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.plots import plot_diffusion, plot_hops, plot_rings
from lnmo_atoms.plots.crowd import nickel_colors
from lnmo_atoms.plots.diffusion import BOLTZMANN, activation_energy
from lnmo_atoms.plots.profile import curve

KELVIN = np.linspace(250, 600, 8)


def texts(figure):
    return " ".join(" ".join(t.get_text() for t in figure.findobj(Text)).split())


def arrhenius(energy, prefactor=1e-3):
    return prefactor * np.exp(-energy / (BOLTZMANN * KELVIN))


def backwards(result):
    """The same hop, told from its other end."""
    energies = result.energies[::-1] - result.energies[-1]
    return replace(
        result,
        energy=result.energy + float(result.energies[-1]),
        barrier=result.barrier_reverse,
        barrier_reverse=result.barrier,
        path=(result.path[-1] - result.path)[::-1],
        energies=energies,
    )


FIGURES = {
    "midpoints": lambda: plot_hops([midpoint_result(), midpoint_result("4a", 0.271)]),
    "intermediates": lambda: plot_hops([intermediate_result(), intermediate_result(0.04, 0.21)]),
    "twelve": lambda: plot_hops(disordered_results(12)),
    "many": lambda: plot_hops(disordered_results(32)),
    "rings": lambda: plot_rings(disordered_results(32)),
    "diffusion": lambda: plot_diffusion({"ordered": (KELVIN, arrhenius(0.25))}, f"by {ENGINE}"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_units_and_engine_stand_in_every_figure_and_no_text_hides_another(name):
    figure = FIGURES[name]()
    figure.canvas.draw()
    assert ENGINE in texts(figure)
    assert "nan" not in texts(figure).lower()
    for axes in figure.axes:
        if axes.axison and axes.get_ylabel():
            assert "(" in axes.get_ylabel() or axes.get_ylabel() == "share in a random crystal"
    for axes in figure.axes:
        labels = [t for t in axes.texts if isinstance(t, Annotation) and t.get_text()]
        boxes = [label.get_window_extent() for label in labels]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)
        for box in boxes:
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1


def test_every_barrier_of_a_path_over_the_octahedron_is_written():
    drawn = texts(plot_hops([intermediate_result(end=0.04, second=0.21)]))
    for barrier in ("0.189 eV", "0.109 eV", "0.130 eV", "0.170 eV"):
        assert barrier in drawn
    symmetric = texts(plot_hops([intermediate_result(second=0.189)]))
    assert symmetric.count("0.189 eV") == symmetric.count("0.109 eV") == 1


def test_three_images_make_a_curve_that_is_level_at_ends_and_saddle():
    """The one cubic that is level at both its ends is E (3 t² − 2 t³)."""
    x, y = curve(*midpoint_result(barrier=0.216).profile)
    t = 1 - np.abs(x - 1.8) / 1.8
    assert y == pytest.approx(0.216 * (3 * t**2 - 2 * t**3))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=8))
def test_a_rising_path_has_a_rising_curve(rises):
    energies = np.cumsum([0.0, *rises])
    _, y = curve(np.arange(len(energies), dtype=float), energies)
    assert (np.diff(y) >= -1e-12).all()


def test_up_to_twelve_hops_have_panels_and_more_share_one():
    assert len(plot_hops(disordered_results(12)).axes) == 12
    (axes,) = plot_hops(disordered_results(13)).axes
    mean = next(drawn for drawn in axes.lines if drawn.get_label() == "mean")
    assert mean.get_linewidth() > 2 * axes.lines[1].get_linewidth()


def test_the_mean_of_one_profile_told_from_both_ends_is_that_profile():
    one = hop_result("4a", 0.27, 0.262, 0.03)
    (axes,) = plot_hops([one, backwards(one)] * 8).axes
    mean = next(drawn for drawn in axes.lines if drawn.get_label() == "mean")
    x, y = curve(*one.profile)
    assert mean.get_ydata() == pytest.approx(np.interp(mean.get_xdata(), x, y), abs=1e-4)


def test_unconverged_profiles_are_dashed_and_not_in_the_mean():
    good, bad = hop_result(barrier=0.2), hop_result(barrier=0.9, converged=False)
    (axes,) = plot_hops([*[good] * 12, bad]).axes
    mean = next(drawn for drawn in axes.lines if drawn.get_label() == "mean")
    assert mean.get_ydata().max() == pytest.approx(good.energies.max(), abs=1e-6)
    assert sum(drawn.get_linestyle() == "--" for drawn in axes.lines) == 1


def test_nickel_has_seven_colours_whatever_the_company():
    rings = [["Ni2+"] * n + ["Mn4+"] * (6 - n) for n in range(7)]
    colors = nickel_colors(rings)
    assert len(set(colors.values())) == 7
    assert nickel_colors(rings[2:3]) == {2: colors[2]}


def test_rings_show_every_hop_and_the_random_crystals_shares():
    results = disordered_results(32)
    first, behind = plot_rings(results).axes
    dots = [drawn for drawn in first.lines if drawn.get_marker() == "o"]
    expected = [(result.barrier + result.barrier_reverse) / 2 for result in results]
    assert sorted(float(dot.get_ydata()[0]) for dot in dots) == pytest.approx(sorted(expected))
    drawn = dict(zip(first.get_xticks(), first.get_xticklabels(), strict=True))
    heights = [bar.get_height() for bar in behind.patches]
    for column, height in enumerate(heights):  # C(6, n) 0.25^n 0.75^(6-n)
        nickel = int(drawn[column].get_text().split()[0])
        expected = [0.178, 0.356, 0.297, 0.132, 0.033, 0.004, 0.0002][nickel]
        assert height == pytest.approx(expected, abs=5e-4)


def test_other_crystals_have_no_shares_and_nothing_is_said():
    ring = ("Mn3.5+",) * 6
    result = midpoint_result()
    figure = plot_rings([replace(result, hop=replace(result.hop, ring=ring))])
    assert len(figure.axes) == 1
    assert "no barriers" in texts(plot_rings([replace(result, barrier=np.nan)]))
    assert "no barriers" in texts(plot_rings([]))


def test_jitter_is_the_same_every_time_and_dots_of_one_barrier_stand_apart():
    result = replace(midpoint_result(), images=(ordered_spinel(),))
    places = [
        [
            float(drawn.get_xdata()[0])
            for drawn in plot_rings([result] * 9).axes[0].lines
            if drawn.get_marker() == "o"
        ]
        for _ in range(2)
    ]
    assert places[0] == places[1]
    assert min(np.diff(sorted(places[0]))) > 0.01


@given(st.floats(0.05, 1.0), st.floats(1e-6, 1.0))
def test_activation_energy_is_that_of_an_exact_arrhenius_line(energy, prefactor):
    assert activation_energy(KELVIN, arrhenius(energy, prefactor)) == pytest.approx(energy)


def test_diffusion_has_both_scales_energies_and_what_cannot_be_drawn():
    figure = plot_diffusion(
        {
            "ordered": (KELVIN[::-1], arrhenius(0.25)[::-1]),
            "disordered": (KELVIN, arrhenius(0.3), arrhenius(0.32), arrhenius(0.28)),
            "closed": (KELVIN, np.zeros(8)),
            "$5 of $x_": (KELVIN, arrhenius(0.4)),
        },
        "one vacancy",
    )
    figure.canvas.draw()
    drawn = texts(figure)
    assert "= 0.25 eV" in drawn
    assert "= 0.30 eV" in drawn
    assert "closed, D = 0" in drawn
    assert "cm²/s" in drawn
    (axes,) = figure.axes
    (above,) = axes.child_axes
    for place, label in zip(above.get_xticks(), above.get_xticklabels(), strict=True):
        assert place == pytest.approx(1000 / float(label.get_text()))
    assert len(axes.collections) == 1
    assert "no diffusivity above zero" in texts(plot_diffusion({}))


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ((KELVIN,), "give temperatures and D"),
        ((KELVIN, arrhenius(0.2)[:3]), "all of one length"),
        ((KELVIN, arrhenius(0.2), arrhenius(0.3)), "lower and upper bounds"),
        ((KELVIN - 250, arrhenius(0.2)), "not above 0 K"),
    ],
)
def test_wrong_curves_are_one_clear_line(given, hint):
    with pytest.raises(RequestError, match=hint):
        plot_diffusion({"mine": given})


def test_pictures_of_hops_survive_what_has_no_number():
    blank = replace(hop_result(), octahedron_energy=np.nan, images=(cubic(),) * 7)
    broken = replace(blank, energies=np.full(7, np.nan), barrier=np.nan)
    for results in ([blank, broken], [blank, broken] * 7, [broken] * 13):
        figure = plot_hops(results)
        figure.canvas.draw()
        assert "nan" not in texts(figure).lower()
