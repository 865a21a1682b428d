"""Files and conversions: what goes in comes out, and what cannot is said in one line."""

import json
import logging
import tempfile
from itertools import pairwise
from pathlib import Path

import ase.io
import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.constraints import FixAtoms, FixCartesian, FixScaled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core import Element, Lattice, Species, Structure
from pymatgen.io.cif import CifParser
from pymatgen.io.vasp import Poscar

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.formats import magmom_line, poscar_order, read, to_atoms, to_structure, write

QUICK = settings(deadline=None, max_examples=40)
FUZZ = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

ORDERED = {
    "ordered": ordered_spinel,
    "enantiomorph": lambda: ordered_spinel(enantiomorph=True),
    "disordered": lambda: disordered_spinel(nickel=0.25, seed=4),
    "lithium manganate": lithium_manganate,
}
BUILDERS = ORDERED | {"average": average_spinel}
FILES = {
    "cif": "x.cif",
    "poscar": "POSCAR",
    "extxyz": "x.extxyz",
    "json": "x.json",
    "ase-json": "x.ase.json",
}

# --- random structures -------------------------------------------------------------------------

ELEMENTS = ["Li", "Ni", "Mn", "O", "C", "N", "Co"]
LENGTH = st.floats(3.0, 30.0)
ANGLE = st.floats(70.0, 110.0)
FRACTION = st.integers(-15_000, 15_000).map(lambda n: n / 10_000)
CHARGE = st.sampled_from([-2, -1, 0, 1, 2, 3, 3.5, 4, 2.6667])
MOMENT = st.integers(-500, 500).map(lambda n: n / 100)


@st.composite
def structures(draw, partial=False, words=("oxygen", "8a", "16d")):
    """Any cell, charged or not, with or without moments and properties, vacancies if partial."""
    lattice = Lattice.from_parameters(*draw(st.tuples(*[LENGTH] * 3, *[ANGLE] * 3)))
    n = draw(st.integers(1, 8))
    charged = draw(st.booleans())

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    def occupants(symbols, charges, amounts):
        names = [
            Species(s, q) if charged else Element(s) for s, q in zip(symbols, charges, strict=True)
        ]
        return dict(zip(names, amounts, strict=False))

    if partial:
        amounts = st.sampled_from([[1.0], [0.25, 0.75], [0.5], [0.125, 0.3], [1 / 3, 2 / 3]])
        pair = st.lists(st.sampled_from(ELEMENTS), min_size=2, max_size=2, unique=True)
        species = column(st.builds(occupants, pair, st.tuples(CHARGE, CHARGE), amounts))
    else:
        one = st.tuples(st.sampled_from(ELEMENTS))
        species = column(st.builds(occupants, one, st.tuples(CHARGE), st.just([1.0])))
    properties = {}
    if draw(st.booleans()):
        properties["magmom"] = column(MOMENT)
    if draw(st.booleans()):
        properties["role"] = column(st.sampled_from(words))
    if draw(st.booleans()):
        properties["bulk_site"] = column(st.integers(-1, 10**6))
    positions = column(st.tuples(FRACTION, FRACTION, FRACTION))
    return Structure(lattice, species, positions, site_properties=properties)


def there_and_back(structure, name):
    with tempfile.TemporaryDirectory() as folder:
        write(structure, Path(folder, name))
        assert [path.name for path in Path(folder).iterdir()] == [name]  # no leftovers
        return read(Path(folder, name))


def assert_same(found, expected, order=None, properties=None):
    """Same sites, in the same order, same species, occupancies, charges, moments, unwrapped."""
    order = range(len(expected)) if order is None else order
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.lattice.parameters, expected.lattice.parameters, atol=1e-7)
    np.testing.assert_allclose(found.frac_coords, expected.frac_coords[order], atol=1e-7)
    for site, i in zip(found, order, strict=True):
        assert site.species == expected[i].species
        wanted = expected[i].properties
        if properties is not None:
            wanted = {name: wanted[name] for name in properties if name in wanted}
        assert site.properties == wanted


@given(structures())
@QUICK
def test_conversion_to_atoms_and_back_keeps_everything(structure):
    atoms = to_atoms(structure)
    assert to_structure(atoms) == structure
    assert_same(to_structure(atoms), structure)
    assert atoms.has("initial_magmoms") == ("magmom" in structure.site_properties)
    assert atoms.has("initial_charges") == isinstance(structure[0].specie, Species)
    np.testing.assert_allclose(atoms.positions, structure.cart_coords)


