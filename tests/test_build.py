"""lnmo build: every kind of crystal, its record, and one line for what cannot be built."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program import lnmo

import lnmo_atoms as la
from lnmo_atoms.builders.symmetry import space_group


def built(tmp_path, *words):
    """The structure that the command writes, and the record beside it."""
    done = lnmo("build", *words, "-o", "x.cif", "-o", "POSCAR", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "x.build.json").read_text(encoding="utf-8"))
    assert record == json.loads((tmp_path / "POSCAR.build.json").read_text(encoding="utf-8"))
    structure = la.read(tmp_path / "x.cif")
    assert record["atoms"] == len(structure) == len(la.read(tmp_path / "POSCAR"))
    assert la.total_charge(structure) == pytest.approx(0, abs=1e-6)
    return structure, record


def ions(structure):
    return Counter(str(site.specie) for site in structure)


def test_the_record_says_what_was_done_and_repeats_it(tmp_path):
    words = ("disordered", "--method", "sqs", "--cell", 2, 2, 1, "--order", 0.5, "--seed", 5)
    structure, record = built(tmp_path, *words)
    assert record["seed"] == 5
    assert record["command"].endswith("--seed 5 -o x.cif -o POSCAR")
    assert record["disorder"]["order_parameter"] == pytest.approx(la.order_parameter(structure))
    head = (tmp_path / "x.cif").read_text(encoding="utf-8").split("data_")[0]
    assert "--method sqs" in head
    assert "seed 5" in head
    assert "long-range order S = 0.5" in head
    again, _ = built(tmp_path, *words)
    assert again == structure
    other, _ = built(tmp_path, *words[:-1], 6)
    assert other != structure


def test_delithiated_cells_hold_ni4(tmp_path):
    structure, record = built(tmp_path, "ordered", "--lithium", 0)
    assert ions(structure) == {"Ni4+": 4, "Mn4+": 12, "O2-": 32}
    assert record["space_group"] == "P4_332"
    half, _ = built(tmp_path, "ordered", "--lithium", 0.5, "--seed", 1)
    assert ions(half) == {"Li+": 4, "Ni3+": 4, "Mn4+": 12, "O2-": 32}


def test_an_oxygen_vacancy_has_its_two_mn3_beside_it(tmp_path):
    structure, _ = built(tmp_path, "ordered", "--oxygen-vacancies", 1, "--seed", 3)
    assert ions(structure) == {"Li+": 8, "Ni2+": 4, "Mn3+": 2, "Mn4+": 10, "O2-": 31}
    full = la.ordered_spinel()
    (gone,) = set(range(len(full))) - set(structure.site_properties["bulk_site"])
    place = full[gone].frac_coords
    near = [s for s in structure if str(s.specie) == "Mn3+"]
    assert max(s.distance_and_image_from_frac_coords(place)[0] for s in near) < 2.1


def test_jahn_teller_bonds_are_long_along_the_axis(tmp_path):
    structure, _ = built(tmp_path, "limn2o4", "--mn3", "far", "--jahn-teller", "z")
    assert ions(structure) == {"Li+": 8, "Mn3+": 8, "Mn4+": 8, "O2-": 32}
    for site in structure:
        if str(site.specie) == "Mn3+":
            bonds = [n.coords - site.coords for n in structure.get_neighbors(site, 2.6)]
            longest = max(bonds, key=lambda bond: bond @ bond)
            assert abs(longest).argmax() == 2


def test_antisites_and_other_orderings(tmp_path):
    structure, _ = built(tmp_path, "ordered", "--antisites", 2)
    assert la.order_parameter(structure) == pytest.approx(1 - 2 / 4 / 0.75)
    primitive, record = built(tmp_path, "ordered", "--number", 22, "--primitive")
    assert (record["atoms"], record["space_group"]) == (14, "R-3m")
    assert space_group(primitive).number == 166


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("ordered", "--order", 0.5), "lnmo build disordered"),
        (("average", "--number", 3), "lnmo build ordered"),
        (("ordered", "--number", 23), "1 to 22"),
        (("ordered", "--number", 2, "--enantiomorph"), "leave one out"),
        (("ordered", "--lithium", 0.3), "0.25"),
        (("ordered", "--lithium", 1.5), "between 0 and"),
        (("ordered", "--oxygen-vacancies", 33), "has 32"),
        (("ordered", "--oxygen-vacancies", 20), "oxygen"),
        (("ordered", "--antisites", -1), "greater than or equal to 0"),
        (("disordered", "--seed", -3), "greater than or equal to 0"),
        (("limn2o4", "--antisites", 1), "has 0"),
        (("average", "-o", "POSCAR"), "partially occupied"),
        (("ordered", "-o", "no/such/x.vasp"), "no folder"),
        (("limn2o4", "--mn3", "near"), "no vacancy"),
        (("average", "--lithium", 0.5), "partially occupied"),
        (("disordered", "--order", 1.2), "0 to 1"),
        (("disordered", "--method", "best"), "sqs"),
    ],
)
def test_what_cannot_be_built_gets_one_line(tmp_path, words, hint):
    done = lnmo("build", *words, "-o", "x.cif", cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=30)
@given(
    removed=st.integers(0, 8),
    vacancies=st.integers(0, 4),
    antisites=st.integers(0, 4),
    mn3=st.sampled_from(["far", "random", None]),
    seed=st.integers(0, 99),
)
def test_random_defects_keep_the_cell_neutral(removed, vacancies, antisites, mn3, seed):
    options = {"oxygen_vacancies": vacancies, "antisites": antisites, "mn3": mn3, "seed": seed}
    bulk = la.ordered_spinel()
    found = la.with_random_defects(bulk, lithium=1 - removed / 8, **options)
    formula = found.composition.element_composition
    assert formula.as_dict() == pytest.approx(
        {"Li": 8 - removed, "Ni": 4, "Mn": 12, "O": 32 - vacancies}
        if removed < 8
        else {"Ni": 4, "Mn": 12, "O": 32 - vacancies}
    )
    assert la.total_charge(found) == 0
    elsewhere = [
        bulk[site.properties["bulk_site"]].specie.symbol != site.specie.symbol for site in found
    ]
    assert sum(elsewhere) == 2 * antisites
    for site in found:
        origin = bulk[site.properties["bulk_site"]]
        assert site.coords == pytest.approx(origin.coords)
    assert la.with_random_defects(bulk, lithium=1 - removed / 8, **options) == found
