"""Files and conversions: what goes in comes out, and what cannot is said in one line."""

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
from format_cases import (
    BUILDERS,
    FILES,
    ORDERED,
    QUICK,
    assert_same,
    structures,
    there_and_back,
)
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Element, Lattice, Species, Structure
from pymatgen.io.cif import CifParser
from pymatgen.io.vasp import Poscar

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import (
    average_spinel,
    ordered_spinel,
)
from lnmo_atoms.formats import magmom_line, poscar_order, read, to_atoms, to_structure, write


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
