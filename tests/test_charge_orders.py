"""Charge orders: every distinct placement of the odd ions, against brute force and Burnside."""

import itertools
from math import comb

import numpy as np
import pytest

from lnmo_atoms.builders.charges import assign_charges, charge_orders, total_charge
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations


def without(structure, *sites):
    copy = structure.copy()
    copy.remove_sites(list(sites))
    return copy


def odd_sites(structure, ion):
    return frozenset(i for i, site in enumerate(structure) if site.species_string == ion)


@pytest.mark.parametrize(
    ("missing", "ion", "ions", "number"),
    [
        ((24,), "Mn3+", 12, 2),
        ((40,), "Mn3+", 12, 2),
        ((0,), "Ni3+", 4, 1),
        ((0, 1, 2, 3, 4), "Ni4+", 4, 1),
        ((24, 25), "Mn3+", 12, 4),
    ],
)
def test_orders_are_those_of_brute_force(missing, ion, ions, number):
    """Orbits of all placements under the operations of the cell without its valences."""
    cell = without(ordered_spinel(), *missing)
    found = [(odd_sites(s, ion), n) for s, n in charge_orders(cell)]
    where = permutations(cell, symmetry_operations(cell))
    symbol = ion[:2]
    sites = [i for i, site in enumerate(cell) if site.specie.symbol == symbol]
    left = {frozenset(c) for c in itertools.combinations(sites, number)}
    assert len(left) == comb(ions, number) == sum(n for _, n in found)
    for members, degeneracy in found:
        orbit = {frozenset(o[list(members)].tolist()) for o in where}
        assert len(orbit) == degeneracy
        assert orbit <= left
        left -= orbit
    assert not left


def test_every_order_is_neutral_with_moments_and_atoms_in_place():
    cell = without(ordered_spinel(), 24)
    for structure, _ in charge_orders(cell):
        assert total_charge(structure) == 0
        assert sum(structure.site_properties["magmom"]) == 2 * 4 + 10 * 3 - 4 * 2
        assert np.array_equal(structure.frac_coords, cell.frac_coords)


def test_orders_of_limn2o4_add_up_and_hold_what_repulsion_prefers():
    """C(16, 8) = 12,870; the least repulsion found by the greedy placement is one of the list."""
    crystal = lithium_manganate()
    found = list(charge_orders(crystal))
    assert sum(n for _, n in found) == 12870
    distances = crystal.distance_matrix
    repulsion = np.divide(1, distances, out=np.zeros_like(distances), where=distances > 0)

    def energy(structure):
        sites = sorted(odd_sites(structure, "Mn3+"))
        return repulsion[np.ix_(sites, sites)].sum()

    least = min(energy(structure) for structure, _ in found)
    greedy = min(energy(assign_charges(crystal, seed=seed)) for seed in range(10))
    assert greedy == pytest.approx(least)


def test_more_odd_ions_than_even_ones_are_listed_too():
    """Li2Mn2O4 less one lithium: 15 Mn3+ and one Mn4+, 16 equivalent places."""
    crystal = lithium_manganate()
    for centre in itertools.product((0.0, 0.5), repeat=3):
        if centre != (0.0, 0.0, 0.0):
            crystal.append("Li+", np.array(centre) / 2 + 0.01, properties={})
    ((_, first), *rest) = charge_orders(crystal)
    assert first + sum(n for _, n in rest) == 16
    assert total_charge(next(charge_orders(crystal))[0]) == 0


def test_a_crystal_of_one_valence_each_has_one_order():
    ((structure, degeneracy),) = charge_orders(ordered_spinel())
    assert degeneracy == 1
    assert structure.species == ordered_spinel().species


def test_too_many_orders_are_refused_at_once_with_their_number():
    with pytest.raises(RequestError, match=r"\d{3},\d{3} distinct charge orders of 16"):
        charge_orders(lithium_manganate() * (1, 1, 2))
