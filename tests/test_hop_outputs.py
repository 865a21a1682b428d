"""What a user sees of migration results: rows, files, tables, diffusivities."""

import csv
import itertools
import json
from collections import Counter
from dataclasses import replace
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Species
from synthetic import (
    ENGINE,
    disordered_results,
    hop_result,
    intermediate_result,
    lnmo_surfaces,
    midpoint_result,
)

from lnmo_atoms.analyzers.facets import compare_facets
from lnmo_atoms.analyzers.hop_rows import hop_notes, hop_row, octahedron_image
from lnmo_atoms.analyzers.rings import random_probability, ring_groups
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.cli.diffusion_outputs import (
    Curve,
    parse_temperatures,
    show_diffusion,
    study_labels,
    write_diffusion,
)
from lnmo_atoms.cli.hop_outputs import LONGEST_TABLE, show_hops, write_hops
from lnmo_atoms.cli.outputs import write_comparison

BULK = ordered_spinel()


def rows_of(results):
    return [hop_row(result) for result in results]


def test_a_row_says_how_the_barrier_was_found_and_proved():
    row = hop_row(midpoint_result()).as_row()
    assert row["barrier_eV"] == row["barrier_reverse_eV"] == row["octahedron_energy_eV"] == 0.216
    assert row["method"] == "symmetric midpoint"
    assert row["mode"] == "one vacancy"
    assert row["octahedron"] == "saddle"
    assert row["lowest_curvature_eV_per_A2"] == -1.4
    assert row["second_curvature_eV_per_A2"] == 0.6
    assert row["proved"] is True
    assert (row["path_calls"], row["proof_calls"]) == (18, 12)
    assert row["ring_in_cyclic_order"] == ["Ni2+", *["Mn4+"] * 5]


@pytest.mark.parametrize(
    ("curvatures", "proved"),
    [((-1.4, 0.6), True), ((-1.4, -0.1), False), ((0.2, 0.6), False), (None, False)],
)
def test_one_negative_curvature_proves_a_saddle_and_nothing_else_does(curvatures, proved):
    given = None if curvatures is None else np.array(curvatures)
    assert hop_row(hop_result(curvatures=given)).proved is proved


def test_segments_are_told_by_the_sites_they_join():
    row = hop_row(intermediate_result(end=0.04, second=0.21))
    assert row.segments == (
        "8c–octahedron 0.189 eV, back 0.109 eV",
        "octahedron–8c 0.130 eV, back 0.170 eV",
    )
    elsewhere = replace(intermediate_result(), octahedron_energy=np.nan)
    assert "8c–minimum at 1.8 Å" in hop_row(elsewhere).segments[0]


def test_of_images_with_one_energy_the_middle_one_is_the_octahedron():
    result = hop_result()
    flat = replace(result, energies=np.full(7, 0.1), octahedron_energy=0.1)
    assert octahedron_image(flat) == 3
    assert octahedron_image(replace(result, octahedron_energy=np.nan)) is None


def test_notes_name_few_hops_and_count_many():
    few = hop_notes(rows_of([midpoint_result(), hop_result("4a", converged=False)]))
    assert few == ["the barrier of 8c–4a–8c is not final: not converged"]
    many = [hop_result(converged=False, curvatures=None)] * 5
    assert all("5 of 5 hops" in line for line in hop_notes(rows_of(many)))
    alike = [midpoint_result(), midpoint_result(), hop_result(converged=False)]
    assert "1 of 3 hops" in hop_notes(rows_of(alike))[0]


@given(st.permutations(range(32)))
@settings(max_examples=10, deadline=None)
def test_rings_hold_every_hop_once_and_count_the_cells(order):
    results = disordered_results(32)
    groups = ring_groups(rows_of([results[i] for i in order]))
    assert sum(len(group.hops) for group in groups) == 32
    assert sum(group.number for group in groups) == sum(r.converged for r in results)
    nickel = [group.counts["Ni2+"] for group in groups]
    assert nickel == sorted(set(nickel))
    for group in groups:
        kept = [
            (r.barrier + r.barrier_reverse) / 2
            for r in results
            if r.converged and r.hop.ring.count("Ni2+") == group.counts["Ni2+"]
        ]
        assert group.mean == pytest.approx(np.mean(kept))
        assert group.median == pytest.approx(np.median(kept))
        assert group.deviation == pytest.approx(np.std(kept))


