"""The command hops: its table, its hops.json, its POSCAR files."""

import json

import numpy as np
import pytest
from program import lnmo

from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.formats import read, write


def test_table_names_every_hop_and_where_it_leads(tmp_path):
    done = lnmo("hops", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.split()}
    assert "MnNiMnNiMnNi" in lines["8c–4a–8c"]
    assert "0D, 2 sites" in lines["8c–4a–8c"]
    assert "MnMnMnMnMnNi" in lines["8c–12d–8c"]
    assert "3D" in lines["8c–12d–8c"]
    assert "in all directions (3D)" in done.stdout


def test_hops_json_holds_everything(tmp_path):
    done = lnmo("hops", "-o", "out", "--json", cwd=tmp_path)
    document = json.loads((tmp_path / "out" / "hops.json").read_text(encoding="utf-8"))
    assert json.loads(done.stdout) == document
    assert document["percolation"]["dimension"] == 3
    bulk = ordered_spinel()
    for entry, hop in zip(document["hops"], find_hops(bulk), strict=True):
        assert entry["length_A"] == hop.length
        assert entry["bottleneck_A2"] == hop.bottleneck
        assert len(entry["equivalents"]) == hop.multiplicity
        for other in entry["equivalents"]:
            there = np.array(other["rotation"]) @ bulk.frac_coords[hop.start]
            there += other["translation"]
            assert np.allclose(there, bulk.frac_coords[other["start"]], atol=1e-4)
        first, middle, last = (
            read(tmp_path / "out" / entry["poscars"] / f"{name}.vasp")
            for name in ("initial", "octahedron", "final")
        )
        assert len(first) == len(middle) == len(last) == 55
        lithium = first.lattice.get_all_distances(hop.octahedron, middle.frac_coords)
        assert lithium.min() < 1e-3


def test_many_hops_share_a_line_for_each_ring_unless_all_are_asked_for(tmp_path):
    bulk = disordered_spinel((1, 1, 2), seed=3)
    write(bulk, tmp_path / "lnmo.cif")
    hops = find_hops(bulk)
    assert len(hops) > 20
    done = lnmo("hops", "lnmo.cif", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    words = [line.split() for line in done.stdout.splitlines()]
    rows = [row for row in words if len(row) > 5 and row[0].isdigit() and row[1].isdigit()]
    found = {(int(row[0]), int(row[1])): (int(row[2]), int(row[3])) for row in rows}
    rings = [(hop.ring.count("Mn4+"), hop.ring.count("Ni2+")) for hop in hops]
    assert {ring: number for ring, (number, _) in found.items()} == {
        ring: rings.count(ring) for ring in rings
    }
    assert sum(per_cell for _, per_cell in found.values()) == 2 * 16
    every = lnmo("hops", "lnmo.cif", "-o", "out", "--all", cwd=tmp_path)
    assert every.stdout.count("→") == len(hops)


def test_any_ion_and_a_limit(tmp_path):
    bulk = lithium_manganate()
    bulk.replace_species({"Li+": "Na+"})
    write(bulk, tmp_path / "na.cif")
    done = lnmo("hops", "na.cif", "--mobile", "Na", "--longest", 3.57, "-o", "na", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 distinct Na hop, 16 in the cell" in done.stdout


def test_hops_between_the_same_two_sites_keep_files_of_their_own(tmp_path):
    """A small cell without symmetry: both its lithium ions meet through four octahedra."""
    cell = lithium_manganate().get_primitive_structure(use_site_props=False)
    for i, metal in zip((2, 3, 4, 5), ("Ni2+", "Mn4+", "Mn3+", "Mn5+"), strict=True):
        cell.replace(i, metal, properties={"magmom": 0.0})
    write(cell, tmp_path / "small.cif")
    done = lnmo("hops", "small.cif", "-o", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    places = [hop["poscars"] for hop in json.loads(done.stdout)["hops"]]
    assert sorted(places) == sorted(p.name for p in (tmp_path / "out").iterdir() if p.is_dir())
    assert len(set(places)) == len(places) > 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--mobile", "Na"], "say which of Li, Ni, Mn, O hops"),
        (["--mobile", "li"], "'li' is no element"),
        (["--longest", "3"], "the shortest measures 3.430 Å"),
        (["-o", "study"], "holds a study"),
    ],
)
def test_wrong_requests_are_one_line(tmp_path, words, hint):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "results.db").touch()
    done = lnmo("hops", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert len(done.stderr.splitlines()) == 1
