"""Losses are said, bad files refused in one line, damaged files never crash the reader."""

import json
import logging
import tempfile
from pathlib import Path

import ase.io
import numpy as np
import pytest
from format_cases import (
    FILES,
    FUZZ,
    ORIGIN_2,
    assert_same,
    spinel_cif,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Species, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import (
    average_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.formats import read, to_atoms, write


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
