"""The command defects: its table, its index, its files."""

import csv
import json

import pytest
from program import lnmo

from lnmo_atoms.builders.charges import total_charge
from lnmo_atoms.builders.defects import make_defects
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.formats import read, write


def test_table_names_every_defect_and_what_balances_it(tmp_path):
    done = lnmo("defects", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for defect in make_defects(ordered_spinel()):
        (line,) = (row for row in done.stdout.splitlines() if row.strip().startswith(defect.name))
        assert str(defect.multiplicity) in line.split()
        assert all(change in line for change in defect.changes)
        assert len(line) <= 100


def test_index_names_every_file_and_where_its_atoms_come_from(tmp_path):
    words = ("--kind", "oxygen vacancy", "--kind", "lithium interstitial", "--cell", 1, 1, 2)
    done = lnmo("defects", *words, "-o", "out", "--json", cwd=tmp_path)
    rows = json.loads(done.stdout)
    index = json.loads((tmp_path / "out" / "defects.json").read_text(encoding="utf-8"))
    bulk = ordered_spinel()
    perfect = read(tmp_path / "out" / "bulk.cif")
    assert len(read(tmp_path / "out" / "bulk.vasp")) == len(perfect) == 112
    for row, entry in zip(rows, index, strict=True):
        origin, sites = entry.pop("bulk_sites"), entry.pop("sites")
        assert row == entry
        assert len(sites) == 1
        for kind in ("poscar", "cif"):
            cell = read(tmp_path / "out" / row[kind])
            assert len(cell) == row["atoms"] == len(origin)
            assert total_charge(cell) == 0
            assert cell.lattice.abc == pytest.approx(perfect.lattice.abc)
            found = [site.specie.symbol for site in cell]
            assert found == [bulk[i].specie.symbol if i >= 0 else "Li" for i in origin]
        assert row["added"] or row["removed"]
    with (tmp_path / "out" / "defects.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["defect"] for line in lines] == [row["defect"] for row in rows]
    assert {line["Mn3+"] for line in lines if line["kind"] == "oxygen vacancy"} == {"2"}


def test_many_defects_share_a_line_for_each_kind_unless_all_are_asked_for(tmp_path):
    bulk = disordered_spinel(seed=3)
    write(bulk, tmp_path / "lnmo.cif")
    words = ("defects", "lnmo.cif", "--kind", "oxygen vacancy", "-o", "out")
    found = make_defects(bulk, ["oxygen vacancy"])
    assert len(found) > 30
    done = lnmo(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = (row for row in done.stdout.splitlines() if row.strip().startswith("oxygen"))
    assert line.split() == ["oxygen", "vacancy", str(len(found)), str(len(found)), "55"]
    every = lnmo(*words, "--all", cwd=tmp_path)
    assert every.stdout.count("v_O(") == len(found)


def test_far_placement_and_a_file_without_nickel(tmp_path):
    write(lithium_manganate(), tmp_path / "lmo.cif")
    done = lnmo("defects", "lmo.cif", "--mn3", "far", "-o", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kinds = {row["kind"] for row in json.loads(done.stdout)}
    assert "oxygen vacancy" in kinds
    assert "antisite pair" not in kinds
    done = lnmo("defects", "--mn3", "far", "--kind", "oxygen vacancy", "--json", cwd=tmp_path)
    assert {row["defect"][-3:] for row in json.loads(done.stdout)} == {"far"}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--kind", "hole"), "oxygen vacancy"),
        (("--mn3", "there"), "far, near, random"),
        (("--cell", 0, 1, 1), "three positive integers"),
        (("--seed", -1), "greater than or equal to 0"),
    ],
)
def test_wrong_requests_are_one_line(tmp_path, words, hint):
    done = lnmo("defects", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("see ")]) == 1
    assert not (tmp_path / "defects").exists()
