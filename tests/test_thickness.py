"""Slabs of growing thickness, from a request to the figure."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.text import Text
from pymatgen.core import Lattice, Structure
from synthetic import plain_slab, surface
from test_records import assert_same

from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.slabs import growing_slabs, growth, make_slabs
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.plots import plot_thickness
from lnmo_atoms.records import load_thickness, save_thickness
from lnmo_atoms.results import EV_PER_A2, ThicknessResult
from lnmo_atoms.surfaces import RECONSTRUCTIONS, surface_energies
from lnmo_atoms.thickness import _doubts, converge_thickness, plan_thickness
from lnmo_atoms.thickness_fit import fit_surface_energy

LNMO = (sys.executable, "-c", "from lnmo_atoms.cli import main; main()")
AREA, GAMMA, BULK = 30.0, 0.8, -40.0


def fcc(symbol, a):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), [symbol], [[0, 0, 0]])


def series(wrong_bulk=0.0, hump=0.0, tolerance=0.02):
    """A result made by hand: known γ, a bulk energy that is wrong by so many eV, thin slabs off."""
    n = 4 + 2 * np.arange(6)
    jitter = 1e-3 * np.array([1.0, -2.0, 0.5, 1.5, -1.0, 0.4])
    y = 2 * AREA * GAMMA / EV_PER_A2 + BULK * n + hump * np.exp(4 - n) + jitter
    slabs = tuple(
        surface(
            (1, 1, 1),
            float((e - units * (BULK + wrong_bulk)) / (2 * AREA) * EV_PER_A2),
            of=plain_slab(
                (1, 1, 1), formula_units=int(units), area=AREA, thickness=2.0 * int(units)
            ),
            energy=float(e),
            bulk_energy=BULK + wrong_bulk,
        )
        for units, e in zip(n, y, strict=True)
    )
    fits = tuple(fit_surface_energy(n[:k], y[:k], AREA) for k in range(3, 7))
    return ThicknessResult(slabs, fits, tolerance, ("one line",))


@pytest.mark.parametrize(("symbol", "a"), [("Cu", 3.6), ("Al", 4.0)])
@pytest.mark.parametrize("facet", [(1, 1, 1), (1, 0, 0), (1, 1, 0)])
def test_emt_metals_agree_with_one_thick_slab(symbol, a, facet):
    """A slab of 40 Å has the γ that three to a few slabs from 8 Å on extrapolate to."""
    found = converge_thickness(fcc(symbol, a), facet, calculator="emt", fmax=0.005, tolerance=0.002)
    thick = surface_energies(fcc(symbol, a), [facet], "emt", thickness=40.0, fmax=0.005)[0]
    assert found.converged
    assert found.gamma == pytest.approx(thick.gamma, abs=found.error + 1e-3)
    assert found.fit.bulk_energy == pytest.approx(thick.bulk_energy, abs=1e-3)
    assert not found.flags


def test_slabs_as_built_lie_on_one_line():
    """EMT reaches as far as a few layers: thicker unrelaxed slabs differ by bulk alone."""
    found = converge_thickness(fcc("Cu", 3.6), (1, 0, 0), calculator="emt", relax=False)
    thick = surface_energies(fcc("Cu", 3.6), [(1, 0, 0)], "emt", thickness=40.0, relax_best=0)[0]
    assert not found.relaxed
    assert all(result.energy is None for result in found.slabs)
    assert len(found.slabs) == 3
    assert found.gamma == pytest.approx(thick.gamma_unrelaxed, abs=1e-9)
    assert found.error < 1e-9


def test_a_tighter_tolerance_takes_more_slabs_and_repeats_none(tmp_path):
    """Resumed, then extended: what is done is cached; the record holds what was returned."""
    request = (fcc("Al", 4.0), (1, 0, 0), None, "emt", tmp_path / "s")
    first = converge_thickness(*request)
    events = []
    again = converge_thickness(*request, progress=events.append)
    assert {event.status for event in events} == {"cached"}
    assert (again.gamma, again.error) == (first.gamma, first.error)
    kept = load_thickness(tmp_path / "s" / "thickness.json")
    assert_same(kept.fits, again.fits)
    assert [r.energy for r in kept.slabs] == [r.energy for r in again.slabs]
    events.clear()
    more = converge_thickness(*request, tolerance=first.error / 1.5, progress=events.append)
    assert len(more.slabs) > len(first.slabs)
    done = [event.name for event in events if event.status == "done"]
    assert len(done) == 2 * (len(more.slabs) - len(first.slabs))


def test_an_unreachable_tolerance_ends_at_the_thickest_slab():
    found = converge_thickness(
        fcc("Al", 4.0), (1, 0, 0), calculator="emt", tolerance=1e-9, thickest=18.0
    )
    assert not found.converged
    assert 16.0 < found.slabs[-1].slab.certificate.thickness <= 18.0
    assert len(found.fits) == len(found.slabs) - 2


@pytest.mark.parametrize("facet", [(1, 0, 0), (1, 1, 0)])
def test_growing_slabs_leave_out_none(facet):
    """Between two slabs of a series no other one of that termination exists."""
    copper = fcc("Cu", 3.6)
    slabs = list(growing_slabs(copper, facet, "a", start=5.0, thickest=30.0, vacuum=10.0))
    assert np.diff([slab.certificate.layers for slab in slabs]) == pytest.approx(1)
    assert np.diff([slab.certificate.formula_units for slab in slabs]) == pytest.approx(1)
    assert all(5.0 <= slab.certificate.thickness <= 30.0 for slab in slabs)


def test_another_surface_under_the_same_name_is_refused(monkeypatch):
    """At the second thickness the name belongs to a slab of twice the area."""

    def renaming(bulk, facet, thickness, vacuum, reconstructions):
        (slab,) = make_slabs(bulk, facet, thickness, vacuum, reconstructions=reconstructions)
        if thickness < 5.2:
            return [slab]
        area = 2 * slab.certificate.area
        return [
            dataclasses.replace(slab, certificate=dataclasses.replace(slab.certificate, area=area))
        ]

    monkeypatch.setattr(growth, "make_slabs", renaming)
    slabs = growing_slabs(fcc("Cu", 3.6), (1, 0, 0), "a", start=5.0, thickest=30.0, vacuum=10.0)
    next(slabs)
    with pytest.raises(RequestError, match=r"100-a is another surface at 7\.2 Å than at 5\.4 Å"):
        next(slabs)


@pytest.mark.parametrize(
    ("bulk", "options", "hint"),
    [
        (fcc("Cu", 3.6), {"termination": "q"}, "no termination q at 8.0 Å: choose one of a"),
        (fcc("Cu", 3.6), {"start": 20.0, "thickest": 10.0}, "the thinnest first"),
        (fcc("Cu", 3.6), {"start": 8.0, "thickest": 11.0}, "only 2 slabs between 8 and 11 Å"),
        (fcc("Cu", 3.6), {"thickest": 300.0}, "at most 200"),
        (fcc("Cu", 3.6), {"tolerance": 0.0}, "must be above 0"),
        (fcc("Cu", 3.6), {"fmax": -1.0}, "must be above 0"),
        (fcc("Cu", 3.6), {"vacuum": 0.0}, "lengths in Å"),
        (ordered_spinel(), {}, "EMT"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_calculated(tmp_path, bulk, options, hint):
    with pytest.raises(RequestError, match=hint):
        converge_thickness(bulk, (1, 0, 0), calculator="emt", study=tmp_path, **options)
    assert not list(tmp_path.iterdir())


ENGINE = """
from ase.calculators.emt import EMT

