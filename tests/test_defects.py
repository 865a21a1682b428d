"""Defects: neutral, distinct, counted as brute force counts them, of the right atoms."""

from collections import Counter
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition, Structure

from lnmo_atoms.builders.charges import assign_charges, total_charge, with_formal_charges
from lnmo_atoms.builders.defects import KINDS, delithiated, make_defects
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.builders.symmetry import symmetry_operations

ORDERED = ordered_spinel()
PLAIN = Structure(ORDERED.lattice, ORDERED.species, ORDERED.frac_coords)
PLAIN.remove_oxidation_states()
MEAN = disordered_spinel(nickel=0.25, seed=2)
MEAN.remove_oxidation_states()
MEAN = with_formal_charges(MEAN)
LITHIUM_POOR = next(delithiated(ORDERED, 1 / 8))[0]
ALL = tuple(KINDS)


def on_parent_sites(structure, perfect):
    """Fractional coordinates snapped to the perfect cell's sites, so that keys are exact."""
    points = np.concatenate([perfect.frac_coords, empty_octahedra(perfect)])
    away = structure.lattice.get_all_distances(structure.frac_coords, points)
    assert away.min(axis=1).max() < 1e-6
    return away.argmin(axis=1)


def orbit(structure, perfect):
    """Every image of a defect under the perfect cell's operations, as sets of (ion, site)."""
    points = np.concatenate([perfect.frac_coords, empty_octahedra(perfect)])
    sites = on_parent_sites(structure, perfect)
    names = [site.species_string for site in structure]
    operations = symmetry_operations(perfect)
    images = set()
    for rotation, translation in zip(operations.rotations, operations.translations, strict=True):
        moved = points @ rotation.T + translation
        to = structure.lattice.get_all_distances(moved, points).argmin(axis=1)
        images.add(frozenset(zip(names, to[sites].tolist(), strict=True)))
    return images


@pytest.mark.parametrize("supercell", [(1, 1, 1), (1, 1, 2)])
def test_multiplicities_are_the_orbits_of_brute_force_and_no_two_defects_are_equal(supercell):
    perfect = ORDERED * supercell
    seen = set()
    for defect in make_defects(ORDERED, supercell=supercell):
        images = orbit(defect.structure, perfect)
        assert len(images) == defect.multiplicity, defect.name
        assert not images & seen, defect.name
        seen |= images


@pytest.mark.parametrize(
    ("kind", "element", "number"),
    [
        ("lithium vacancy", "Li", [8]),
        ("oxygen vacancy", "O", [8, 24]),
        ("lithium interstitial", "", [4, 12]),
        ("nickel antisite", "Mn", [12]),
        ("manganese antisite", "Ni", [4]),
    ],
)
def test_single_sites_are_the_wyckoff_sites_of_the_ordered_spinel(kind, element, number):
    """P4_332: one defect for each Wyckoff site, one placement of its electrons each."""
    found = make_defects(ORDERED, [kind], mn3="far")
    labels = [defect.name.split("(")[1].split(")")[0] for defect in found]
    expected = {
        "Li": ["8c"], "O": ["8c", "24e"], "": ["4a", "12d"], "Mn": ["12d"], "Ni": ["4b"],
    }[element]  # fmt: skip
    assert sorted(labels) == sorted(expected)
    for label, n in zip(expected, number, strict=True):
        (defect,) = (d for d in found if f"({label})" in d.name)
        assert defect.multiplicity % n == 0


def test_pairs_of_oxygen_vacancies_are_27():
    """One pair of each orbit of C(32, 2) pairs; their shares of placements add up."""
    found = make_defects(ORDERED, ["oxygen vacancy pair"], mn3="far")
    assert len(found) == 27
    near = make_defects(ORDERED, ["oxygen vacancy pair"])
    pairs = {tuple(np.round(d.sites.ravel(), 6)) for d in near}
    assert len(pairs) == 27


def test_pairs_account_for_every_pair_of_sites():
    for kind, pairs in (("antisite pair", 4 * 12), ("lithium exchange", 8 * 4 + 8 * 12)):
        found = make_defects(ORDERED, [kind])
        assert sum(defect.multiplicity for defect in found) == pairs
        assert all(not defect.added and not defect.removed for defect in found)
    nearest = [d.separation for d in make_defects(ORDERED, ["antisite pair"])]
    assert nearest == sorted(nearest)
    assert nearest[0] == pytest.approx(np.sqrt(2) / 4 * 8.166, abs=0.06)