def test_a_hop_counts_as_often_as_the_cell_has_it():
    rare, often = midpoint_result(barrier=0.3), midpoint_result(barrier=0.2)
    rare = replace(rare, hop=replace(rare.hop, multiplicity=4))
    (group,) = ring_groups(rows_of([rare, often]))
    assert group.number == 16
    assert group.mean == pytest.approx((4 * 0.3 + 12 * 0.2) / 16)
    assert group.median == pytest.approx(0.2)


def test_shares_of_rings_in_a_random_crystal_are_binomial():
    for nickel in range(7):
        ring = Counter({"Ni2+": nickel, "Mn4+": 6 - nickel})
        assert random_probability(ring, BULK) == pytest.approx(
            comb(6, nickel) * 0.25**nickel * 0.75 ** (6 - nickel)
        )


def test_shares_with_three_ions_agree_with_all_rings_counted():
    crystal = BULK.copy()
    for site in [i for i, s in enumerate(BULK) if s.specie.symbol == "Mn"][:3]:
        crystal[site] = Species("Mn", 3)
    shares = {"Ni2+": 4 / 16, "Mn3+": 3 / 16, "Mn4+": 9 / 16}
    found = Counter()
    for ring in itertools.product(shares, repeat=6):
        found[tuple(sorted(Counter(ring).items()))] += np.prod([shares[ion] for ion in ring])
    assert len(found) == 28
    for ring, probability in found.items():
        assert random_probability(Counter(dict(ring)), crystal) == pytest.approx(probability)