class Moody(EMT):
    def calculate(self, atoms, *rest):
        if len(atoms) in {bad}:
            raise RuntimeError("not this one")
        super().calculate(atoms, *rest)
"""


def test_a_slab_that_fails_is_left_out_and_named(in_tmp):
    (in_tmp / "moody_one.py").write_text(ENGINE.format(bad="(7,)"))
    found = converge_thickness(fcc("Cu", 3.6), (1, 0, 0), calculator="moody_one:Moody")
    assert [slab.slab.certificate.formula_units for slab in found.slabs] == [6, 8, 9, 10]
    assert [flag.split(":")[0] for flag in found.flags] == ["100-a of 10.8 Å left out"]


def test_too_few_slabs_end_the_growth(in_tmp):
    (in_tmp / "moody_all.py").write_text(ENGINE.format(bad="range(7, 99)"))
    with pytest.raises(
        CalculationError, match=r"only 1 slabs have an energy, a fit needs 3: 100-a"
    ):
        converge_thickness(fcc("Cu", 3.6), (1, 0, 0), calculator="moody_all:Moody")


def test_the_plan_names_the_bulk_all_terminations_and_three_slabs():
    chgnet = CalculatorSpec.parse("chgnet")
    first, *rest = plan_thickness(lithium_manganate(), (1, 0, 0), "a", chgnet)
    assert first.name == "relax bulk"
    assert [task.kind for task in rest] == ["static"] * 3 + ["relax"] * 3
    unnamed = plan_thickness(lithium_manganate(), (1, 0, 0), None, chgnet, relax=False)
    assert (
        len(unnamed)
        == 1
        + len(make_slabs(lithium_manganate(), (1, 0, 0), 8.0, reconstructions=RECONSTRUCTIONS))
        + 3
    )


def test_a_bulk_energy_that_disagrees_is_flagged():
    """Wrong by w eV per formula unit it shifts γ by N̄ w / 2A, with N̄ of the slabs in the fit."""
    right, wrong = series(), series(wrong_bulk=0.05)
    assert _doubts(right) == []
    assert wrong.gamma == right.gamma
    kept = [s.slab.certificate.formula_units for s in wrong.slabs[wrong.fit.dropped :]]
    shift = np.mean(kept) * 0.05 / (2 * AREA) * EV_PER_A2
    assert wrong.bulk_shift - right.bulk_shift == pytest.approx(-shift)
    assert wrong.bulk_difference - right.bulk_difference == pytest.approx(-0.05)
    (doubt,) = _doubts(wrong)
    assert f"{wrong.bulk_shift:+.3f} J/m²" in doubt


def test_thickness_returns_bit_for_bit(tmp_path):
    result = series(hump=0.4)
    save_thickness(result, tmp_path / "thickness.json")
    assert_same(load_thickness(tmp_path / "thickness.json"), result)
    document = json.loads((tmp_path / "thickness.json").read_text())
    assert len(document["bulks"]) == 1
    assert document["records"][0]["fits"][-1]["gamma_J_per_m2"] == result.gamma


def test_the_figure_says_what_it_shows():
    figure = plot_thickness(series(hump=0.4, tolerance=0.001))
    figure.canvas.draw()
    words = " ".join(" ".join(t.get_text() for t in figure.findobj(Text)).split())
    (axes,) = figure.axes
    assert "(Å)" in axes.get_xlabel()
    assert "(J/m²)" in axes.get_ylabel()
    for fact in ("toy 1.0", "0.8", "not within the tolerance of 0.001", "too thin for the fit"):
        assert fact in words
    assert len(axes.containers[0].lines[0].get_xdata()) == 4


def lnmo(*words, cwd):
    return subprocess.run(
        [*LNMO, *map(str, words)], cwd=cwd, capture_output=True, text=True, encoding="utf-8",
        check=False, timeout=300,
    )  # fmt: skip


def test_converge_from_the_command_line(tmp_path):
    fcc("Cu", 3.6).to(filename=str(tmp_path / "cu.cif"))
    words = ("converge", "cu.cif", "--facet", "111", "--calculator", "emt", "--workers", 1)
    plan = lnmo(*words, "--dry-run", "--json", cwd=tmp_path)
    assert len(json.loads(plan.stdout)) == 1 + 3 + 3
    assert [path.name for path in tmp_path.iterdir()] == ["cu.cif"]
    done = lnmo(*words, "--study", "s", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["converged"]
    assert found["error_J_per_m2"] <= found["tolerance_J_per_m2"] == 0.02
    assert [slab["formula_units"] for slab in found["slabs"]] == [5, 6, 7]
    shown = lnmo(*words, "--study", "s", cwd=tmp_path)
    assert f"{found['gamma_J_per_m2']:.4f}" in shown.stderr
    assert "111-a" in shown.stdout
    assert (tmp_path / "s" / "figures" / "thickness-111-a.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--facet", "000"), "000"),
        (("--facet", "100", "--termination", "zz"), "zz"),
        (("--facet", "100", "--tolerance", "0"), "above 0"),
        ((), "--facet"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(tmp_path, words, hint):
    done = lnmo("converge", *words, "--study", "s", cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("see ")]) == 1
    assert not list(tmp_path.iterdir())