def test_near_placements_account_for_every_choice_in_the_shell():
    """Around 8c three Mn, around 24e one Ni and two Mn: 8 × C(3,2) and 24 × C(2,2) pairs; Ni_Mn
    and its two Ni: C(3,2) for each of 12; six Mn around Mn_Ni and itself: C(7,2) for each of 4."""
    found = Counter()
    for defect in make_defects(ORDERED):
        found[defect.name.split(")")[0]] += defect.multiplicity
    assert found["v_O(8c"] == 8 * comb(3, 2)
    assert found["v_O(24e"] == 24 * comb(2, 2)
    assert found["Ni_Mn(12d"] - 4 * 12 == 12 * comb(3, 2)
    assert found["Mn_Ni(4b"] == 4 * comb(7, 2)


@pytest.mark.parametrize(
    "bulk",
    [
        ORDERED,
        ordered_spinel(enantiomorph=True),
        disordered_spinel(seed=4),
        disordered_spinel(nickel=0.25, seed=2),
        lithium_manganate(),
        assign_charges(lithium_manganate()),
        MEAN,
    ],
    ids=["P4_332", "P4_132", "disordered", "with Mn3+", "LiMn2O4", "LiMn2O4, whole", "Mn3.71+"],
)
@pytest.mark.parametrize("mn3", ["near", "far"])
def test_every_defect_is_neutral_and_has_the_atoms_it_says(bulk, mn3):
    found = make_defects(bulk, mn3=mn3)
    assert len({defect.name for defect in found}) == len(found)
    for defect in found:
        cell = defect.structure
        assert abs(total_charge(cell)) < 1e-4
        atoms = Composition(defect.bulk_formula) + Composition(defect.added)
        assert cell.composition.element_composition == atoms - Composition(defect.removed)
        assert set(cell.site_properties) == {"role", "wyckoff", "parent", "magmom", "bulk_site"}
        order = [site.specie.symbol for site in cell]
        assert order == sorted(order, key=["Li", "Ni", "Mn", "O"].index)
        interstitials = defect.kind == "lithium interstitial"
        assert cell.site_properties["bulk_site"].count(-1) == interstitials
        assert defect.sites.shape == (len(defect.name.split("(")) - 1, 3)


@pytest.mark.parametrize("kind", ALL)
def test_ions_change_valence_around_the_defect(kind):
    """Ions other than the bulk's are on the defect's sites or metals in shells around them."""
    for defect in make_defects(ORDERED, [kind]):
        cell = defect.structure
        home = np.array(cell.site_properties["bulk_site"])
        changed = [
            i
            for i, site in enumerate(cell)
            if home[i] >= 0 and site.species != ORDERED[home[i]].species
        ]
        away = cell.lattice.get_all_distances(defect.sites, cell.frac_coords[changed])
        assert len(changed) == 0 or away.min(axis=0).max() < 5.2


def test_electrons_of_an_oxygen_vacancy_sit_on_manganese_bonded_to_it_or_far_away():
    for defect in make_defects(ORDERED, ["oxygen vacancy"], (1, 1, 2)):
        odd = [i for i, s in enumerate(defect.structure) if s.species_string == "Mn3+"]
        away = defect.structure.lattice.get_all_distances(
            defect.sites, defect.structure.frac_coords[odd]
        )
        assert defect.changes == ("2 Mn4+ → Mn3+",)
        assert away.shape == (1, 2)
        assert away.max() < 2.0
    for defect in make_defects(ORDERED, ["oxygen vacancy"], (1, 1, 2), mn3="far"):
        odd = [i for i, s in enumerate(defect.structure) if s.species_string == "Mn3+"]
        away = defect.structure.lattice.get_all_distances(
            defect.sites, defect.structure.frac_coords[odd]
        )
        assert away.min() > 5


def test_interstitials_sit_between_two_lithium():
    """16c: half a tetrahedral distance, √3 a/8, from two 8a."""
    for defect in make_defects(ORDERED, ["lithium interstitial"]):
        cell = defect.structure
        added = cell.site_properties["bulk_site"].index(-1)
        near = sorted(cell.distance_matrix[added, [i for i in range(9) if i != added]])
        assert near[:2] == pytest.approx([np.sqrt(3) / 8 * 8.166] * 2, abs=0.06)
        assert near[2] > 3


