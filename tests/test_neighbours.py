"""Neighbours under periodic boundaries, and atoms too close, against pymatgen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.neighbours import neighbours, require_apart
from lnmo_atoms.builders.octahedra import is_anion
from lnmo_atoms.builders.spinel import average_spinel, ordered_spinel


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), shear=st.integers(-3, 3), reach=st.floats(0.5, 7.0))
def test_neighbours_are_those_that_pymatgen_finds(seed, shear, reach):
    """In sheared cells, with points in any cell."""
    rng = np.random.default_rng(seed)
    lattice = Lattice(rng.normal(size=(3, 3)) + np.diag([4.0, 5.0, 6.0]))
    lattice = Lattice(np.array([[1, 0, 0], [shear, 1, 0], [0, shear, 1]]) @ lattice.matrix)
    points = rng.uniform(-2, 2, (6, 3))
    centres = rng.uniform(-2, 2, (4, 3))
    found = zip(*neighbours(lattice, centres, points, reach), strict=True)
    crystal = Structure(lattice, ["H"] * 6, points)
    expected = {
        (i, near.index, *np.rint(near.image).astype(int).tolist())
        for i, centre in enumerate(centres)
        for near in crystal.get_sites_in_sphere(lattice.get_cartesian_coords(centre), reach)
    }
    assert {(int(i), int(j), *cell.tolist()) for i, j, cell in found} == expected


def test_atoms_that_overlap_across_the_cell_are_named():
    cell = Structure(Lattice.cubic(4), ["Li", "O", "Mn"], [[0.01] * 3, [0.5] * 3, [0.99] * 3])
    with pytest.raises(RequestError, match=r"atoms 0 \(Li\) and 2 \(Mn\) lie 0.14 Å apart"):
        require_apart(cell)
    require_apart(ordered_spinel())


@pytest.mark.parametrize(
    ("species", "anions"),
    [
        (["Li+", "Mn3+", "O2-", "F-"], [False, False, True, True]),
        (["Li", "Mn", "O", "S"], [False, False, True, False]),
        (["Li0+", "Ti0+", "S0+"], [False, False, True]),
        (["Cu", "Zn"], [False, False]),
        (["He", "Li"], [False, False]),
    ],
)
def test_anions_by_charge_or_else_by_electronegativity(species, anions):
    coords = [[k / len(species)] * 3 for k in range(len(species))]
    assert is_anion(Structure(Lattice.cubic(8), species, coords)).tolist() == anions


def test_anions_of_partly_occupied_crystals():
    bulk = average_spinel()
    assert is_anion(bulk).sum() == 32
    assert {
        str(site.species) for site, anion in zip(bulk, is_anion(bulk), strict=True) if anion
    } == {"O2-1"}
