"""Energies of orderings: against counted pairs, with failures and interruptions; ranks."""

import json
import re
from dataclasses import replace
from itertools import count, pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from pymatgen.core import Element
from test_records import assert_same
from toy_engines import Alloy

from lnmo_atoms.analyzers.ranking import decorations, rank_orderings
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.orderings import enumerate_orderings, sample_orderings
from lnmo_atoms.builders.spinel import average_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.ordering_energies import ordering_energies, plan_orderings
from lnmo_atoms.plots import plot_orderings
from lnmo_atoms.plots.ranking import spread
from lnmo_atoms.records import ORDERINGS_FILE, load_orderings, save_orderings
from lnmo_atoms.store import Study, status_of

PAIR, STIFFNESS, REST = 0.1, 2.0, 9.9
"""eV, eV and Å³ per atom of the toy engine."""


@pytest.fixture(scope="module")
def orderings():
    return list(enumerate_orderings())


@pytest.fixture(scope="module")
def results(orderings):
    return ordering_energies(orderings, "toy_engines:Alloy")


def toy(**options):
    return CalculatorSpec.parse("toy_engines:Alloy", **options)


def nickel_pairs(structure):
    """Pairs of nickel neighbours per formula unit, counted by pymatgen."""
    nickel = structure.copy()
    nickel.remove_species([sp for sp in structure.composition if sp.symbol != "Ni"])
    return len(nickel.get_neighbor_list(3.6)[0]) / 2 / (len(structure) / 7)


def test_energies_are_the_engines_whatever_the_cell(orderings, results):
    """J for each pair; as built the strain adds 7 K/2 ln²(V/V₀) per formula unit."""
    assert len(results) == 22
    for result, (structure, degeneracy) in zip(results, orderings, strict=True):
        pairs = PAIR * nickel_pairs(structure)
        strain = np.log(structure.volume / len(structure) / REST)
        assert result.structure is structure
        assert result.degeneracy == degeneracy
        assert result.energy_per_formula == pytest.approx(pairs, abs=1e-6)
        as_built = pairs + 7 * STIFFNESS / 2 * strain**2
        assert result.energy_unrelaxed_per_formula == pytest.approx(as_built, abs=1e-9)
        assert result.volume_per_formula == pytest.approx(7 * REST, rel=1e-3)
        assert result.converged
        assert result.flags == ()


def test_small_cells_are_calculated_and_unfolded(results):
    """Lattice translations kept by an ordering divide its cell: 56 atoms, 28 or 14."""
    sizes = {result.atoms_calculated for result in results}
    assert sizes == {14, 28, 56}
    for result in results:
        relaxed, built = result.relaxed, result.structure
        assert relaxed.species == built.species
        assert relaxed.site_properties == built.site_properties
        assert result.relaxed_space_group.number == result.space_group.number
        # the toy's forces are nil, so that the crystal only swells
        swelling = (relaxed.volume / built.volume) ** (1 / 3)
        assert relaxed.lattice.matrix == pytest.approx(swelling * built.lattice.matrix, abs=1e-4)
        shift = relaxed.frac_coords - built.frac_coords
        assert np.abs(shift - np.rint(shift)).max() < 1e-6


def test_energy_of_a_small_cell_is_that_of_the_whole_one(orderings):
    structure, degeneracy = min(orderings, key=lambda o: o[1])
    repeated = structure.copy()
    repeated.make_supercell((1, 1, 2), to_unit_cell=True)
    small, large = ordering_energies([(structure, degeneracy), (repeated, 1)], "toy_engines:Alloy")
    assert small.atoms_calculated == large.atoms_calculated
    assert large.energy_per_formula == pytest.approx(small.energy_per_formula, abs=1e-9)
    assert large.volume_per_formula == pytest.approx(small.volume_per_formula)
    assert len(large.relaxed) == 2 * len(small.relaxed)


def test_a_study_calculates_nothing_twice(tmp_path, orderings):
    notes, study = tmp_path / "notes", tmp_path / "study"
    first = ordering_energies(orderings[:3], toy(notes=str(notes)), study)
    done = notes.read_text()
    seen = []
    again = ordering_energies(
        orderings[:4], toy(notes=str(notes)), study, progress=lambda e: seen.append(e.status)
    )
    assert seen.count("cached") == 6
    assert notes.read_text().startswith(done)
    assert [r.energy_per_formula for r in again[:3]] == [r.energy_per_formula for r in first]
    assert_same(load_orderings(study / ORDERINGS_FILE)[3], again[3])
    names = [state.name for state in status_of(study)]
    assert len(names) == 8
    assert sum(name.startswith("relax ordering") for name in names) == 4