def test_files_of_hops(tmp_path):
    bad = replace(hop_result("4a", converged=False), barrier=np.nan, curvatures=None)
    results = [midpoint_result(), bad, intermediate_result()]
    rows = write_hops(tmp_path, results, "a toy: trust nothing")
    assert rows == rows_of(results)
    with (tmp_path / "migration.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [line["hop"] for line in table] == [row.label for row in rows]
    assert [line["barrier_eV"] for line in table] == ["0.216", "", "0.19"]
    document = json.loads((tmp_path / "migration.json").read_text(encoding="utf-8"))
    assert document["hops"] == [row.as_row() for row in rows]
    assert document["trust"] == "a toy: trust nothing"
    assert len(document["notes"]) == 2
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == ["hops.png", "rings.png"]


def test_hops_between_the_same_sites_keep_their_images_apart(tmp_path):
    write_hops(tmp_path, [midpoint_result(), hop_result()], "")
    folders = sorted((tmp_path / "structures").iterdir())
    assert [len(list(folder.glob("*.vasp"))) for folder in folders] == [3, 7]


def test_a_comparison_draws_its_hops_too(tmp_path):
    write_comparison(tmp_path, lnmo_surfaces()[:1], disordered_results(24), "")
    assert {"hops.png", "rings.png", "comparison.png"} <= {
        p.name for p in (tmp_path / "figures").iterdir()
    }


def test_the_table_names_proof_role_and_cost(capsys):
    unproved = replace(midpoint_result("4a", 0.271), curvatures=None)
    show_hops(rows_of([midpoint_result(), unproved, intermediate_result()]))
    shown = capsys.readouterr()
    assert f"Hops by {ENGINE}: one vacancy" in shown.out
    first, second, third = (
        next(line.split() for line in shown.out.splitlines() if f"–{site}–" in line)
        for site in ("12d", "4a", "16c")
    )
    assert first[1:] == [
        *("×12", "1Ni", "5Mn", "0.216", "0.216", "saddle", "yes", "−1.4", "30", "yes"),
    ]
    assert "no" in second
    assert "0.080" in third
    assert "minimum" in shown.out
    assert "8c–octahedron 0.189 eV" in shown.err
    assert max(map(len, shown.out.splitlines())) <= 80


def test_many_hops_are_shown_by_ring(capsys):
    results = disordered_results(LONGEST_TABLE + 12)
    show_hops(rows_of(results))
    shown = capsys.readouterr()
    groups = ring_groups(rows_of(results))
    lines = [line.split() for line in shown.out.splitlines()]
    for group in groups:
        nickel = group.counts["Ni2+"]
        name = [f"{nickel}Ni"] * (nickel > 0) + [f"{6 - nickel}Mn"] * (nickel < 6)
        (line,) = [line for line in lines if line[: len(name)] == name]
        numbers = (group.barriers.min(), group.median, group.barriers.max())
        expected = [str(len(group.hops)), *(f"{number:.3f}" for number in numbers)]
        assert line[len(name) : len(name) + 4] == expected
    assert "every hop stands in the CSV table" in shown.err


def test_charges_are_named_where_an_element_has_two(capsys):
    result = midpoint_result()
    mixed = replace(result, hop=replace(result.hop, ring=("Ni2+", "Mn3+", *["Mn4+"] * 4)))
    show_hops(rows_of([mixed]))
    assert "1Ni 1Mn3+" in capsys.readouterr().out


def test_a_comparison_has_the_same_rows():
    results = [midpoint_result(), hop_result("4a")]
    assert list(compare_facets([], results).hops) == rows_of(results)


def test_temperatures_are_two_numbers():
    assert parse_temperatures("250,600") == pytest.approx(np.arange(250, 601, 50))
    for wrong in ("", "300", "600,250", "0,300", "a,b", "1,2,3", "300,inf", "nan,300"):
        with pytest.raises(RequestError, match="--temperatures"):
            parse_temperatures(wrong)


def test_studies_named_alike_are_told_apart(tmp_path):
    assert study_labels([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    alike = [tmp_path / "x" / "a", tmp_path / "y" / "a"]
    assert study_labels(alike) == [str(path) for path in alike]


def diffusion_curve(label="ordered", energy=0.25, **changes):
    kelvin = np.linspace(250, 600, 8)
    values = {
        "label": label,
        "engine": ENGINE,
        "mode": "one vacancy",
        "carrier": "vacancy",
        "temperatures": kelvin,
        "diffusivities": 1e-3 * np.exp(-energy / (8.617333262e-5 * kelvin)),
        "activation_energies": np.full(8, energy),
        "activation_energy": energy,
        "mobile": "Li",
        "frequencies": (1e13, 1e13),
        "frequency_source": "assumed",
    }
    return Curve(**(values | changes))


def test_diffusivities_are_drawn_written_and_shown(tmp_path, capsys):
    closed = diffusion_curve(
        "closed",
        diffusivities=np.zeros(8),
        activation_energies=np.full(8, np.nan),
        activation_energy=np.nan,
        flags=("the hops do not percolate",),
    )
    simulated = diffusion_curve(
        "simulated", tracer=np.full(8, 1e-9), tracer_errors=np.full(8, 2e-11)
    )
    curves = [diffusion_curve(), closed, simulated]
    numbers = write_diffusion(curves, "trust nothing", tmp_path / "d.png")
    assert numbers == tmp_path / "d.json"
    assert (tmp_path / "d.png").stat().st_size > 5000
    document = json.loads(numbers.read_text(encoding="utf-8"))
    first, second, third = document["curves"]
    assert first["temperatures_K"] == pytest.approx(np.arange(250, 601, 50))
    assert first["activation_energy_eV"] == 0.25
    assert first["attempt_frequency_source"] == "assumed"
    assert first["tracer_diffusivities_cm2_per_s"] is None
    assert second["activation_energies_eV"] == [None] * 8
    assert third["tracer_diffusivities_cm2_per_s"] == [1e-9] * 8
    show_diffusion(curves, "trust nothing")
    shown = capsys.readouterr()
    assert "ordered: one vacancy, activation energy 0.250 eV" in shown.out
    assert "1.00e-09 ± 2e-11" in shown.out
    assert "closed: the hops do not percolate" in shown.err
    assert "trust nothing" in shown.err
