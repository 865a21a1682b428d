"""The smallest cell keeps charges and moments, and repeats to the crystal it was taken from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.primitive import primitive_cell
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.builders.symmetry import space_group


def assert_same_crystal(one, other):
    """Atom by atom, up to lattice vectors."""
    assert one.lattice.matrix == pytest.approx(other.lattice.matrix, abs=1e-8)
    shift = one.frac_coords - other.frac_coords
    assert np.abs(shift - np.rint(shift)).max() < 1e-8
    assert one.species == other.species
    assert one.site_properties == other.site_properties


def polonium_stack(colours, rows):
    """A tetragonal stack of layers of these moments, in any lattice vectors of whole numbers."""
    stack = Structure(
        Lattice.tetragonal(3.0, 2.5 * len(colours)),
        ["Po"] * len(colours),
        [[0, 0, k / len(colours)] for k in range(len(colours))],
        site_properties={"magmom": colours},
    )
    stack.make_supercell(rows, to_unit_cell=True)
    return stack


def test_fd3m_has_14_atoms_and_p4332_its_56():
    fcc = primitive_cell(lithium_manganate())
    assert len(fcc.structure) == 14
    assert fcc.structure.lattice.volume == pytest.approx(lithium_manganate().volume / 4)
    assert fcc.structure.lattice.abc == pytest.approx([8.2442 / np.sqrt(2)] * 3)
    assert len(primitive_cell(ordered_spinel()).structure) == 56


def test_the_ferrimagnet_keeps_its_moment_per_formula_unit():
    """2 × 3 μB of every three Mn4+ against 2 μB of every Ni2+: 3.5 μB per LiNi0.5Mn1.5O4."""
    crystal = ordered_spinel()
    crystal.make_supercell([[1, 1, 0], [0, 1, 0], [1, 0, 3]], to_unit_cell=True)
    cell = primitive_cell(crystal).structure
    assert len(cell) == 56
    assert sum(cell.site_properties["magmom"]) == pytest.approx(28)
    assert sum(site.specie.oxi_state for site in cell) == pytest.approx(0)
    assert space_group(cell).number == 212


def test_moments_alone_double_the_cell():
    """Antiferromagnetic layers: their chemical cell holds one atom, their own holds two."""
    assert len(primitive_cell(polonium_stack([1.0, 1.0], np.eye(3))).structure) == 1
    assert len(primitive_cell(polonium_stack([1.0, -1.0], np.eye(3))).structure) == 2


entries = st.integers(-2, 2)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([[2.0], [1.0, -1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 1.0, -1.0]]),
    st.lists(entries, min_size=9, max_size=9).map(lambda row: np.reshape(row, (3, 3))),
)
def test_any_cell_of_a_crystal_leads_to_its_smallest_one(colours, rows):
    volume = round(abs(np.linalg.det(rows)))
    if not 0 < volume <= 12:
        return
    crystal = polonium_stack(colours, rows)
    cell = primitive_cell(crystal)
    smallest = 2 if colours == [1.0, -1.0] * 2 else len(colours)
    assert len(cell.structure) == smallest
    assert np.linalg.det(cell.structure.lattice.matrix) > 0
    assert abs(np.linalg.det(cell.vectors)) == pytest.approx(len(crystal) / smallest)
    assert_same_crystal(cell.unfolded(cell.structure), crystal)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([(1, 1, 2), (2, 1, 1), (1, 2, 1)]))
def test_a_random_ordering_repeated_is_found_again(seed, repeats):
    drawn = disordered_spinel(seed=seed)
    crystal = drawn.copy()
    crystal.make_supercell(repeats, to_unit_cell=True)
    cell = primitive_cell(crystal)
    assert len(cell.structure) == len(primitive_cell(drawn).structure) <= 56
    assert cell.structure.composition.reduced_formula == drawn.composition.reduced_formula
    assert_same_crystal(cell.unfolded(cell.structure), crystal)


def test_a_strain_and_a_shift_of_the_cell_unfold():
    cell = primitive_cell(lithium_manganate())
    changed = cell.structure.copy()
    changed.apply_strain([0.01, 0.02, 0.0])
    changed.translate_sites([0], [0.0, 0.03, 0.0], frac_coords=False)
    crystal = cell.unfolded(changed)
    assert crystal.volume == pytest.approx(4 * changed.volume)
    again = primitive_cell(crystal).structure
    assert len(again) == 14
    distances = np.sort(again.distance_matrix.ravel())
    assert distances == pytest.approx(np.sort(changed.distance_matrix.ravel()), abs=1e-6)
