"""Whole valences: neutral for every composition that can be, placed as asked, with moments."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import (
    ELONGATION,
    assign_charges,
    balance,
    elongated,
    formal_charges,
    total_charge,
)
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)

ORDERED = ordered_spinel()


def bare(structure):
    """Without oxidation states and moments."""
    plain = Structure(structure.lattice, structure.species, structure.frac_coords)
    plain.remove_oxidation_states()
    return plain


def without(structure, *sites):
    copy = structure.copy()
    copy.remove_sites(list(sites))
    return copy


def ions(structure):
    return Counter(site.species_string for site in structure)


def sites_of(structure, ion):
    return [i for i, site in enumerate(structure) if site.species_string == ion]


@settings(deadline=None, max_examples=200)
@given(*(st.integers(0, n) for n in (16, 16, 16, 32)))
def test_balance_is_neutral_or_impossible(lithium, nickel, manganese, oxygen):
    """Possible where electrons fit: Mn between 3+ and 4+, Ni between 2+ and 4+."""
    symbols = np.repeat(["Li", "Ni", "Mn", "O"], [lithium, nickel, manganese, oxygen])
    start = np.repeat([1.0, 2.0, 4.0, -2.0], [lithium, nickel, manganese, oxygen])
    least = lithium + 2 * nickel + 3 * manganese
    most = lithium + 4 * nickel + 4 * manganese
    if not least <= 2 * oxygen <= most:
        with pytest.raises(RequestError, match="cannot be neutral"):
            balance(symbols, start)
        return
    valences, choice = balance(symbols, start)
    if choice is not None:
        assert 0 < choice.number < len(choice.sites)
        valences[choice.sites[: choice.number]] = choice.valence
    assert valences.sum() == 0
    assert set(valences[symbols == "Mn"]) <= {3.0, 4.0}
    if 3.0 in valences[symbols == "Mn"]:
        assert set(valences[symbols == "Ni"]) <= {2.0}
    assert np.ptp(valences[symbols == "Ni"]) <= 1 if nickel else True


def test_ordered_spinel_gets_its_own_valences_back():
    charged = assign_charges(bare(ORDERED))
    assert [s.species for s in charged] == [s.species for s in ORDERED]
    assert charged.site_properties["magmom"] == ORDERED.site_properties["magmom"]


@pytest.mark.parametrize(
    ("structure", "expected", "moment"),
    [
        (lithium_manganate(), {"Mn3+": 8, "Mn4+": 8}, 8 * 4 + 8 * 3),
        (without(ORDERED, 55), {"Mn3+": 2, "Mn4+": 10, "Ni2+": 4}, 2 * 4 + 10 * 3 - 4 * 2),
        (without(ORDERED, 0, 1, 2), {"Mn4+": 12, "Ni2+": 1, "Ni3+": 3}, 36 - 2 - 3),
        (without(ORDERED, *range(6)), {"Mn4+": 12, "Ni3+": 2, "Ni4+": 2}, 36 - 2),
        (without(ORDERED, *range(8)), {"Mn4+": 12, "Ni4+": 4}, 36),
        (disordered_spinel(nickel=0.25), {"Mn3+": 4, "Mn4+": 10, "Ni2+": 2}, 16 + 30 - 4),
    ],
)
def test_valences_and_ferrimagnetic_moment_of_other_compositions(structure, expected, moment):
    """Counted by hand: one electron for each Li, two for each O; spin-only moments, Ni down."""
    charged = assign_charges(bare(structure))
    assert total_charge(charged) == 0
    found = ions(charged)
    assert {ion: n for ion, n in found.items() if ion[:2] in {"Mn", "Ni"}} == expected
    assert sum(charged.site_properties["magmom"]) == moment


def test_two_odd_ions_are_as_far_apart_as_any_two_can_be():
    cell = without(ordered_spinel() * (1, 1, 2), 111)
    for seed in range(5):
        charged = assign_charges(cell, seed=seed)
        first, second = sites_of(charged, "Mn3+")
        manganese = [i for i, site in enumerate(cell) if site.specie.symbol == "Mn"]
        widest = max(cell.get_distance(i, j) for i, j in itertools.combinations(manganese, 2))
        assert charged.get_distance(first, second) == pytest.approx(widest, abs=0.1)


def test_far_ions_repel_each_other_no_more_than_in_any_other_order_of_limn2o4():
    """Brute force over the 12,870 orders of 8 Mn3+ on 16 sites; at least half the seeds find it."""
    crystal = lithium_manganate()
    metals = np.arange(8, 24)
    distances = crystal.distance_matrix[np.ix_(metals, metals)]
    repulsion = np.divide(1, distances, out=np.zeros((16, 16)), where=distances > 0)

    def energy(members):
        return repulsion[np.ix_(members, members)].sum() / 2

    least = min(energy(list(c)) for c in itertools.combinations(range(16), 8))
    found = [
        energy(np.array(sites_of(assign_charges(crystal, seed=seed), "Mn3+")) - 8)
        for seed in range(20)
    ]
    assert np.isclose(found, least).sum() >= 10


def test_near_takes_the_manganese_around_a_vacancy():
    for oxygen in (24, 40):
        place = ORDERED.frac_coords[oxygen]
        charged = assign_charges(without(ORDERED, oxygen), "near", near=place)
        away = charged.lattice.get_all_distances(place, charged.frac_coords)[0]
        odd, other = sites_of(charged, "Mn3+"), sites_of(charged, "Mn4+")
        assert away[odd].max() < 2.0
        assert away[odd].max() <= away[other].min() + 1e-6


def test_random_places_depend_on_the_seed_alone_and_reach_every_site():
    cell = without(ORDERED, 24)
    drawn = [tuple(sites_of(assign_charges(cell, "random", seed=s), "Mn3+")) for s in range(60)]
    assert drawn[0] == tuple(sites_of(assign_charges(cell, "random", seed=0), "Mn3+"))
    assert {site for pair in drawn for site in pair} == set(range(12, 24))


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_jahn_teller_axis_makes_the_two_axial_bonds_longer_and_leaves_the_others(axis):
    """One Mn3+: two bonds grow, four stay, and nothing else moves."""
    crystal = ordered_spinel()
    crystal.replace(12, "Mn3+")
    longer = elongated(crystal, axis)
    oxygens = np.arange(24, 56)
    before = crystal.lattice.get_all_distances(crystal.frac_coords[12], crystal.frac_coords)[0]
    after = longer.lattice.get_all_distances(longer.frac_coords[12], longer.frac_coords)[0]
    bonded = oxygens[before[oxygens] < 2.2]
    grown = after[bonded] - before[bonded]
    assert sorted(np.round(grown, 9)) == pytest.approx([0] * 4 + [ELONGATION] * 2)
    moved = np.abs(longer.cart_coords - crystal.cart_coords).max(axis=1) > 1e-9
    assert moved.sum() == 2
    direction = np.eye(3)["xyz".index(axis)]
    for i in bonded[grown > 0.1]:
        _, image = crystal[12].distance_and_image(crystal[i])
        bond = crystal[i].coords + image @ crystal.lattice.matrix - crystal[12].coords
        assert abs(bond @ direction) / np.linalg.norm(bond) > 0.9


def test_no_bond_stands_in_for_one_that_a_vacancy_took():
    crystal = assign_charges(without(ORDERED, 24), "near", near=ORDERED.frac_coords[24])
    for axis in "xyz":
        longer = elongated(crystal, axis)
        moved = np.abs(longer.cart_coords - crystal.cart_coords).max(axis=1) > 1e-9
        assert moved.sum() <= 4
    assert len(assign_charges(without(ORDERED, 24), jahn_teller="z")) == 55


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (lambda: assign_charges(ORDERED, "nowhere"), "far, near, random"),
        (lambda: assign_charges(without(ORDERED, 55), "near"), "near what"),
        (lambda: assign_charges(average_spinel()), "whole atoms"),
        (lambda: assign_charges("LiMn2O4"), "Structure"),
        (lambda: assign_charges(ORDERED, jahn_teller="w"), "x, y, z"),
        (lambda: assign_charges(without(ORDERED, *range(24, 40))), "26 to 36 oxygen, not 16"),
        (lambda: total_charge(bare(ORDERED)), "assign_charges"),
    ],
)
def test_wrong_requests_say_what_to_do(request_, message):
    with pytest.raises(RequestError, match=message):
        request_()


def test_an_element_without_known_valences_is_named():
    doped = ORDERED.copy()
    doped.replace(8, "Fe3+")
    with pytest.raises(RequestError, match="Fe"):
        assign_charges(doped)


def test_total_charge_is_the_sum_of_formal_charges():
    assert total_charge(ORDERED) == 0
    assert total_charge(average_spinel()) == pytest.approx(0)
    assert total_charge(without(ORDERED, 0)) == -1
    assert total_charge(without(ORDERED, 55)) == formal_charges(without(ORDERED, 55)).sum() == 2


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(["far", "random"]), st.integers(0, 8), st.integers(0, 3), st.integers(0, 9))
def test_every_cell_that_loses_lithium_and_oxygen_stays_neutral(mn3, lithium, oxygen, seed):
    cell = without(ORDERED, *range(lithium), *range(24, 24 + oxygen))
    charged = assign_charges(cell, mn3, seed=seed)
    assert total_charge(charged) == 0
    assert np.allclose(charged.frac_coords, cell.frac_coords)
    assert charged.site_properties["role"] == cell.site_properties["role"]
