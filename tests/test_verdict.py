"""What a path means: segments, the octahedron's role, proof, and ions that change on the way."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import ordered_hop

from lnmo_atoms.builders.paths import Mode, end_states, ion_index, path_images
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.migration.verdict import hop_result, octahedron_role, path_segments
from lnmo_atoms.results import BandResult, Segment

IMAGES = 7


@cache
def path():
    """Crystal, hop, index of the ion and seven images of the unrelaxed path of one vacancy."""
    crystal, hop = ordered_spinel(), ordered_hop(12)
    before, _ = end_states(crystal, hop, Mode.vacancy())
    still = np.zeros((len(crystal), 3))
    images = path_images(crystal, hop, before, still, still, IMAGES)
    return crystal, hop, ion_index(crystal, before, hop), tuple(images)


def judged(moments=None, mirrored=False, flags=(), **changes):
    crystal, hop, ion, images = path()
    values = {
        "images": images,
        "energies": np.array([0.0, 0.05, 0.15, 0.2, 0.15, 0.05, 0.0]),
        "kinds": ("end", "flank", "flank", "stationary", "flank", "flank", "end"),
        "curvatures": np.array([-1.4, 0.8]),
        "curvature_errors": np.array([0.3, 0.4]),
        "moments": None if moments is None else moments[1:-1],
        "converged": True,
        "path_calls": 20,
        "proof_calls": 8,
        "seconds": 1.0,
    }
    ends = None if moments is None else (moments[0], moments[-1])
    return hop_result(
        crystal, hop, ion, BandResult(**values | changes),
        shown=hop, engine="toy", mode="one vacancy", mirrored=mirrored, end_moments=ends,
        flags=flags, compensation="",
    )  # fmt: skip


def test_a_plain_path():
    result = judged(mirrored=True)
    assert (result.barrier, result.barrier_reverse) == (0.2, 0.2)
    assert result.segments == (Segment(3, 0, 6, 0.2, 0.2),)
    assert result.octahedron == "saddle"
    assert result.octahedron_energy == 0.2
    assert result.method == "symmetric midpoint"
    assert result.curvatures.tolist() == [-1.4, 0.8]
    assert result.converged
    assert result.flags == ()
    # the ion's way: to the octahedron's centre and on, in equal steps
    assert result.path[-1] == pytest.approx(result.hop.length, abs=1e-6)
    assert np.diff(result.path) == pytest.approx(result.path[-1] / 6, rel=0.05)


def test_total_energies_become_relative():
    energies = np.array([-400.1, -400.0, -399.9, -399.8, -399.85, -399.9, -400.0])
    result = judged(energies=energies)
    assert result.energy == -400.1
    assert result.barrier == pytest.approx(0.3)
    assert result.barrier_reverse == pytest.approx(0.2)
    assert result.end_energies == pytest.approx((-400.1, -400.0))
    assert result.method == "band"


def test_a_mirrored_search_that_left_its_mirror_is_a_band():
    """What was mirrored has equal energies to the last bit."""
    energies = np.array([0.0, 0.05, 0.15, 0.2, 0.15, 0.0501, 0.0])
    assert judged(mirrored=True, energies=energies).method == "band"


def test_an_intermediate():
    energies = np.array([0.0, 0.1, 0.25, 0.05, 0.22, 0.1, 0.02])
    kinds = ("end", "flank", "stationary", "stationary", "stationary", "flank", "end")
    result = judged(energies=energies, kinds=kinds)
    assert result.octahedron == "intermediate"
    assert result.octahedron_energy == pytest.approx(0.05)
    assert result.barrier == 0.25
    assert result.barrier_reverse == pytest.approx(0.23)
    assert [(s.before, s.saddle, s.after) for s in result.segments] == [(0, 2, 3), (3, 4, 6)]
    assert result.segments[0].barrier_reverse == pytest.approx(0.20)
    assert result.segments[1].barrier == pytest.approx(0.17)
    assert any("intermediate minimum" in flag for flag in result.flags)
    assert result.converged


def test_a_slope():
    """The only stationary point lies far from the octahedron."""
    kinds = ("end", "stationary", "flank", "flank", "flank", "flank", "end")
    result = judged(kinds=kinds, energies=np.array([0.0, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05]))
    assert result.octahedron == "slope"
    assert result.segments[0].saddle == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kinds": ("end", *["flank"] * 5, "end"), "energies": np.linspace(0, 0.3, 7)},
         "no saddle was found between the end points"),
        ({"energies": np.array([0.0, 0.05, 0.21, 0.2, 0.15, 0.05, 0.0])},
         "an image lies above the highest saddle"),
        ({"converged": False}, "path not converged after 20 evaluations"),
    ],
)  # fmt: skip
def test_incomplete_paths_are_flagged_and_never_converged(changes, words):
    result = judged(**changes)
    assert any(words in flag for flag in result.flags)
    assert not result.converged


@pytest.mark.parametrize(
    ("values", "errors"),
    [([-1.4, -0.5], [0.1, 0.1]), ([0.2, 0.8], [0.1, 0.1]), ([-1.4, 0.3], [0.1, 0.4])],
)
def test_what_is_not_proved_is_said(values, errors):
    result = judged(curvatures=np.array(values), curvature_errors=np.array(errors))
    assert result.curvatures is None
    assert any(flag.startswith("saddle not proved: ") for flag in result.flags)
    assert f"{values[0]:.2f} ± {errors[0]:.2f}" in result.flags[-1]


@given(data=st.data(), inner=st.integers(0, 6))
def test_segments_tell_of_every_saddle(data, inner):
    """Referee: local maxima by hand; what lies between two neighbouring saddles is a minimum."""
    numbers = st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 3))
    heights = data.draw(st.lists(numbers, min_size=inner + 2, max_size=inner + 2, unique=True))
    energies, kinds = [], []
    for i, height in enumerate(heights):
        energies += [height] + [5.0] * (i < inner + 1)
        kinds += ["end" if i in (0, inner + 1) else "stationary"] + ["flank"] * (i < inner + 1)
    segments = path_segments(np.array(energies), kinds)
    h = heights
    tops = [i for i in range(1, inner + 1) if h[i] > h[i - 1] and h[i] > h[i + 1]]
    assert [s.saddle for s in segments] == [2 * i for i in tops]
    for one, other in pairwise(segments):
        assert one.after == other.before
        assert energies[one.after] == min(h[one.saddle // 2 : other.saddle // 2 + 1])
    for s in segments:
        assert s.before < s.saddle < s.after
        assert s.barrier == energies[s.saddle] - energies[s.before] > 0
        assert s.barrier_reverse == energies[s.saddle] - energies[s.after] > 0
    if segments:
        total = sum(s.barrier - s.barrier_reverse for s in segments)
        ends = energies[segments[-1].after] - energies[segments[0].before]
        assert total == pytest.approx(ends, abs=1e-9)


def test_the_nearest_stationary_point_is_the_octahedrons():
    kinds = ("end", "stationary", "stationary", "stationary", "end")
    segments = (Segment(1, 0, 2, 0.3, 0.2), Segment(3, 2, 4, 0.2, 0.3))
    away = np.array([1.8, 0.5, 0.1, 0.5, 1.8])
    assert octahedron_role(kinds, away, segments) == "intermediate"
    assert octahedron_role(kinds, np.array([1.8, 0.1, 0.5, 0.9, 1.8]), segments) == "saddle"
    assert octahedron_role(kinds, away + 0.6, segments) == "slope"


# --- ions that change -------------------------------------------------------------------------


def calm(random, signed, noise=0.1):
    """Moments of seven images in which nothing happens: Ni 1.7, Mn 3.2 or 3.9 μB, some noise."""
    atoms = path()[3][0]
    symbols = np.array([site.specie.symbol for site in atoms])
    base = np.where(symbols == "Ni", -1.7 if signed else 1.7, 0.0)
    manganese = np.flatnonzero(symbols == "Mn")
    base[manganese] = random.choice([3.2, 3.9], len(manganese))
    base[manganese[0]], base[manganese[1]] = 3.2, 3.9
    moments = base + random.uniform(-noise, noise, (IMAGES, len(atoms)))
    return moments if signed else np.abs(moments), symbols


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), signed=st.booleans(), k=st.integers(1, IMAGES - 1),
    back=st.integers(0, IMAGES), what=st.sampled_from(["swap", "nickel", "both", "none"]),
)  # fmt: skip
def test_planted_changes_are_all_found_and_none_invented(seed, signed, k, back, what):
    moments, symbols = calm(np.random.default_rng(seed), signed)
    last = back if back > k else IMAGES
    if what in ("swap", "both"):
        one, other = np.flatnonzero(symbols == "Mn")[:2]
        moments[k:last, [one, other]] = moments[k:last, [other, one]]
    if what in ("nickel", "both"):
        moments[k:last, np.flatnonzero(symbols == "Ni")[0]] *= 0.9 / 1.7
    flags = judged(moments).flags
    expected = [] if what == "none" else [k] + [last] * (last < IMAGES)
    assert [flag.split(":")[0] for flag in flags] == [
        f"between images {i - 1} and {i}" for i in expected
    ]
    for flag in flags:
        assert ("2 Mn changed" in flag) == (what in ("swap", "both"))
        assert ("1 Ni changed" in flag) == (what in ("nickel", "both"))
        assert ("sizes compared" in flag) == (not signed)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), signed=st.booleans())
def test_changes_in_small_steps_are_found(seed, signed):
    moments, symbols = calm(np.random.default_rng(seed), signed, noise=0.02)
    moments[:, np.flatnonzero(symbols == "Mn")[0]] += np.linspace(0, 0.7, IMAGES)
    (flag,) = judged(moments).flags
    assert flag.startswith("in small steps along the path: 1 Mn changed moment by up to +0.7 μB")


@pytest.mark.parametrize("k", range(1, IMAGES))
def test_a_spin_that_turns_over_in_a_ferromagnet_is_found(k):
    """All moments are positive but one, further on: the engine does give signs."""
    moments, symbols = calm(np.random.default_rng(1), signed=False)
    moments[k:, np.flatnonzero(symbols == "Mn")[0]] *= -1
    (flag,) = judged(moments).flags
    assert flag.startswith(f"between images {k - 1} and {k}: 1 Mn changed moment by up to -6.")


def test_no_moments_no_flags():
    result = judged()
    assert result.moments is None
    moments, _ = calm(np.random.default_rng(0), signed=True)
    assert judged(moments).moments.shape == (IMAGES, 55)
    assert replace(judged(moments), moments=None).flags == ()
