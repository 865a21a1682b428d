"""A saddle that hides between two images of a path, and the stiffness that a first step shows."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy.interpolate import CubicHermiteSpline

from lnmo_atoms.tasks.evaluation import Evaluation
from lnmo_atoms.tasks.newton import rescaled
from lnmo_atoms.tasks.path import find_path

ALONG = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]) / np.sqrt(2)
"""Two atoms pass each other."""
SECOND = 0.273
"""eV, of the higher saddle, 0.55 Å behind the first, of 0.26 eV."""
PROFILE = CubicHermiteSpline(
    [-1.8, -0.9, 0.0, 0.3, 0.55, 0.9, 1.8],
    [0.0, 0.18, 0.26, 0.255, SECOND, 0.24, 0.0],
    [0.0, 0.2, 0.0, 0.0, 0.0, -0.2, 0.0],
)


def looked_at(question):
    """The profile along, a spring across."""
    place = np.vdot(question.positions, ALONG)
    across = question.positions - place * ALONG
    forces = -PROFILE(place, 1) * ALONG - 4.0 * across
    return Evaluation(float(PROFILE(place) + 2.0 * (across**2).sum()), forces)


def found(guess, ends):
    """The path from this guess."""
    search = find_path(guess, ends, lambda _: 4.0 * np.eye(6), mirror=None, fmax=0.01, steps=60)
    asked = next(search)
    try:
        while True:
            asked = search.send([looked_at(question) for question in asked])
    except StopIteration as stop:
        return stop.value


def test_a_saddle_between_two_images_is_found_by_the_slopes_beside_it():
    path = found([u * ALONG for u in (-1.8, -0.9, 0.0, 0.9, 1.8)], (0.0, 0.0))
    top = max(path, key=lambda image: image.energy)
    assert top.kind == "stationary"
    assert top.energy == pytest.approx(SECOND, abs=1e-3)
    places = [np.vdot(image.positions, ALONG) for image in path]
    assert places == sorted(places)


@given(st.floats(0.3, 3.0), st.integers(0, 2**32 - 1))
def test_the_first_step_tells_how_stiff_the_engine_is(stiffer, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(6, 6))
    guess, step = root @ root.T + np.eye(6), rng.normal(size=6)
    assert rescaled(guess, step, stiffer * guess @ step) == pytest.approx(stiffer * guess)


@given(st.floats(0.3, 3.0), st.integers(0, 2**32 - 1))
def test_the_way_up_keeps_its_curvature(stiffer, seed):
    rng = np.random.default_rng(seed)
    modes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    guess = (modes * [-2.0, 1.0, 2.0, 3.0, 4.0, 5.0]) @ modes.T
    true = (modes * [-2.0, *stiffer * np.arange(1.0, 6.0)]) @ modes.T
    step = rng.normal(size=6)
    assert rescaled(guess, step, true @ step, climb=True) == pytest.approx(true)