@pytest.mark.parametrize("kind", ["cif", "json", "extxyz", "ase-json"])
@given(st.data())
@QUICK
def test_round_trip_of_random_structures(kind, data):
    structure = data.draw(structures(partial=kind in ("cif", "json")))
    assert_same(there_and_back(structure, FILES[kind]), structure)


@given(structures())
@QUICK
def test_poscar_round_trip_sorts_into_stable_blocks(structure):
    order = poscar_order(structure)
    symbols = [structure[i].specie.symbol for i in order]
    blocks = list(dict.fromkeys(site.specie.symbol for site in structure))
    assert symbols == sorted(symbols, key=blocks.index)
    assert all(
        a < b
        for a, b in pairwise(order)
        if structure[a].specie.symbol == structure[b].specie.symbol
    )
    assert_same(there_and_back(structure, "POSCAR"), structure, order, properties=["magmom"])


@given(structures(partial=True, words=("two words", "x'", 'say "a"', ".", "", "a#b", "data_", ";")))
@QUICK
def test_no_string_breaks_a_cif(structure):
    back = there_and_back(structure, "x.cif")
    assert_same(back, structure, properties=set(back[0].properties))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", BUILDERS)
def test_builders_round_trip(name, kind):
    structure = BUILDERS[name]()
    if name == "average" and kind not in ("cif", "json"):
        with pytest.raises(RequestError, match=r"partially occupied.*disordered_spinel"):
            there_and_back(structure, FILES[kind])
        return
    back = there_and_back(structure, FILES[kind])
    if kind == "poscar":
        assert_same(back, structure, poscar_order(structure), properties=["magmom"])
    else:
        assert_same(back, structure)
        assert back == structure


# --- charges, moments and constraints ----------------------------------------------------------


def test_no_charge_is_not_charge_zero_and_no_moment_not_moment_zero():
    bare = Atoms("NiO", positions=[[0, 0, 0], [2, 0, 0]], cell=[4, 4, 4], pbc=True)
    assert to_structure(bare)[0].specie == Element("Ni")
    assert "magmom" not in to_structure(bare).site_properties
    bare.set_initial_charges([0, 0])
    bare.set_initial_magnetic_moments([0, 0])
    structure = to_structure(bare)
    assert structure[0].specie == Species("Ni", 0)
    assert structure.site_properties["magmom"] == [0, 0]
    assert_same(there_and_back(structure, "x.cif"), structure)


def test_half_charged_and_half_magnetic_structures_are_refused_as_atoms():
    lattice = Lattice.cubic(4)
    half = Structure(lattice, [Species("Ni", 2), Element("O")], [[0, 0, 0], [0.5, 0.5, 0.5]])
    with pytest.raises(RequestError, match="O"):
        to_atoms(half)
    half = Structure(
        lattice, ["Ni", "O"], [[0, 0, 0], [0.5] * 3], site_properties={"magmom": [2.0, None]}
    )
    with pytest.raises(RequestError, match="site 1 has no moment"):
        to_atoms(half)
    assert_same(there_and_back(half, "x.cif"), half)


def test_partially_missing_properties_survive_where_they_can():
    structure = ordered_spinel()
    structure.append(Species("Li", 1), [0.5, 0.5, 0.5], properties={"magmom": 0.0})
    assert structure[-1].properties.get("role") is None
    for kind in ("cif", "json", "ase-json"):
        back = there_and_back(structure, FILES[kind])
        assert [site.properties.get("role") for site in back] == [
            site.properties.get("role") for site in structure
        ]


def test_constraints_are_selective_dynamics():
    structure = Structure(Lattice.cubic(4), ["Ni", "O", "Ni"], [[0, 0, 0], [0.5] * 3, [0.2] * 3])
    free = [[False] * 3, [True] * 3, [True, False, True]]
    structure.add_site_property("selective_dynamics", free)
    atoms = to_atoms(structure)
    fixed = {type(c): c.index.tolist() for c in atoms.constraints}
    assert fixed == {FixAtoms: [0], FixScaled: [2]}
    assert to_structure(atoms) == structure
    assert_same(there_and_back(structure, "POSCAR"), structure, [0, 2, 1])
    assert_same(there_and_back(structure, "x.ase.json"), structure)


