"""The folder of ready structures: every file is what its command makes, and what the index says."""

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest
import spglib

import lnmo_atoms as la
from lnmo_atoms.builders.charges import total_charge

STRUCTURES = Path(__file__).parents[1] / "structures"
MAKE = runpy.run_path(str(STRUCTURES / "make.py"))
ENTRIES = list(MAKE["entries"]())
QUICK = [entry for entry in ENTRIES if not entry.needs_engine]
FILES = [f"{e.name}{s}" for e in QUICK for s in (".cif", ".vasp") if e.name != "average-Fd-3m"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("structures")
    MAKE["make"](QUICK, folder)
    return folder


@pytest.fixture(scope="module")
def index():
    with (STRUCTURES / "index.csv").open(encoding="utf-8", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("file", ["average-Fd-3m.cif", *FILES])
def test_every_file_is_what_its_command_makes(made, file):
    kept, again = la.read(STRUCTURES / file), la.read(made / file)
    assert [site.species for site in kept] == [site.species for site in again]
    np.testing.assert_allclose(kept.lattice.matrix, again.lattice.matrix, atol=1e-6)
    shift = kept.frac_coords - again.frac_coords
    np.testing.assert_allclose(shift - np.rint(shift), 0, atol=1e-6)
    moments = [s.site_properties["magmom"] for s in (kept, again)]
    np.testing.assert_allclose(*moments, atol=1e-9)


def test_the_folder_holds_what_the_index_lists_and_no_more(index):
    files = {p.relative_to(STRUCTURES).as_posix() for p in STRUCTURES.rglob("*.cif")}
    files |= {p.relative_to(STRUCTURES).as_posix() for p in STRUCTURES.rglob("*.vasp")}
    assert files == {f"{n}.{s}" for n, row in index.items() for s in row["formats"].split()}
    assert set(index) == {entry.name for entry in ENTRIES}
    page = (STRUCTURES / "README.md").read_text(encoding="utf-8")
    assert all(f"| [{name}]({name}.cif) |" in page for name in index)
    assert sum(p.stat().st_size for p in STRUCTURES.rglob("*") if p.is_file()) < 4e6


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_index_says_what_the_files_hold(index, entry):
    row = index[entry.name]
    structure = la.read(STRUCTURES / f"{entry.name}.cif")
    assert row["formula"] == structure.composition.element_composition.formula
    assert int(row["atoms"]) == len(structure)
    assert row["command"] == entry.command.replace("made", "FILE")
    assert row["source"] == entry.source
    if not entry.name.startswith("hops"):
        assert total_charge(structure) == pytest.approx(0, abs=1e-4)
    if structure.is_ordered:
        numbers = [(site.specie.Z, round(site.properties["magmom"])) for site in structure]
        kinds = [sorted(set(numbers)).index(pair) for pair in numbers]
        cell = structure.lattice.matrix, structure.frac_coords, kinds
        group = spglib.get_symmetry_dataset(cell, symprec=0.01)
        assert row["space_group"] == f"{group.international} ({group.number})"


def test_known_space_groups_and_formulas(index):
    groups = {name: row["space_group"].split()[0] for name, row in index.items()}
    assert groups["ordered-P4_332"] == groups["delithiated-NiMn3O8"] == "P4_332"
    assert groups["ordered-P4_132"] == "P4_132"
    assert groups["average-Fd-3m"] == groups["LiMn2O4"] == "Fd-3m"
    assert groups["ordered-R-3m-primitive"] == "R-3m"
    assert groups["order-parameter-1"] in {"P4_332", "P4_132"}
    assert int(index["ordered-R-3m-primitive"]["atoms"]) == 14
    assert index["delithiated-NiMn3O8"]["formula"] == "Mn12 Ni4 O32"


@pytest.mark.parametrize("order", ["0.25", "0.5", "0.75", "1"])
def test_the_series_has_the_order_parameter_that_it_names(order):
    found = la.order_parameter(la.read(STRUCTURES / f"order-parameter-{order}.cif"))
    assert found == pytest.approx(float(order), abs=1 / 48)  # half a step at 448 atoms


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.name.startswith("slabs")])
def test_every_slab_passes_the_certificate(entry):
    slab = la.read(STRUCTURES / f"{entry.name}.vasp")
    found = la.check(slab, la.ordered_spinel().composition)
    assert found.symmetric
    assert found.stoichiometric
    assert found.dipole_free
