"""A thousand seeded spinel cells through all formats in a row: nothing lost that a format holds."""

import logging

import ase.io
import numpy as np
import pytest
from format_cases import assert_same, there_and_back
from pymatgen.core import Element, Lattice, Species, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from lnmo_atoms.builders.spinel import average_spinel
from lnmo_atoms.formats import poscar_order, to_atoms, to_structure, write

BATCHES = 20
SEEDS = 50
"""Structures of each batch."""
SHARED = ({"Ni": 0.25, "Mn": 0.75}, {"Ni": 0.25, "Mn": 0.5}, {"Mn": 1 / 3, "Li": 0.1, "Ni": 0.2})
STATES = {"Li": (1,), "Ni": (2, 3, 4), "Mn": (3, 4, 3.5), "O": (-2, -1)}
MOMENTS = {"Li": (0.0,), "Ni": (-2.0, -1.0, 0.0), "Mn": (3.0, 4.0, -3.37), "O": (0.0, 0.012)}


@pytest.fixture(scope="module")
def primitive():
    return average_spinel().get_primitive_structure()


def spinel(primitive, rng, partial):
    """A strained, rattled primitive cell in any order, with vacancies, some charged or magnetic."""
    kept = rng.permutation(len(primitive))[: rng.integers(8, len(primitive) + 1)]
    elements = {"8a": ["Li"], "16d": ["Ni", "Mn"], "32e": ["O"]}
    charged, magnetic, labelled = rng.random(3) < (0.7, 0.7, 0.5)
    species, moments = [], []
    for i in kept:
        parent = primitive[i].properties["parent"]
        symbol = str(rng.choice(elements[parent]))
        shares = {symbol: 1.0}
        if partial and parent == "16d":
            shares = SHARED[rng.integers(len(SHARED))]
        elif partial and parent == "8a":
            shares = {"Li": float(rng.choice([0.5, 0.875, 1.0]))}
        ions = {s: Species(s, rng.choice(STATES[s])) if charged else Element(s) for s in shares}
        species.append({ions[s]: amount for s, amount in shares.items()})
        moments.append(float(rng.choice(MOMENTS[symbol])))
    properties = {"magmom": moments} if magnetic else {}
    if labelled:
        properties["parent"] = [primitive[i].properties["parent"] for i in kept]
        properties["bulk_site"] = [int(i) for i in kept]
    lattice = Lattice(primitive.lattice.matrix @ (np.eye(3) + 0.05 * rng.normal(size=(3, 3))))
    coords = primitive.frac_coords[kept] + 0.02 * rng.normal(size=(len(kept), 3))
    return Structure(lattice, species, coords.round(9), site_properties=properties)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whole_atoms_through_every_format_in_a_row(primitive, batch, caplog):
    caplog.set_level(logging.CRITICAL)
    for seed in range(batch * SEEDS, (batch + 1) * SEEDS):
        built = spinel(primitive, np.random.default_rng(seed), partial=False)
        from_cif = there_and_back(built, "x.cif")
        assert_same(from_cif, built)
        order = poscar_order(built)
        from_poscar = there_and_back(from_cif, "POSCAR")
        assert_same(from_poscar, built, order, properties=["magmom"])
        from_xyz = there_and_back(from_cif, "x.extxyz")
        from_atoms = to_structure(to_atoms(from_xyz))
        assert_same(there_and_back(from_atoms, "x.json"), built)
        assert_same(there_and_back(from_poscar, "x.ase.json"), built, order, properties=["magmom"])


@pytest.mark.parametrize("batch", range(BATCHES))
def test_shared_sites_and_vacancies_through_what_can_hold_them(primitive, batch, caplog):
    caplog.set_level(logging.CRITICAL)
    for seed in range(batch * SEEDS, (batch + 1) * SEEDS):
        built = spinel(primitive, np.random.default_rng(seed), partial=True)
        assert_same(there_and_back(there_and_back(built, "x.cif"), "x.json"), built)


@pytest.mark.parametrize("seed", range(20))
def test_ase_and_pymatgen_read_the_right_formula(primitive, seed, tmp_path):
    built = spinel(primitive, np.random.default_rng(seed), partial=False)
    formula = built.composition.element_composition
    for name, kind in (("x.cif", "cif"), ("POSCAR", "vasp"), ("x.extxyz", "extxyz")):
        write(built, tmp_path / name)
        atoms = ase.io.read(tmp_path / name, format=kind)
        assert AseAtomsAdaptor.get_structure(atoms).composition.element_composition == formula
    for name in ("x.cif", "POSCAR"):
        found = Structure.from_file(tmp_path / name)
        assert found.composition.element_composition == formula


def test_nickel_that_ase_hides_is_announced_and_comes_back(tmp_path, caplog):
    """ASE shows a shared site as Mn alone and puts Ni into info["occupancy"]."""
    path, average = tmp_path / "average.cif", average_spinel()
    write(average, path)
    assert "ASE among them" in caplog.text
    atoms = ase.io.read(path)
    assert "Ni" not in atoms.symbols
    found = to_structure(atoms).composition
    assert found.almost_equals(average.composition.element_composition)