def test_a_constraint_that_a_structure_cannot_hold_is_named(caplog):
    atoms = Atoms(
        "Ni", cell=[3, 3, 3], pbc=True, constraint=FixCartesian([0], (True, False, False))
    )
    to_structure(atoms)
    assert "FixCartesian" in caplog.text


def test_periodicity_properties_and_atoms_without_a_lattice():
    slab = Atoms("Ni", cell=[3, 3, 20], pbc=(True, True, False), info={"facet": [1, 1, 1]})
    structure = to_structure(slab)
    assert structure.lattice.pbc == (True, True, False)
    assert structure.properties == {"facet": [1, 1, 1]}
    assert to_atoms(structure).pbc.tolist() == [True, True, False]
    for kind in ("extxyz", "json", "ase-json"):
        back = there_and_back(structure, FILES[kind])
        assert back.lattice.pbc == (True, True, False)
        assert back.properties == {"facet": [1, 1, 1]}
    with pytest.raises(RequestError, match="three lattice vectors"):
        to_structure(Atoms("Ni", cell=[3, 3, 0]))
    with pytest.raises(RequestError, match="no atoms"):
        to_structure(Atoms(cell=[3, 3, 3]))


# --- POSCAR ------------------------------------------------------------------------------------


def expand(line):
    values = []
    for word in line.removeprefix("MAGMOM = ").split():
        count, _, value = word.rpartition("*")
        values += [float(value)] * int(count or 1)
    return values


def test_magmom_line_of_ordered_lnmo():
    assert magmom_line(ordered_spinel()) == "MAGMOM = 8*0.0 4*-2.0 12*3.0 32*0.0"


@given(structures().filter(lambda structure: "magmom" in structure.site_properties))
@QUICK
def test_magmom_line_follows_the_file(structure):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "POSCAR")
        write(structure, path)
        text = path.read_text()
        assert magmom_line(structure) in text.splitlines()[0]
        coordinates = ase.io.read(path, format="vasp").get_scaled_positions(wrap=False)
    expected = structure.frac_coords[poscar_order(structure)]
    np.testing.assert_allclose(coordinates, expected, atol=1e-9)
    moments = [structure[i].properties["magmom"] for i in poscar_order(structure)]
    assert expand(magmom_line(structure)) == moments


def test_magmom_line_needs_moments():
    with pytest.raises(RequestError, match="no moments"):
        magmom_line(Structure(Lattice.cubic(3), ["Ni"], [[0, 0, 0]]))


def test_a_contcar_with_the_comment_cut_off_by_vasp_keeps_its_atoms(tmp_path, caplog):
    write(ordered_spinel(), tmp_path / "POSCAR")
    first, rest = (tmp_path / "POSCAR").read_text().split("\n", 1)
    (tmp_path / "CONTCAR").write_text(f"{first[:40]}\n{rest}\n" + " 0.0 0.0 0.0\n" * 56)
    structure = read(tmp_path / "CONTCAR")
    assert structure.composition.formula == "Li8 Mn12 Ni4 O32"
    assert "magmom" not in structure.site_properties
    assert "MAGMOM does not fit the 56 atoms" in caplog.text


@pytest.mark.parametrize(
    ("scale", "edge"),
    [("1.0", 2.0), ("2.0", 4.0), ("-64.0", 4.0), ("2.0 2.0 2.0", 4.0), ("2 ! scale it", 4.0)],
)
def test_poscar_scale_and_cartesian_coordinates(tmp_path, scale, edge):
    head = f"rock salt\n{scale}\n2 0 0\n0 2 0\n0 0 2\nNi_pv O\n1 1\n"
    for tail in ("Direct\n0 0 0\n0.5 0.5 0.5", "Cartesian\n0 0 0\n1 1 1"):
        (tmp_path / "x.vasp").write_text(head + tail)
        structure = read(tmp_path / "x.vasp")
        assert structure.lattice.abc == pytest.approx((edge,) * 3)
        assert structure.get_distance(0, 1) == pytest.approx(edge * np.sqrt(3) / 2)


# --- other programs' readers -------------------------------------------------------------------