def test_a_study_gathers_its_orderings(tmp_path, orderings):
    """In whatever order they come, each once, with the energies of one run of all."""
    samples = sample_orderings(2, (1, 1, 2))
    ordering_energies(orderings[:3], toy(), tmp_path)
    again = ordering_energies([*samples, orderings[1]], toy(), tmp_path)
    ordering_energies([orderings[4], orderings[1], orderings[4]], toy(), tmp_path)
    gathered = load_orderings(tmp_path / ORDERINGS_FILE)
    assert [result.number for result in gathered] == [1, 2, 3, 4, 5, 6]
    assert [result.number for result in again] == [4, 5, 2]
    alone = ordering_energies([*orderings[:3], *samples, orderings[4]], toy())
    assert [r.energy_per_formula for r in gathered] == [r.energy_per_formula for r in alone]
    assert [r.degeneracy for r in gathered] == [r.degeneracy for r in alone]
    done = [state.name for state in status_of(tmp_path)]
    assert len(done) == len(set(done)) == 12


def test_a_damaged_record_is_named_and_made_anew_without_calculating(tmp_path, orderings):
    first = ordering_energies(orderings[:2], toy(), tmp_path)
    (tmp_path / ORDERINGS_FILE).write_text("{")
    with pytest.raises(RequestError, match="move it away and repeat"):
        ordering_energies(orderings[:2], toy(), tmp_path)
    (tmp_path / ORDERINGS_FILE).unlink()
    seen = []
    again = ordering_energies(
        orderings[:2], toy(), tmp_path, progress=lambda event: seen.append(event.status)
    )
    assert set(seen) == {"cached"}
    assert [r.energy_per_formula for r in again] == [r.energy_per_formula for r in first]


