"""The joint fit on energies whose γ is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.results import EV_PER_A2
from lnmo_atoms.thickness_fit import fit_surface_energy

AREA = 34.0
GAMMA = 0.75
BULK = -47.3
SAMPLES = 1000


def units(slabs, first=4, step=2):
    return first + step * np.arange(slabs)


def energies(n, noise=0.0, hump=0.0, decay=1.0, seed=0):
    """EV: 2Aγ + N e + an interaction of the faces that starts with ``hump`` + noise."""
    faces = hump * np.exp(-(n - n[0]) / decay)
    scatter = noise * np.random.default_rng(seed).normal(size=len(n))
    return 2 * AREA * GAMMA / EV_PER_A2 + BULK * n + faces + scatter


def test_a_line_gives_back_what_made_it():
    fit = fit_surface_energy(units(3), energies(units(3)), AREA)
    assert fit.gamma == pytest.approx(GAMMA, abs=1e-10)
    assert fit.bulk_energy == pytest.approx(BULK, abs=1e-12)
    assert fit.error == pytest.approx(0.0, abs=1e-10)
    assert fit.dropped == 0


def test_standard_errors_are_those_of_the_textbook():
    """Against scipy, on numbers without a large trend, which it needs."""
    n = units(7)
    y = energies(n, noise=0.05, seed=3) - BULK * n
    fit, referee = fit_surface_energy(n, y, AREA), stats.linregress(n, y)
    gamma_per_ev = EV_PER_A2 / (2 * AREA)
    assert fit.dropped == 0
    assert fit.gamma == pytest.approx(gamma_per_ev * referee.intercept)
    assert fit.standard_error == pytest.approx(gamma_per_ev * referee.intercept_stderr)
    assert fit.bulk_energy == pytest.approx(referee.slope)
    assert fit.bulk_energy_standard_error == pytest.approx(referee.stderr)
    later = stats.linregress(n[1:], y[1:])
    assert fit.drift == pytest.approx(gamma_per_ev * abs(later.intercept - referee.intercept))
    assert fit.error == pytest.approx(stats.t.ppf(0.975, 5) * fit.standard_error + fit.drift)


@pytest.mark.parametrize("slabs", [3, 4, 5, 8])
def test_the_bar_holds_the_true_gamma_in_95_of_100_series(slabs):
    """At least 95 %, less four standard deviations of the binomial distribution."""
    n = units(slabs)
    fits = [fit_surface_energy(n, energies(n, 0.01, seed=s), AREA) for s in range(SAMPLES)]
    held = np.mean([abs(fit.gamma - GAMMA) <= fit.error for fit in fits])
    assert held > 0.95 - 4 * np.sqrt(0.95 * 0.05 / SAMPLES)


def test_the_statistical_part_holds_it_in_95_of_100():
    """Of three slabs none is dropped, so that Student's interval is exact, on both sides."""
    n = units(3)
    fits = [fit_surface_energy(n, energies(n, 0.01, seed=s), AREA) for s in range(SAMPLES)]
    t = stats.t.ppf(0.975, 1)
    held = np.mean([abs(fit.gamma - GAMMA) <= t * fit.standard_error for fit in fits])
    assert held == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / SAMPLES))


def test_a_good_slab_is_rarely_dropped():
    """The test's own level: one of twenty for the thinnest slab, and fewer for the next."""
    n = units(8)
    dropped = [fit_surface_energy(n, energies(n, 0.01, seed=s), AREA).dropped for s in range(1000)]
    assert np.mean(np.array(dropped) > 0) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.parametrize("decay", [0.5, 1.0])