@pytest.mark.parametrize("name", ORDERED)
def test_ase_and_pymatgen_read_our_files(name, tmp_path):
    structure = ORDERED[name]()
    for kind in ("cif", "poscar", "extxyz", "ase-json"):
        path = tmp_path / FILES[kind]
        write(structure, path)
        atoms = ase.io.read(path, format={"poscar": "vasp", "ase-json": "json"}.get(kind))
        order = poscar_order(structure) if kind == "poscar" else range(len(structure))
        assert list(atoms.symbols) == [structure[i].specie.symbol for i in order]
        shift = atoms.get_scaled_positions() - structure.frac_coords[order]
        assert np.abs(shift - np.round(shift)).max() < 1e-7
        if kind in ("extxyz", "ase-json"):
            assert atoms.get_initial_magnetic_moments().sum() == pytest.approx(
                sum(structure.site_properties["magmom"])
            )
            assert atoms.get_initial_charges().sum() == pytest.approx(0.0)
    poscar = Poscar.from_file(tmp_path / "POSCAR", check_for_potcar=False).structure
    assert poscar.composition == structure.copy().remove_oxidation_states().composition
    write(structure, tmp_path / "x.json")
    assert Structure.from_file(tmp_path / "x.json") == structure


@pytest.mark.parametrize("name", BUILDERS)
def test_pymatgen_reads_species_charges_and_moments_of_our_cif(name, tmp_path):
    structure = BUILDERS[name]()
    write(structure, tmp_path / "x.cif")
    found = CifParser(tmp_path / "x.cif").parse_structures(primitive=False)[0]
    assert found.composition.almost_equals(structure.composition)
    assert found.charge == pytest.approx(0.0, abs=1e-6)
    if name != "average":
        total = sum(float(m) for m in found.site_properties["magmom"])
        assert total == pytest.approx(sum(structure.site_properties["magmom"]))


def test_disordered_cif_warns_of_readers_that_lose_nickel(tmp_path, caplog):
    write(average_spinel(), tmp_path / "x.cif")
    assert "ASE" in caplog.text
    assert "ASE" in (tmp_path / "x.cif").read_text().split("data_")[0]
    caplog.clear()
    write(ordered_spinel(), tmp_path / "x.cif")
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_a_left_handed_cell_does_not_become_its_mirror_image():
    structure = ordered_spinel()
    swap = [1, 0, 2]
    left = Structure(
        Lattice(structure.lattice.matrix[swap]), structure.species, structure.frac_coords[:, swap]
    )
    assert np.linalg.det(left.lattice.matrix) < 0
    back = there_and_back(left, "x.cif")
    cell = (back.lattice.matrix, back.frac_coords, back.atomic_numbers)
    assert spglib.get_symmetry_dataset(cell).number == 212
    mirrored = (left.lattice.matrix[swap], left.frac_coords, left.atomic_numbers)
    assert spglib.get_symmetry_dataset(mirrored).number == 213


# --- CIFs of other programs --------------------------------------------------------------------

SPINEL = """\
data_LiMn2O4
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90.0
_cell_angle_gamma 90
{symmetry}
loop_
_atom_type_symbol
_atom_type_oxidation_number
Li1+ 1
Mn3.5+ 3.5
O2- -2
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_symmetry_multiplicity
_atom_site_Wyckoff_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li1+   8 a {li} {li} {li} 1.
Mn1 Mn3.5+ 16 d {mn} {mn} {mn} 1.
O1  O2-    32 e {o} {o} {o} 1.
#End of the data set
"""
ORIGIN_1 = {"li": "0", "mn": "0.625", "o": "0.3876(2)"}
ORIGIN_2 = {"li": "0.125", "mn": "0.5", "o": "0.2626(2)"}
A, U = 8.2442, 0.2626
MN_O = A * np.sqrt((0.5 - U) ** 2 + 2 * (U - 0.25) ** 2)
"""Å, manganese at (1/2, 1/2, 1/2) to oxygen at (1/2 ± (1/2 − u), 1/2 ± (u − 1/4), …)."""
LI_O = A * np.sqrt(3) * (U - 0.125)


def spinel_cif(symmetry, origin):
    return SPINEL.format(a="8.2442(3)", symmetry=symmetry, **origin)


