"""Distinct subsets against brute force, Burnside and known counts."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.builders.subsets import (
    BATCH,
    count_subsets,
    distinct_subsets,
    orbit_of_subset,
    subset_batches,
)
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations


def closure(generators):
    """All operations of the group that some permutations generate."""
    group = {tuple(range(len(generators[0])))}
    while True:
        larger = group | {tuple(g[i] for i in h) for g in generators for h in group}
        if larger == group:
            return np.array(sorted(group))
        group = larger


def brute_force(group, size):
    """Orbits as a mapping from the least subset to the number of subsets, in order."""
    orbits = {}
    for subset in combinations(range(group.shape[1]), size):
        least = min(tuple(sorted(g[list(subset)])) for g in group)
        orbits[least] = orbits.get(least, 0) + 1
    return orbits


groups = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.permutations(range(n)), min_size=1, max_size=2).map(closure)
)


@settings(deadline=None, max_examples=60)
@given(groups, st.data())
def test_orbits_of_any_group_are_those_of_brute_force(group, data):
    size = data.draw(st.integers(0, group.shape[1]))
    found = distinct_subsets(group, size)
    expected = brute_force(group, size)
    assert list(map(tuple, found.members)) == sorted(expected)
    assert dict(zip(map(tuple, found.members), found.degeneracies, strict=True)) == expected
    assert count_subsets(group, size) == len(found) == len(expected)
    assert found.degeneracies.sum() == comb(group.shape[1], size)


@settings(deadline=None, max_examples=40)
@given(groups, st.randoms(use_true_random=False))
def test_orbit_of_a_subset_does_not_depend_on_which_of_it_is_given(group, random):
    subset = random.sample(range(group.shape[1]), random.randint(0, group.shape[1]))
    moved = group[random.randrange(len(group))][subset]
    least, number = orbit_of_subset(group, subset)
    same, again = orbit_of_subset(group, moved)
    assert (least == same).all()
    assert number == again == brute_force(group, len(subset))[tuple(least)]


@pytest.mark.parametrize("n", [63, 64, 65, 130])
def test_pairs_on_rings_longer_than_a_machine_word(n):
    """The dihedral group of a ring: a pair is given by its distance around it."""
    turns = [np.roll(np.arange(n), -k) for k in range(n)]
    group = np.array(turns + [turn[::-1] for turn in turns])
    found = distinct_subsets(group, 2)
    assert found.members.tolist() == [[0, k] for k in range(1, n // 2 + 1)]
    assert found.degeneracies.tolist() == [n if 2 * k < n else n // 2 for k in range(1, n // 2 + 1)]
    assert len(distinct_subsets(group, 3)) == count_subsets(group, 3) == round(n**2 / 12)


def test_batches_follow_one_another_without_loss():
    trivial = np.arange(18)[None]
    batches = list(subset_batches(trivial, 8))
    assert len(batches) > comb(18, 8) // BATCH > 1
    together = np.concatenate([batch.members for batch in batches])
    assert together.tolist() == [list(s) for s in combinations(range(18), 8)]


def test_lithium_vacancies_of_the_ordered_spinel():
    """8c of P4_332; of n vacancies and of 8 − n there are as many."""
    bulk = ordered_spinel()
    lithium = [i for i, role in enumerate(bulk.site_properties["role"]) if role == "lithium"]
    group = permutations(bulk, symmetry_operations(bulk))[:, lithium]
    counts = [len(distinct_subsets(group, n)) for n in range(9)]
    assert counts == [count_subsets(group, n) for n in range(9)] == [1, 1, 3, 3, 7, 3, 3, 1, 1]


def test_counts_are_exact_beyond_any_machine_number():
    """Necklaces with half of the beads coloured: a turn by k is gcd(n, k) cycles alike."""
    n, half = 202, 101
    group = np.array([np.roll(np.arange(n), -k) for k in range(n)])
    fixed = 0
    for k in range(n):
        cycles = int(np.gcd(n, k))
        length = n // cycles
        fixed += comb(cycles, half // length) if half % length == 0 else 0
    assert fixed // n > 2**64
    assert count_subsets(group, half) == fixed // n


@pytest.mark.parametrize("size", [-1, 5])
def test_impossible_sizes_are_refused(size):
    for function in (count_subsets, distinct_subsets):
        with pytest.raises(RequestError, match="ask for 0 to 4"):
            function(np.arange(4)[None], size)