def test_mean_valences_stay_mean_valences():
    """LiMn2O4, 16 Mn3.5+: less one O, 2 more electrons on 16 Mn; less one Li, one fewer."""
    vacancy, oxygen = make_defects(lithium_manganate(), ["lithium vacancy", "oxygen vacancy"])
    assert vacancy.structure[7].specie.oxi_state == pytest.approx(3.5 + 1 / 16)
    assert oxygen.structure[8].specie.oxi_state == pytest.approx(3.5 - 2 / 16)
    assert (vacancy.multiplicity, oxygen.multiplicity) == (8, 32)
    pair = make_defects(lithium_manganate(), ["lithium exchange"])[0]
    assert {s.species_string for s in pair.structure} == {"Li+", "Mn3.50+", "O2-"}


def test_manganese_3_gives_its_electron_before_nickel_does():
    bulk = disordered_spinel(nickel=0.25, seed=2)
    for defect in make_defects(bulk, ["lithium vacancy"]):
        assert defect.changes == ("1 Mn3+ → Mn4+",)


def test_a_file_without_valences_gets_them():
    names = [defect.name for defect in make_defects(PLAIN)]
    assert names == [defect.name for defect in make_defects(ORDERED)]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (lambda: make_defects(ORDERED, ["schottky"]), "lithium vacancy, oxygen vacancy"),
        (lambda: make_defects(ORDERED, mn3="here"), "far, near, random"),
        (lambda: make_defects(average_spinel()), "whole atoms"),
        (lambda: make_defects(ORDERED, supercell=(1, 0, 1)), "three positive integers"),
        (lambda: make_defects(lithium_manganate(), ["antisite pair"]), "has no antisite pair"),
        (lambda: make_defects(LITHIUM_POOR, ["lithium antisite"]), "cannot be built.*neutral"),
        (lambda: delithiated(ORDERED, 1.5), "between 0 and the crystal's 1"),
        (lambda: delithiated(ORDERED, 0.3), r"x = 0\.25"),
        (lambda: delithiated(ORDERED, 0.5, (2, 2, 2)), "distinct ways to leave 32 of 64 lithium"),
    ],
)
def test_wrong_requests_say_what_to_do(request_, message):
    with pytest.raises(RequestError, match=message):
        request_()


def test_a_charged_crystal_is_refused():
    charged = ORDERED.copy()
    charged.remove_sites([0])
    with pytest.raises(RequestError, match="-1 e"):
        make_defects(charged)


@pytest.mark.parametrize(("removed", "number"), list(enumerate([1, 1, 3, 3, 7, 3, 3, 1, 1])))
def test_delithiated_cells_of_the_ordered_spinel(removed, number):
    """Orbits of subsets of 8c; Ni2+ gives one electron for each of four Li, then a second one."""
    found = list(delithiated(ORDERED, 1 - removed / 8))
    assert len(found) == number
    assert sum(n for _, n in found) == comb(8, removed)
    for structure, _ in found:
        assert total_charge(structure) == 0
        ions = Counter(site.species_string for site in structure)
        assert (ions["Li+"], ions["Mn4+"]) == (8 - removed, 12)
        assert 4 * ions["Ni4+"] + 3 * ions["Ni3+"] + 2 * ions["Ni2+"] == 8 + removed
        assert ions["Ni3+"] == min(removed, 8 - removed)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 20), st.integers(0, 8))
def test_delithiated_disordered_cells_are_neutral(seed, left):
    bulk = disordered_spinel(nickel=0.25, seed=seed)
    found = delithiated(bulk, left / 8, seed=seed)
    structure, _ = next(found)
    assert total_charge(structure) == 0
    assert structure.composition.element_composition["Li"] == left
    manganese = [s.specie.oxi_state for s in structure if s.specie.symbol == "Mn"]
    assert manganese.count(3) == max(0, 4 - (8 - left))


def test_limn2o4_loses_lithium_at_a_mean_valence():
    (structure, degeneracy), *_ = delithiated(lithium_manganate(), 0.5)
    assert structure.composition.element_composition.formula == "Li4 Mn16 O32"
    assert {s.species_string for s in structure} >= {"Mn3.75+"}
    assert degeneracy >= 1