def listed(choice, tag):
    """Operations of Fd-3m about one origin as a CIF lists them, from spglib's tables."""
    operations = spglib.get_symmetry_from_database({1: 525, 2: 526}[choice])
    lines = []
    for rotation, translation in zip(
        operations["rotations"], operations["translations"], strict=True
    ):
        parts = []
        for row, shift in zip(rotation, translation, strict=True):
            pairs = zip(row, "xyz", strict=True)
            terms = "".join(("-" if n < 0 else "+") + axis for n, axis in pairs if n)
            parts.append(terms + (f"+{round(4 * shift)}/4" if shift else ""))
        lines.append(f"'{', '.join(parts)}'")
    return f"loop_\n{tag}\n" + "\n".join(lines)


HALLS = {1: "F 4d 2 3 -1d", 2: "-F 4vw 2vw 3"}


@pytest.mark.parametrize("choice", [1, 2])
@pytest.mark.parametrize(
    "symmetry",
    [
        "listed",
        "_symmetry_space_group_name_H-M 'F d -3 m :{n}'",
        "_symmetry_space_group_name_H-M 'F d -3 m {letter}'",
        "_space_group_name_H-M_alt 'F d -3 m:{letter}'",
        "_space_group_name_H-M_alt 'F 41/d -3 2/m'\n_space_group_IT_coordinate_system_code {n}",
        "_space_group_name_Hall '{hall}'",
        "_space_group_IT_number 227\n_space_group_IT_coordinate_system_code {n}",
    ],
)
def test_both_origins_of_the_spinel(tmp_path, choice, symmetry):
    if symmetry == "listed":
        tag = ["_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz"][choice - 1]
        text = "_symmetry_space_group_name_H-M 'F d -3 m'\n" + listed(choice, tag)
    else:
        text = symmetry.format(n=choice, letter="SZ"[choice - 1], hall=HALLS[choice])
    (tmp_path / "x.cif").write_text(spinel_cif(text, [ORIGIN_1, ORIGIN_2][choice - 1]))
    structure = read(tmp_path / "x.cif")
    assert structure.composition.formula == "Li8 Mn16 O32"
    assert structure.charge == pytest.approx(0.0)
    assert structure[8].specie == Species("Mn", 3.5)
    bonds = structure.distance_matrix[:, 24:]
    assert np.sort(bonds[0])[:4] == pytest.approx([LI_O] * 4, abs=1e-3)
    assert np.sort(bonds[8])[:6] == pytest.approx([MN_O] * 6, abs=1e-3)


def test_a_spinel_of_unknown_origin_is_refused(tmp_path):
    (tmp_path / "x.cif").write_text(spinel_cif("_space_group_name_H-M_alt 'F d -3 m'", ORIGIN_2))
    with pytest.raises(RequestError, match=r"two origins.*:1 or :2"):
        read(tmp_path / "x.cif")


def test_rounded_thirds_stay_on_their_special_position(tmp_path):
    body = (
        SPINEL.split("loop_", maxsplit=1)[0]
        .format(a=3.25, symmetry="_space_group_name_H-M_alt 'P 63 m c'")
        .replace("gamma 90", "gamma 120")
    )
    atoms = "Zn1 0.333 0.667 0\nO1 0.333 0.667 0.382\n"
    loop = "loop_\n_atom_site_label\n" + "".join(f"_atom_site_fract_{x}\n" for x in "xyz")
    (tmp_path / "x.cif").write_text(body + loop + atoms)
    structure = read(tmp_path / "x.cif")
    assert [site.specie.symbol for site in structure] == ["Zn", "Zn", "O", "O"]
    np.testing.assert_allclose(structure.frac_coords[0], [1 / 3, 2 / 3, 0], atol=1e-9)


def test_shared_sites_and_vacancies_of_a_foreign_cif(tmp_path):
    text = spinel_cif("_space_group_name_H-M_alt 'F d -3 m:2'", ORIGIN_2)
    text = text.replace("O1  O2-", "Ni1 Ni2+ 16 d 0.5 0.5 0.5 0.25\nO1  O2-")
    text = text.replace("0.5 0.5 0.5 1.", "0.5 0.5 0.5 0.75").replace("0.125 1.", "0.125 0.9")
    (tmp_path / "x.cif").write_text(text)
    structure = read(tmp_path / "x.cif")
    assert len(structure) == 56
    assert structure.composition.get_el_amt_dict() == pytest.approx(
        {"Li": 7.2, "Mn": 12, "Ni": 4, "O": 32}
    )
    (tmp_path / "x.cif").write_text(text.replace("0.5 0.75", "0.5 0.95"))
    with pytest.raises(RequestError, match="more than one atom"):
        read(tmp_path / "x.cif")


