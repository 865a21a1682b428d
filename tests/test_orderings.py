"""Distinct Ni/Mn orderings: their number, degeneracies, symmetry and charges."""

from collections import Counter
from itertools import combinations, islice
from math import comb

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.structure_matcher import StructureMatcher

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.clusters import fd3m_operations, metal_sites
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.orderings import (
    count_orderings,
    enumerate_orderings,
    nickel_pairs,
    ordering_occupations,
    ordering_space_groups,
    sample_occupations,
    sample_orderings,
)
from lnmo_atoms.builders.orderings.occupations import metal_permutations
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel
from lnmo_atoms.builders.subsets import Subsets, distinct_subsets, joined, orbit_of_subset
from lnmo_atoms.builders.symmetry import (
    SOHNCKE,
    permutations,
    space_group,
    symmetry_operations,
)

CUBIC = (1, 1, 1)
DOUBLED = (1, 1, 2)


@pytest.fixture(scope="module")
def cubic():
    """All orderings of the cubic cell as structures."""
    return list(enumerate_orderings())


@pytest.fixture(scope="module")
def doubled():
    """Nickel sites of all orderings of two cubic cells."""
    return joined(ordering_occupations(DOUBLED))


@pytest.mark.parametrize("cell", [CUBIC, DOUBLED, (2, 1, 1), (2, 1, 2)])
def test_operations_are_those_that_spglib_finds_for_the_parent(cell):
    parent = lithium_manganate()
    parent.make_supercell(cell)
    metals = [i for i, site in enumerate(parent) if site.properties["parent"] == "16d"]
    where = 4 * np.array(cell) * parent.frac_coords[metals]
    assert ((np.rint(where) - metal_sites(cell)) % (4 * np.array(cell)) == 0).all()
    theirs = permutations(parent, symmetry_operations(parent))[:, metals] - metals[0]
    ours = metal_permutations(cell)
    assert len(ours) == len(theirs)
    assert set(map(tuple, ours)) == set(map(tuple, theirs))


def test_numbers_of_orderings_are_exact(cubic, doubled):
    assert len(cubic) == count_orderings() == 22
    assert sum(degeneracy for _, degeneracy in cubic) == comb(16, 4) == 1820
    assert len(doubled) == count_orderings(DOUBLED) == 83_342
    assert doubled.degeneracies.sum() == comb(32, 8)
    assert float(count_orderings((1, 2, 2))) == pytest.approx(1.91e12, rel=1e-2)
    assert float(count_orderings((2, 2, 2))) == pytest.approx(9.62e26, rel=1e-3)
    assert count_orderings((2, 2, 2)) > comb(128, 32) // len(metal_permutations((2, 2, 2)))


def test_degeneracy_is_the_index_of_the_orderings_own_group(cubic):
    """Lagrange: 192 operations of the parent's cell, spglib counts those that are left."""
    for structure, degeneracy in cubic:
        assert degeneracy * len(symmetry_operations(structure)) == 192
    groups = {space_group(structure).number: degeneracy for structure, degeneracy in cubic}
    assert groups[212] == 8
    assert groups[166] == 4


def test_the_ordered_spinel_is_one_of_them_in_both_hands(cubic):
    matcher = StructureMatcher(primitive_cell=False)
    for enantiomorph in (False, True):
        ordered = ordered_spinel(8.1726, enantiomorph=enantiomorph)
        matches = [s for s, _ in cubic if matcher.fit(s, ordered)]
        assert [space_group(s).symbol for s in matches] == ["P4_332"]


def test_no_two_orderings_are_alike(cubic):
    """By pymatgen's matcher; crystals of different space groups need not be compared."""
    matcher = StructureMatcher(0.01, 0.02, 0.5, primitive_cell=False, scale=False)
    groups = [space_group(structure).number for structure, _ in cubic]
    for i, j in combinations(range(22), 2):
        if groups[i] == groups[j]:
            assert not matcher.fit(cubic[i][0], cubic[j][0])