def test_thin_slabs_whose_faces_interact_do_not_poison_gamma(decay):
    """The thinnest slab is 1 eV off; a fit of all slabs misses γ by far more than this one."""
    n = units(8)
    misses, bars, naive = [], [], []
    for seed in range(200):
        y = energies(n, noise=0.002, hump=1.0, decay=decay, seed=seed)
        fit = fit_surface_energy(n, y, AREA)
        assert fit.dropped >= 1
        misses.append(abs(fit.gamma - GAMMA))
        bars.append(fit.error)
        naive.append(abs(np.polyfit(n, y, 1)[1] * EV_PER_A2 / (2 * AREA) - GAMMA))
    assert np.median(misses) < np.median(naive) / 20
    assert np.mean(np.array(misses) <= bars) > 0.85


def test_interaction_without_noise_stays_within_the_bar():
    """As slabs are added the bar shrinks, and always holds the true γ."""
    n = units(9)
    y = energies(n, hump=0.5, decay=1.0)
    fits = [fit_surface_energy(n[:k], y[:k], AREA) for k in range(3, 10)]
    assert all(abs(fit.gamma - GAMMA) <= fit.error for fit in fits)
    assert fits[-1].error < 0.01 * fits[0].error


def test_an_error_of_the_bulk_energy_does_not_grow_with_thickness():
    """Boettger: γ against a wrong bulk diverges linearly, the joint fit knows no separate bulk."""
    n, wrong = units(6), BULK + 0.01
    y = energies(n)
    against_bulk = (y - n * wrong) / (2 * AREA) * EV_PER_A2
    step = (n[1] - n[0]) * 0.01 / (2 * AREA) * EV_PER_A2
    assert np.diff(against_bulk) == pytest.approx(-step)
    assert fit_surface_energy(n, y, AREA).gamma == pytest.approx(GAMMA, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    slope=st.floats(-1e3, 1e3),
    slabs=st.integers(3, 9),
    noise=st.sampled_from([0.0, 1e-3, 0.1]),
    hump=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 1000),
)
def test_energy_added_to_each_formula_unit_changes_the_slope_alone(slope, slabs, noise, hump, seed):
    n = units(slabs)
    y = energies(n, noise, hump, 1.0, seed)
    one, other = fit_surface_energy(n, y, AREA), fit_surface_energy(n, y + slope * n, AREA)
    assert other.bulk_energy - one.bulk_energy == pytest.approx(slope, abs=1e-9)
    assert other.dropped == one.dropped
    for name in ("gamma", "error", "standard_error", "drift", "bulk_energy_standard_error"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-8)
    assert other.residuals == pytest.approx(one.residuals, abs=1e-8)


@settings(max_examples=50, deadline=None)
@given(repeats=st.integers(2, 5), seed=st.integers(0, 1000))
def test_a_larger_in_plane_cell_is_the_same_surface(repeats, seed):
    n = units(6)
    y = energies(n, 0.01, 0.3, 1.0, seed)
    one = fit_surface_energy(n, y, AREA)
    other = fit_surface_energy(repeats * n, repeats * y, repeats * AREA)
    assert other.gamma == pytest.approx(one.gamma, rel=1e-9)
    assert other.error == pytest.approx(one.error, rel=1e-6)
    assert other.bulk_energy == pytest.approx(one.bulk_energy, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "y", "area", "hint"),
    [
        ([4, 6], [-1.0, -2.0], AREA, "at least 3 slabs, not 2"),
        ([4, 6, 8], [-1.0, -2.0], AREA, "one energy for each"),
        ([4, 8, 6], [-1.0, -2.0, -3.0], AREA, "ascending"),
        ([4, 4, 6], [-1.0, -2.0, -3.0], AREA, "ascending"),
        ([0, 4, 6], [-1.0, -2.0, -3.0], AREA, "above 0"),
        ([4, 6, 8], [-1.0, np.nan, -3.0], AREA, "finite"),
        ([4, 6, 8], [-1.0, -2.0, -3.0], 0.0, "above 0 Å²"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(n, y, area, hint):
    with pytest.raises(RequestError, match=hint):
        fit_surface_energy(n, y, area)