def test_charges_of_a_cif_whose_sites_have_labels_only(tmp_path):
    text = spinel_cif("_space_group_name_H-M_alt 'F d -3 m:2'", ORIGIN_2)
    text = text.replace("_atom_site_type_symbol\n", "")
    for label in ("Li1 Li1+", "Mn1 Mn3.5+", "O1  O2-"):
        text = text.replace(label, label.split()[0])
    (tmp_path / "x.cif").write_text(text)
    assert read(tmp_path / "x.cif").composition.formula == "Li8 Mn16 O32"
    assert read(tmp_path / "x.cif").charge == pytest.approx(0.0)
    start = text.index("loop_\n_atom_type")
    (tmp_path / "x.cif").write_text(text[:start] + text[text.index("loop_\n_atom_site") :])
    assert read(tmp_path / "x.cif")[0].specie == Element("Li")


def test_collinear_moments_of_a_magcif_are_signed(tmp_path, caplog):
    text = """data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4
_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90
loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1
loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z
Ni1 0 0 0\nNi2 0.5 0.5 0.5
loop_\n_atom_site_moment.label\n_atom_site_moment.crystalaxis_x
_atom_site_moment.crystalaxis_y\n_atom_site_moment.crystalaxis_z
Ni1 1 1 0\nNi2 {} 0\n"""
    (tmp_path / "x.cif").write_text(text.format("-1 -1"))
    moments = read(tmp_path / "x.cif").site_properties["magmom"]
    assert moments == pytest.approx([np.sqrt(2), -np.sqrt(2)])
    (tmp_path / "x.cif").write_text(text.format("1 -1"))
    assert "magmom" not in read(tmp_path / "x.cif").site_properties
    assert "collinear" in caplog.text


# --- several structures, losses, refusals ------------------------------------------------------


def test_the_first_of_several_structures_is_read_and_said_so(tmp_path, caplog):
    first, second = lithium_manganate(), ordered_spinel()
    for name in ("x.cif", "x.extxyz"):
        write(first, tmp_path / name)
        text = (tmp_path / name).read_text()
        write(second, tmp_path / name)
        (tmp_path / name).write_text(text + (tmp_path / name).read_text())
        caplog.clear()
        assert_same(read(tmp_path / name), first)
        assert "the first is read" in caplog.text
    ase.io.write(tmp_path / "x.json", [to_atoms(first), to_atoms(second)])
    caplog.clear()
    assert_same(read(tmp_path / "x.json"), first, properties=["magmom"])
    assert "2 structures" in caplog.text