def test_degeneracy_of_chiral_orderings_is_shared_by_two_mirror_images(cubic):
    """Proper operations alone divide the orbits of chiral orderings into halves, no others."""
    rotations, _ = fd3m_operations()
    proper = np.linalg.det(rotations) > 0
    halves = distinct_subsets(metal_permutations(CUBIC)[proper], 4)
    orderings = joined(ordering_occupations())
    shares = {tuple(sites): [] for sites in orderings.members}
    for sites, degeneracy in zip(halves.members, halves.degeneracies, strict=True):
        least, _ = orbit_of_subset(metal_permutations(CUBIC), sites)
        shares[tuple(least)].append(int(degeneracy))
    for (structure, degeneracy), parts in zip(cubic, shares.values(), strict=True):
        chiral = space_group(structure).chiral
        assert parts == ([degeneracy // 2] * 2 if chiral else [degeneracy])


def test_chiral_groups_are_those_without_improper_operations():
    proper = set()
    for hall in range(1, 531):
        rotations = spglib.get_symmetry_from_database(hall)["rotations"]
        if (np.linalg.det(rotations) > 0).all():
            proper.add(spglib.get_spacegroup_type(hall).number)
    assert proper == SOHNCKE
    assert len(SOHNCKE) == 65


def test_space_groups_of_the_metals_are_those_of_the_structures(cubic, doubled):
    metals = ordering_space_groups(joined(ordering_occupations()), CUBIC)
    assert [g.number for g in metals] == [space_group(s).number for s, _ in cubic]
    some = slice(None, 200)
    found = Subsets(doubled.members[some], doubled.degeneracies[some])
    structures = [s for s, _ in islice(enumerate_orderings(DOUBLED), 200)]
    numbers = [g.number for g in ordering_space_groups(found, DOUBLED)]
    assert numbers == [space_group(s).number for s in structures]
    assert len(set(numbers)) > 2


def test_a_larger_cell_holds_the_orderings_of_the_smaller_one(doubled):
    """Doubled along c, an ordering keeps its space group though the cell has lost its axes."""
    small = joined(ordering_occupations())
    known = {tuple(sites): i for i, sites in enumerate(doubled.members)}
    group = metal_permutations(DOUBLED)
    for sites, small_group in zip(small.members, ordering_space_groups(small, CUBIC), strict=True):
        twice = np.concatenate([2 * sites, 2 * sites + 1])
        least, degeneracy = orbit_of_subset(group, twice)
        i = known[tuple(least)]
        assert doubled.degeneracies[i] == degeneracy
        one = Subsets(doubled.members[i : i + 1], doubled.degeneracies[i : i + 1])
        assert [g.number for g in ordering_space_groups(one, DOUBLED)] == [small_group.number]


def test_structures_have_nickel_where_it_was_chosen(cubic):
    for sites, (structure, _) in zip(joined(ordering_occupations()).members, cubic, strict=True):
        assert structure.composition.element_composition.formula == "Li8 Mn12 Ni4 O32"
        nickel = [site.frac_coords for site in structure if site.properties["role"] == "nickel"]
        chosen = metal_sites(CUBIC)[sites] / 4
        distances = structure.lattice.get_all_distances(nickel, chosen)
        assert (np.sort(distances.min(axis=0)) < 1e-6).all()
        assert Counter(map(str, structure.species)) == {"Li+": 8, "Ni2+": 4, "Mn4+": 12, "O2-": 32}
        assert sum(structure.site_properties["magmom"]) == 28
        assert structure.site_properties["wyckoff"] == list(space_group(structure).wyckoffs)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 4), st.sampled_from([CUBIC, (1, 2, 1)]))
def test_poorer_in_nickel_the_mean_manganese_balances_the_charge(n_nickel, cell):
    nickel = n_nickel / 8 / int(np.prod(cell))
    orderings = list(enumerate_orderings(cell, nickel))
    assert len(orderings) == count_orderings(cell, nickel)
    assert sum(degeneracy for _, degeneracy in orderings) == comb(16 * int(np.prod(cell)), n_nickel)
    for structure, _ in orderings[:5]:
        assert formal_charges(structure).sum() == pytest.approx(0, abs=1e-4)
        assert structure.composition["Ni2+"] == n_nickel
        assert len({str(s) for s in structure.species if s.symbol == "Mn"}) == 1


def test_nearest_nickel_pairs_are_those_within_three_angstrom(cubic):
    counted = nickel_pairs(joined(ordering_occupations()), CUBIC)
    for (structure, _), pairs in zip(cubic, counted, strict=True):
        nickel = [i for i, s in enumerate(structure.species) if s.symbol == "Ni"]
        near = [n for i in nickel for n in structure.get_neighbors(structure[i], 3.0)]
        assert sum(n.specie.symbol == "Ni" for n in near) == 2 * pairs


def test_samples_are_distinct_reproducible_and_known():
    drawn = sample_occupations(30, DOUBLED, seed=5)
    again = sample_occupations(30, DOUBLED, seed=5)
    other = sample_occupations(30, DOUBLED, seed=6)
    assert (drawn.members == again.members).all()
    assert set(map(tuple, drawn.members)) != set(map(tuple, other.members))
    assert len(set(map(tuple, drawn.members))) == 30
    group = metal_permutations(DOUBLED)
    for sites, degeneracy in zip(drawn.members, drawn.degeneracies, strict=True):
        least, number = orbit_of_subset(group, sites)
        assert (least == sites).all()
        assert number == degeneracy
    everything = sample_orderings(22)
    assert sorted(degeneracy for _, degeneracy in everything) == sorted(
        degeneracy for _, degeneracy in enumerate_orderings()
    )


def test_first_samples_come_in_proportion_to_degeneracy():
    """400 seeds against 1,820 arrangements: four orderings of 192 each, five standard errors."""
    drawn = np.array([sample_occupations(1, seed=seed).degeneracies[0] for seed in range(400)])
    all_degeneracies = joined(ordering_occupations()).degeneracies
    for degeneracy in np.unique(all_degeneracies):
        expected = all_degeneracies[all_degeneracies == degeneracy].sum() / 1820
        error = np.sqrt(expected * (1 - expected) / 400)
        assert abs((drawn == degeneracy).mean() - expected) < 5 * error


def test_cells_too_large_to_list_can_be_sampled():
    (structure, degeneracy), *_ = sample_orderings(2, (2, 2, 2), seed=1)
    assert len(structure) == 448
    assert len(metal_permutations((2, 2, 2))) % degeneracy == 0


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: enumerate_orderings((1, 2, 2)), "1.91e\\+12 distinct.*sample_orderings"),
        (lambda: enumerate_orderings(nickel=0.6), "0 to 0.5"),
        (lambda: count_orderings(nickel=0.3), "x = 0.25"),
        (lambda: count_orderings((0, 1, 1)), "three positive integers"),
        (lambda: count_orderings((5, 5, 5)), "disordered_spinel"),
        (lambda: sample_orderings(23), "23 samples cannot be drawn of 22"),
        (lambda: sample_orderings(0), "0 samples"),
        (lambda: next(enumerate_orderings(a=1.0)), "8.2 Å"),
    ],
)
def test_impossible_requests_are_refused_with_a_way_out(call, hint):
    with pytest.raises(RequestError, match=hint) as error:
        call()
    assert "\n" not in str(error.value)