def test_what_failed_gets_its_number_when_it_succeeds(tmp_path, orderings, monkeypatch):
    calls = count()

    def give_up_at_once(alloy, *given):
        if not next(calls):
            raise RuntimeError("the engine gave up")
        calculate(alloy, *given)

    calculate = Alloy.calculate
    monkeypatch.setattr(Alloy, "calculate", give_up_at_once)
    first = [result.number for result in ordering_energies(orderings[:4], toy(), tmp_path)]
    assert len(first) == 3
    second = ordering_energies(orderings[:5], toy(), tmp_path)
    assert [result.number for result in second] == [1, 2, 3, 4, 5]
    assert [r.number for r in load_orderings(tmp_path / ORDERINGS_FILE)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (
            {"calculator": CalculatorSpec.parse("toy_engines:Alloy", stiffness=3.0)},
            "other options of the engine",
        ),
        ({"fmax": 0.01}, "with another fmax"),
        ({"calculator": "toy_engines:Ledger"}, "by toy_engines:Alloy, not toy_engines:Ledger"),
        ({"orderings": [(lithium_manganate(), 1)]}, "of Li2Mn3NiO8, not LiMn2O4"),
    ],
)
def test_what_cannot_be_compared_is_no_part_of_a_study(tmp_path, orderings, change, hint):
    request = {"orderings": orderings[:1], "calculator": toy()}
    ordering_energies(**request, study=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RequestError, match=hint):
        ordering_energies(**request | change, study=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_ordering_that_fails_is_missing_and_named(tmp_path, orderings, results):
    crowded = max(nickel_pairs(structure) for structure, _ in orderings)
    lost = [r.number for r in results if nickel_pairs(r.structure) == pytest.approx(crowded)]
    kept = ordering_energies(orderings, toy(fail=crowded), tmp_path)
    assert lost
    assert [r.number for r in kept] == [n for n in range(1, 23) if n not in lost]
    failures = Study(tmp_path).failures()
    assert len(failures) == 2 * len(lost)
    assert {failure.cause for failure in failures} == {"RuntimeError: the engine gave up"}
    # with decorations missing, no mean is called that of a random crystal
    notes = " ".join(rank_orderings(kept).notes)
    assert "at random" not in notes
    assert f"{sum(r.degeneracy for r in kept):,} of 1,820 decorations" in notes


def test_ranks_follow_the_energies(results):
    ranking = rank_orderings(results, "a toy")
    energies = [row.energy for row in ranking.rows]
    assert energies[0] == 0
    assert all(low <= high for low, high in pairwise(energies))
    assert [row.rank for row in ranking.rows] == list(range(1, 23))
    assert sorted(row.rank_unrelaxed for row in ranking.rows) == list(range(1, 23))
    assert sum(row.is_p4332 for row in ranking.rows) == 1
    (ordered,) = (row for row in ranking.rows if row.is_p4332)
    assert ordered.degeneracy == 8
    assert ordered.energy == pytest.approx(0, abs=0.01)  # no two of its nickel are neighbours
    assert ranking.trust == "a toy"


def test_the_random_mean_is_that_of_independent_pairs(results):
    """Of 48 neighbour pairs per cell of 16 sites, 4·3/(16·15) are of nickel, in 8 formula units."""
    (note,) = (n for n in rank_orderings(results).notes if "at random" in n)
    mean = float(note.split("at random ")[1].split()[0])
    assert mean == pytest.approx(1000 * PAIR * 48 * (4 * 3) / (16 * 15) / 8, abs=0.1)
    assert "22 orderings of 56 atoms, all 1,820 decorations" in note
    assert decorations(results[0]) == comb(16, 4) == sum(r.degeneracy for r in results)


def test_what_did_not_converge_is_never_ranked(results):
    ordered = next(r for r in results if r.space_group.number in (212, 213))
    others = [r for r in results if r is not ordered]
    ranking = rank_orderings([replace(ordered, converged=False), *others])
    assert ranking.rows[-1].rank is None
    assert ranking.rows[-1].is_p4332
    assert "did not converge" in ranking.notes[0]
    assert "is not among these" in rank_orderings(others).notes[0]


def test_p4332_above_the_lowest_is_said(results):
    ordered = next(r for r in results if r.space_group.number in (212, 213))
    raised = replace(ordered, energy_per_formula=ordered.energy_per_formula + 0.005)
    others = [r for r in results if r is not ordered]
    (row,) = (row for row in rank_orderings([raised, *others]).rows if row.is_p4332)
    note = rank_orderings([raised, *others]).notes[0]
    assert f"rank {row.rank}" in note
    assert f"{row.energy:.1f} meV per formula unit above" in note


def test_orderings_return_bit_for_bit(tmp_path, results):
    save_orderings(results[:2], tmp_path / ORDERINGS_FILE)
    for one, other in zip(load_orderings(tmp_path / ORDERINGS_FILE), results, strict=False):
        assert_same(one, other)
    record = json.loads((tmp_path / ORDERINGS_FILE).read_text())["records"][0]
    assert record["energy_eV_per_formula_unit"] == results[0].energy_per_formula


def test_the_plan_names_what_is_done(orderings):
    tasks = plan_orderings(orderings, CalculatorSpec.parse("chgnet"))
    assert [task.kind for task in tasks] == ["static", "relax"] * 22
    assert {len(task.structures[0]) for task in tasks} == {14, 28, 56}
    assert any(task.name.endswith("P4_332") for task in tasks)


@pytest.mark.parametrize(
    ("given_orderings", "options", "hint"),
    [
        ([], {}, "no ordering"),
        ([(average_spinel(), 1)], {}, "partially occupied"),
        ([(ordered_spinel(), 8), (lithium_manganate(), 1)], {}, "cannot be compared"),
        ([(ordered_spinel(), 8)], {"calculator": "emt"}, "EMT"),
        ([(ordered_spinel(), 8)], {"fmax": 0.0}, "above 0"),
    ],
)
def test_wrong_requests_are_refused_first(tmp_path, given_orderings, options, hint):
    with pytest.raises(RequestError, match=hint):
        ordering_energies(given_orderings, study=tmp_path / "study", **options)
    assert not list(tmp_path.iterdir())


def test_a_crystal_without_oxygen_has_no_formula_unit():
    metal = ordered_spinel()
    metal.remove_species([sp for sp in metal.composition if sp.element == Element("O")])
    with pytest.raises(RequestError, match="no oxygen"):
        ordering_energies([(metal, 1)], "toy_engines:Alloy")


def test_the_figure_names_every_level(results):
    figure = plot_orderings(rank_orderings(results))
    figure.canvas.draw()
    words = [text.get_text() for text in figure.findobj(Text)]
    assert "P4$_3$32 ×8" in words
    assert r"R$\bar{3}$m ×4" in words
    assert sum(bool(re.search(r" ×\d", word)) for word in words) == 22
    assert any("meV per formula unit" in word for word in words)
    empty = plot_orderings(rank_orderings([]))
    assert any("no orderings" in text.get_text() for text in empty.findobj(Text))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.floats(0.1, 20))
def test_labels_are_moved_apart_around_their_levels(heights, gap):
    heights = np.sort(heights)
    moved = spread(heights, gap)
    assert (np.diff(moved) > gap - 1e-6).all()
    assert (moved >= 0).all()
    if (np.diff(heights) >= gap).all():
        assert moved == pytest.approx(heights)
    if moved[0] > 0:  # no label was stopped at the bottom
        assert moved.mean() == pytest.approx(heights.mean(), abs=1e-6)


@pytest.mark.physics
def test_chgnet_puts_p4332_below_r3m(tmp_path, orderings):
    """R-3m, one nickel in 14 atoms, is the lowest as built; relaxation turns that round."""
    few = [(structure, degeneracy) for structure, degeneracy in orderings if degeneracy in (4, 8)]
    found = ordering_energies(few, study=tmp_path, executor="processes")
    ordered = next(r for r in found if r.space_group.number in (212, 213))
    rhombohedral = next(r for r in found if r.space_group.number == 166)
    assert rhombohedral.atoms_calculated == 14
    assert rhombohedral.energy_unrelaxed_per_formula < ordered.energy_unrelaxed_per_formula
    assert ordered.energy_per_formula < rhombohedral.energy_per_formula - 0.02
    assert ordered.relaxed.lattice.a == pytest.approx(8.312, abs=0.005)