def test_what_is_lost_is_logged(tmp_path, caplog):
    structure = ordered_spinel()
    structure.add_site_property("note", ["two words"] * 56)
    write(structure, tmp_path / "x.extxyz")
    assert "extended XYZ cannot hold note" in caplog.text
    structure.add_site_property("velocities", [[0.0, 0.0, 0.1]] * 56)
    caplog.clear()
    write(structure, tmp_path / "x.cif")
    assert "a CIF cannot hold velocities" in caplog.text
    mixed = Structure(Lattice.cubic(4), [Species("Ni", 2), "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    caplog.clear()
    write(mixed, tmp_path / "POSCAR")
    assert "charges not written" in caplog.text
    spun = Structure(Lattice.cubic(4), [Species("Ni", 2, spin=2)], [[0, 0, 0]])
    for name in ("POSCAR", "x.cif", "x.extxyz"):
        caplog.clear()
        write(spun, tmp_path / name)
        assert "spins" in caplog.text
    caplog.set_level(logging.INFO)
    write(structure, tmp_path / "POSCAR")
    assert "role, parent, wyckoff" in caplog.text


def test_json_builds_no_foreign_objects(tmp_path):
    tree = json.loads(ordered_spinel().to_json())
    tree["sites"][0]["properties"]["magmom"] = {"@module": "os", "@class": "system"}
    (tmp_path / "x.json").write_text(json.dumps(tree))
    with pytest.raises(RequestError, match="'os'"):
        read(tmp_path / "x.json")
    huge = {"1": {"numbers": {"__ndarray__": [[10**12], "int64", [1]]}}, "ids": [1]}
    (tmp_path / "x.json").write_text(json.dumps(huge))
    with pytest.raises(RequestError, match="malformed array"):
        read(tmp_path / "x.json")


CELL = "".join(
    f"_cell_{k} {v}\n"
    for k, v in zip(
        ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"),
        (4, 4, 4, 90, 90, 90),
        strict=True,
    )
)
SITES = "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
POSCAR_HEAD = "x\n1.0\n4 0 0\n0 4 0\n0 0 4\n"
BAD = {
    "empty.cif": (" \n", "is empty"),
    "random.cif": ("hello world", "without a tag"),
    "no_lattice.cif": ("data_x\n" + SITES + "Li 0 0 0\n", "no lattice"),
    "no_atoms.cif": ("data_x\n" + CELL, "no atoms"),
    "cut.cif": ("data_x\n" + CELL + SITES + "Li 0 0 0\nO 0.5 0.5", "cut off"),
    "letter.cif": ("data_x\n" + CELL + SITES + "Li 0 0 zero\n", "no number"),
    "unknown.cif": ("data_x\n" + CELL + SITES + "Li 0 0 ?\n", "no number"),
    "infinite.cif": ("data_x\n" + CELL + SITES + "Li 0 0 1e999\n", "no number"),
    "element.cif": ("data_x\n" + CELL + SITES + "Qq1 0 0 0\n", "names no element"),
    "flat.cif": ("data_x\n" + CELL.replace("90", "179") + SITES + "Li 0 0 0\n", "no cell"),
    "group.cif": ("data_x\n_space_group_name_H-M_alt 'F q'\n" + CELL + SITES + "Li 0 0 0\n", "F q"),
    "op.cif": ("data_x\n_symmetry_equiv_pos_as_xyz x,x,z\n" + CELL + SITES + "Li 0 0 0\n", "rotat"),
    "far.cif": ("data_x\n" + CELL + SITES + "Li 0 0 1e7\n", "far outside"),
    "vasp4.vasp": (POSCAR_HEAD + "1\nDirect\n0 0 0\n\n", "no element symbols"),
    "cut.vasp": (POSCAR_HEAD + "Li O\n1 1\nDirect\n0 0 0\n", "1 of 2 atoms"),
    "more.vasp": (POSCAR_HEAD + "Li\n1\nDirect\n0 0 0\n0.5 0.5 0.5\n", "line 10 .* more"),
    "more.xyz": ('1\nLattice="4 0 0 0 4 0 0 0 4"\nO 0 0 0\nO 1 1 1\n', "line 4 .* 1 atoms"),
    "none.vasp": (POSCAR_HEAD + "Li\n0\nDirect\n\n", "no atoms"),
    "many.vasp": (POSCAR_HEAD + "Li\n999999999\nDirect\n0 0 0\n", "1 of 999999999"),
    "word.vasp": (POSCAR_HEAD + "Li\n1\nDirect\n0 0 nan\n", "line 9"),
    "flat.vasp": ("x\n1\n1 0 0\n1 0 0\n0 0 1\nLi\n1\nDirect\n0 0 0", "no volume"),
    "POSCAR_kind": (POSCAR_HEAD + "Li\n1\nElsewhere\n0 0 0\n", "Direct or"),
    "molecule.xyz": ("1\nwater\nO 0 0 0\n", "no lattice"),
    "cut.xyz": ('2\nLattice="4 0 0 0 4 0 0 0 4"\nO 0 0 0\n', "1 of 2"),
    "many.xyz": ('999999999\nLattice="4 0 0 0 4 0 0 0 4"\nO 0 0 0\n', "cut off"),
    "column.xyz": ('1\nLattice="4 0 0 0 4 0 0 0 4"\nO 0 0\n', "extxyz"),
    "none.xyz": ('0\nLattice="4 0 0 0 4 0 0 0 4"\n', "no atoms"),
    "cut.json": ('{"lattice": {"matr', "no JSON"),
    "other.json": ('{"a": 1}', "no structure"),
    "list.json": ("[1, 2]", "no structure"),
    "half.json": ('{"lattice": {}, "sites": []}', "json"),
    "crystal.txt": ("Li", "does not tell the format"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_clear_line(tmp_path, name):
    text, reason = BAD[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(RequestError, match=reason) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_files_that_are_not_there_or_not_files(tmp_path):
    with pytest.raises(RequestError, match="does not exist"):
        read(tmp_path / "none.cif")
    with pytest.raises(RequestError, match=r"does not exist|cannot be read"):
        read("a\0b.cif")
    (tmp_path / "folder.cif").mkdir()
    with pytest.raises(RequestError, match="is a folder"):
        read(tmp_path / "folder.cif")
    with pytest.raises(RequestError, match="is a folder"):
        write(ordered_spinel(), tmp_path / "folder.cif")
    with pytest.raises(RequestError, match="no folder"):
        write(ordered_spinel(), tmp_path / "none" / "x.cif")
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="no folder"):
        write(ordered_spinel(), tmp_path / "file" / "x.cif")
    with pytest.raises(RequestError, match="format 'pdb' is not known"):
        write(ordered_spinel(), tmp_path / "x.cif", format="pdb")
    with pytest.raises(RequestError, match="does not tell the format"):
        write(ordered_spinel(), tmp_path / "crystal")
    write(ordered_spinel(), tmp_path / "crystal", format="poscar")
    assert (tmp_path / "crystal").read_text().startswith("Li8 Ni4 Mn12 O32 | MAGMOM = 8*0.0")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "POSCAR"
    path.write_text("old")
    with pytest.raises(RequestError, match="partially occupied"):
        write(average_spinel(), path)
    broken = ordered_spinel()
    broken.translate_sites([0], [np.nan, 0, 0], to_unit_cell=False)
    with pytest.raises(RequestError, match="not finite"):
        write(broken, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_windows_line_ends_and_byte_order_marks(tmp_path):
    for name in FILES.values():
        path = tmp_path / name
        write(ordered_spinel(), path)
        expected = read(path)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        assert read(path) == expected


# --- damaged files -----------------------------------------------------------------------------


def small():
    """Four sites with everything on them, so that a damage hits something."""
    structure = Structure(
        Lattice.from_parameters(4, 5, 6, 80, 90, 100),
        [Species("Ni", 2), Species("Mn", 3.5), Species("O", -2), Species("Mn", 4)],
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.2, 0.3, 0.4], [0.7, 0.1, 0.9]],
        site_properties={"magmom": [-2.0, 3.5, 0.0, 3.0], "role": ["a", "b", "c", "d"]},
    )
    structure.add_site_property("selective_dynamics", [[True, False, True]] * 4)
    return structure


def valid_files():
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES.values():
            write(small(), Path(folder, name))
        files = {name: Path(folder, name).read_bytes() for name in FILES.values()}
    files["s.cif"] = spinel_cif("_space_group_name_H-M_alt 'F d -3 m:2'", ORIGIN_2).encode()
    return files


VALID = valid_files()
WORDS = b"nan 1e400 -1 0 999999999999 ' \" ; loop_ _ { ] null \x00 \xff : * 1/0 true"
PIECES = [*WORDS.split(), b"\n", b" ", b"\n;\n"]


def read_bytes(name, content):
    """Read such a file; nothing but a structure or a RequestError of one line may come out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            structure = read(path)
        except RequestError as exc:
            assert "\n" not in str(exc)  # noqa: PT017
        else:
            assert np.isfinite(structure.cart_coords).all()


@given(st.sampled_from(sorted(VALID)), st.binary(max_size=300))
@FUZZ
def test_random_bytes_raise_nothing_but_request_errors(name, content):
    read_bytes(name, content)


@given(st.sampled_from(sorted(VALID)), st.floats(0, 1))
@FUZZ
def test_truncated_files_raise_nothing_but_request_errors(name, part):
    read_bytes(name, VALID[name][: int(part * len(VALID[name]))])


@given(
    st.sampled_from(sorted(VALID)),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)),
        min_size=1,
        max_size=4,
    ),
)
@settings(FUZZ, max_examples=400)
def test_damaged_files_raise_nothing_but_request_errors(name, damages):
    content = VALID[name]
    for place, length, piece in damages:
        start = int(place * len(content))
        content = content[:start] + piece + content[start + length :]
    read_bytes(name, content)
