"""The command orderings: its estimate, its tables, its files."""

import csv
import json
import re
from math import comb

import pytest
from program import lnmo

from lnmo_atoms.builders.orderings import enumerate_orderings
from lnmo_atoms.builders.symmetry import space_group
from lnmo_atoms.formats import read


def test_table_names_every_ordering_and_its_group(tmp_path):
    done = lnmo("orderings", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "22 distinct of 1,820 orderings" in done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if re.match(r"\s+\d+ ", line)]
    found = [(int(row[1]), row[3], row[4]) for row in rows]
    expected = [(degeneracy, space_group(s)) for s, degeneracy in enumerate_orderings()]
    assert found == [(d, g.symbol, "yes" if g.chiral else "no") for d, g in expected]
    assert not list(tmp_path.iterdir())


def test_files_hold_the_structures_that_the_index_describes(tmp_path):
    done = lnmo("orderings", "--nickel", 0.25, "-a", 8.2, "-o", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    with (tmp_path / "out" / "orderings.csv").open(encoding="utf-8", newline="") as stream:
        index = list(csv.DictReader(stream))
    assert len(index) == len(document["orderings"]) == document["distinct"]
    assert sum(int(row["degeneracy"]) for row in index) == document["ways"] == comb(16, 2)
    for row, entry in zip(index, document["orderings"], strict=True):
        assert row["cif"] == entry["cif"]
        for file in (row["cif"], row["poscar"]):
            structure = read(tmp_path / "out" / file)
            assert structure.lattice.a == pytest.approx(8.2)
            assert structure.composition.element_composition.formula == "Li8 Mn14 Ni2 O32"
        assert space_group(structure).number == int(row["space_group_number"])


def test_long_lists_are_summed_up_by_space_group_and_kept_whole_as_csv(tmp_path):
    done = lnmo("orderings", "--cell", 1, 1, 2, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "83,342 orderings by space group" in done.stdout
    assert "draw some with --samples" in done.stderr
    files = [path.name for path in (tmp_path / "out").iterdir()]
    assert files == ["orderings.csv"]
    with (tmp_path / "out" / "orderings.csv").open(encoding="utf-8", newline="") as stream:
        index = list(csv.DictReader(stream))
    assert len(index) == 83_342
    assert sum(int(row["degeneracy"]) for row in index) == comb(32, 8)
    groups = {row["space_group"] for row in index}
    table = {line.split()[0] for line in done.stdout.splitlines() if line.split()}
    assert groups <= table


def test_large_cells_are_sampled_the_same_way_with_the_same_seed(tmp_path):
    words = ("orderings", "--cell", 1, 2, 2, "--samples", 2, "--seed", 3)
    done, again = (lnmo(*words, "-o", name, "--json", cwd=tmp_path) for name in ("one", "two"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == again.stdout
    assert json.loads(done.stdout)["seed"] == 3
    assert len(list((tmp_path / "one").glob("*.cif"))) == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--cell", "2", "2", "2"], "9.62e26 distinct of 1.48e30 orderings.*--samples"),
        (["--nickel", "0.3"], "x = 0.25"),
        (["--samples", "99"], "of 22 distinct"),
        (["-a", "0"], "about 8.2 Å; 0 Å"),
        (["-a", "nan", "-o", "o"], "nan Å is no spinel"),
        (["--samples", "0"], "greater than or equal to 1"),
        (["--samples", "2", "--seed", "-1"], "greater than or equal to 0"),
    ],
)
def test_wrong_requests_are_told_in_one_line(words, hint, tmp_path):
    done = lnmo("orderings", *words, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("see "))
    assert line.startswith("lnmo: ")
    assert re.search(hint, line)
    assert not list(tmp_path.iterdir())
