"""The crystals: composition, space group, charge, moment, site labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnmo_atoms.builders.charges import formal_charges, manganese_3_count
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.builders.symmetry import (
    conventional_cell,
    permutations,
    space_group,
    symmetrized,
    symmetry_operations,
)


@pytest.mark.parametrize(("enantiomorph", "number"), [(False, 212), (True, 213)])
def test_ordered_spinel_has_its_space_group_and_wyckoff_letters(enantiomorph, number):
    bulk = ordered_spinel(enantiomorph=enantiomorph)
    group = space_group(bulk)
    assert group.number == number
    assert list(group.wyckoffs) == bulk.site_properties["wyckoff"]
    assert bulk.composition.element_composition.formula == "Li8 Mn12 Ni4 O32"
    assert bulk.lattice.abc == pytest.approx((8.166,) * 3)


def test_enantiomorphs_are_mirror_images():
    left, right = ordered_spinel(), ordered_spinel(enantiomorph=True)
    inverted = (-left.frac_coords) % 1
    delta = inverted[:, None] - right.frac_coords[None]
    delta -= np.round(delta)
    partner = np.abs(delta).max(axis=-1).argmin(axis=1)
    assert np.abs(delta[np.arange(56), partner]).max() < 1e-6
    assert [left[i].species for i in range(56)] == [right[j].species for j in partner]


def test_ferrimagnet_adds_up():
    """Spin only: 12 Mn4+ at 3 μB against 4 Ni2+ at 2 μB are 28 μB; 16 Mn3.5+ are 56 μB."""
    assert sum(ordered_spinel().site_properties["magmom"]) == pytest.approx(28)
    assert sum(average_spinel().site_properties["magmom"]) == pytest.approx(28)
    assert sum(lithium_manganate().site_properties["magmom"]) == pytest.approx(56)


@pytest.mark.parametrize(("bulk", "a"), [(average_spinel(), 8.1726), (lithium_manganate(), 8.2442)])
def test_fd3m_cells(bulk, a):
    assert space_group(bulk).number == 227
    assert bulk.lattice.a == pytest.approx(a)
    assert [bulk.site_properties["parent"].count(p) for p in ("8a", "16d", "32e")] == [8, 16, 32]
    lithium = bulk[0].coords
    nearest = min(bulk.get_distance(0, j) for j in range(24, 56))
    assert np.allclose(lithium / a, 0.125)
    # tetrahedral bond of a spinel: √3 a (u − 1/8), u from its centre of inversion
    assert nearest == pytest.approx(np.sqrt(3) * a * (0.2626 - 0.125), abs=1e-6)


def test_average_spinel_mixes_a_quarter_nickel_on_16d():
    mixed = [site.species for site in average_spinel() if not site.is_ordered]
    assert len(mixed) == 16
    assert all(s.element_composition.as_dict() == {"Ni": 0.25, "Mn": 0.75} for s in mixed)


@settings(max_examples=25, deadline=None)
@given(
    cell=st.tuples(*[st.integers(1, 2)] * 3),
    eighths=st.integers(0, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_disordered_cells_are_neutral_and_of_the_composition_asked(cell, eighths, seed):
    x = eighths / 8
    bulk = disordered_spinel(cell, nickel=x, seed=seed)
    units = 8 * int(np.prod(cell))
    counts = bulk.composition
    assert len(bulk) == 7 * units
    assert counts["Ni2+"] == x * units
    assert counts["Mn3+"] == (1 - 2 * x) * units
    assert formal_charges(bulk).sum() == pytest.approx(0)
    moment = -2 * counts["Ni2+"] + 4 * counts["Mn3+"] + 3 * counts["Mn4+"]
    assert sum(bulk.site_properties["magmom"]) == pytest.approx(moment)


def test_disorder_is_reproducible_and_depends_on_the_seed():
    assert disordered_spinel(seed=3) == disordered_spinel(seed=3)
    assert disordered_spinel(seed=3) != disordered_spinel(seed=4)


def test_disorder_is_uniform_over_16d():
    """Each 16d site holds nickel in a quarter of the cells: 400 cells, five standard errors."""
    lattice = disordered_spinel(seed=0).lattice
    hits = np.zeros(16)
    sites = np.array([s.frac_coords for s in average_spinel() if not s.is_ordered]) % 1
    for seed in range(400):
        nickel = [s.frac_coords for s in disordered_spinel(seed=seed) if s.specie.symbol == "Ni"]
        hits[lattice.get_all_distances(nickel, sites).argmin(axis=1)] += 1
    assert np.abs(hits / 400 - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 400)


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        ({"nickel": 0.3}, "x = 0.25"),
        ({"nickel": 0.6}, "0 to 0.5"),
        ({"nickel": -0.1}, "0 to 0.5"),
        ({"supercell": (0, 1, 1)}, "three positive integers"),
        ({"supercell": (1, 1)}, "three positive integers"),
        ({"supercell": (99, 99, 99)}, "at most"),
        ({"method": "magic"}, "'random' or 'sqs'"),
        ({"a": 0.5}, "8.2 Å"),
        ({"a": float("nan")}, "8.2 Å"),
    ],
)
def test_impossible_requests_are_refused_with_a_way_out(request_, hint):
    with pytest.raises(RequestError, match=hint) as error:
        disordered_spinel(**request_)
    assert "\n" not in str(error.value)


def test_charge_balance_counts_mn3():
    assert manganese_3_count(8, 0, 16, 32) == 8
    assert manganese_3_count(8, 4, 12, 32) == 0
    assert manganese_3_count(8, 4, 12, 31) == 2
    with pytest.raises(RequestError, match="charge-balanced"):
        manganese_3_count(8, 5, 11, 32)


def test_symmetrizing_removes_noise_and_nothing_else():
    ideal = ordered_spinel()
    noisy = ideal.copy()
    rng = np.random.default_rng(1)
    for i in range(len(noisy)):
        noisy.translate_sites([i], rng.normal(0, 1e-3, 3) / 8.166, to_unit_cell=False)
    mended = symmetrized(noisy)
    assert space_group(mended, symprec=1e-6).number == 212
    shift = mended.cart_coords - noisy.cart_coords
    assert np.abs(shift).max() < 0.01
    assert mended.site_properties == noisy.site_properties


def test_permutations_form_a_group():
    """432 has 24 rotations; every operation permutes atoms, and only like with like."""
    bulk = ordered_spinel()
    operations = symmetry_operations(bulk)
    where = permutations(bulk, operations)
    assert len(operations) == 24
    assert (np.sort(where, axis=1) == np.arange(56)).all()
    species = np.array(bulk.site_properties["role"])
    assert (species[where] == species).all()


def test_primitive_cells_become_conventional_ones():
    """14 atoms of an F-centred crystal are a quarter of its cubic cell; P4_332 is primitive."""
    full = lithium_manganate()
    small = full.get_primitive_structure(use_site_props=True)
    cell = conventional_cell(small)
    assert len(small) == 14
    assert len(cell) == 56
    assert np.allclose(cell.lattice.abc, full.lattice.a)
    assert np.allclose(cell.lattice.angles, 90)
    assert sum(cell.site_properties["magmom"]) == pytest.approx(56)
    assert conventional_cell(full) is full
    assert len(conventional_cell(ordered_spinel())) == 56
