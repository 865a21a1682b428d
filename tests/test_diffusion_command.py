"""``lnmo diffusion`` as a user runs it."""

import json
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from program import lnmo
from synthetic import midpoint_result, ordered_hop

import lnmo_atoms as la
from lnmo_atoms.records import HOPS_FILE, load_hop_bulk, load_hops, save_hops
from lnmo_atoms.store import Study

BARRIER = 0.25


@pytest.fixture
def study(tmp_path):
    """Ordered LNMO with one barrier for all hops."""
    results = [
        replace(midpoint_result(barrier=BARRIER), hop=ordered_hop(number)) for number in (4, 12)
    ]
    with Study(tmp_path / "mine") as open_study:
        open_study.write_provenance(la.CalculatorSpec("chgnet"), {}, ["a test"])
        save_hops(results, la.ordered_spinel(a=8.0), open_study.path / HOPS_FILE)
    return tmp_path / "mine"


def test_equal_barriers_make_a_random_walk_on_the_diamond_lattice(study):
    """D = z Γ d²/6 with z = 4 neighbours at d = √3 a/4: the carrier has no memory."""
    done = lnmo("diffusion", study, "--temperatures", "300,600", "--json", cwd=study.parent)
    assert done.returncode == 0, done.stderr
    (curve,) = json.loads(done.stdout)
    kelvin = np.array(curve["temperatures_K"])
    rate = 1e13 * np.exp(-BARRIER / (8.617333262e-5 * kelvin))
    expected = 4 / 6 * rate * (np.sqrt(3) / 4 * 8.0e-8) ** 2
    assert curve["diffusivities_cm2_per_s"] == pytest.approx(expected, rel=1e-6)
    assert curve["activation_energy_eV"] == pytest.approx(BARRIER, abs=1e-4)
    assert (study.parent / "diffusion.png").exists()
    written = json.loads((study.parent / "diffusion.json").read_text(encoding="utf-8"))
    assert written["curves"] == [curve]


def test_frequencies_are_the_studys_the_users_or_assumed(study):
    path = study / HOPS_FILE
    known = {"attempt_frequency": 4e12, "attempt_frequency_reverse": 4e12}
    results = [replace(result, **known) for result in load_hops(path)]
    words = (study, "--temperatures", "300,600", "--json")
    (assumed,) = json.loads(lnmo("diffusion", *words, cwd=study.parent).stdout)
    save_hops(results, load_hop_bulk(path), path)
    (own,) = json.loads(lnmo("diffusion", *words, cwd=study.parent).stdout)
    (given,) = json.loads(
        lnmo("diffusion", *words, "--attempt-frequency", "2e12", cwd=study.parent).stdout
    )
    sources = [curve["attempt_frequency_source"] for curve in (assumed, own, given)]
    assert sources == ["assumed", "vibrations", "given"]
    usual = np.array(assumed["diffusivities_cm2_per_s"])
    assert own["diffusivities_cm2_per_s"] == pytest.approx(0.4 * usual)
    assert given["diffusivities_cm2_per_s"] == pytest.approx(0.2 * usual)
    assert own["lowest_attempt_frequency_per_s"] == pytest.approx(4e12)
    shown = lnmo("diffusion", study, cwd=study.parent)
    assert "attempt frequency 4e+12/s from vibrations" in shown.stderr


def test_the_lithium_content_adds_a_simulation(study):
    done = lnmo(
        "diffusion",
        study,
        "--temperatures",
        "500,600",
        "--lithium",
        0.5,
        "--json",
        cwd=study.parent,
    )
    assert done.returncode == 0, done.stderr
    (curve,) = json.loads(done.stdout)
    assert all(0 < d < inf for d in curve["tracer_diffusivities_cm2_per_s"])
    # half of the neighbours are taken: less than half of a lone carrier's D, by correlation
    ratio = np.divide(curve["tracer_diffusivities_cm2_per_s"], curve["diffusivities_cm2_per_s"])
    assert (ratio < 0.5).all()
    assert any("108 Li on 216 sites" in flag for flag in curve["flags"])
    assert any("site exclusion only" in flag for flag in curve["flags"])


def test_mistakes_are_one_line(study):
    for words, hint in (
        ((study.parent / "none",), "there is no study"),
        ((study, "--temperatures", "300"), "--temperatures"),
        ((study, "--attempt-frequency", "0"), "--attempt-frequency"),
        ((study, "-o", "x.bmp"), "a figure ends in"),
    ):
        done = lnmo("diffusion", *words, cwd=study.parent)
        assert done.returncode == 2
        assert hint in done.stderr
        assert len(done.stderr.splitlines()) == 1
