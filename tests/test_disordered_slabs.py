"""Random decorations: uniform among the symmetric ones, counted by brute force."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.charges import formal_charges, formal_moment, with_formal_charges
from lnmo_atoms.builders.decoration import Decorations
from lnmo_atoms.builders.disorder import (
    decorated,
    number_of,
    parent_crystal,
    random_cells,
    sublattices,
)
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import disordered_slabs, make_slabs, parent_termination
from lnmo_atoms.builders.slabs.disordered import symmetric_decorations
from lnmo_atoms.builders.spinel import average_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.builders.symmetry import symmetry_operations

LOW_INDEX = [(1, 0, 0), (1, 1, 0), (1, 1, 1)]


def mixed(metals):
    """The average spinel with other species on 16d."""
    bulk = average_spinel()
    for site in bulk:
        if not site.is_ordered:
            site.species = metals
    return bulk


def alloy(**shares):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.75), [shares], [[0, 0, 0]])


def evenly(counts, cells):
    """Chi-square of the counts against a uniform distribution lies below its mean + 4 sigma."""
    expected = sum(counts.values()) / cells
    chi2 = sum((n - expected) ** 2 for n in counts.values()) / expected
    chi2 += expected * (cells - len(counts))
    return chi2 < (cells - 1) + 4 * np.sqrt(2 * (cells - 1))


def brute_force(orbits, counts):
    """Every colouring of the orbits with these numbers of atoms."""
    sizes = [len(orbit) for orbit in orbits]
    return [
        colours
        for colours in itertools.product(range(len(counts)), repeat=len(orbits))
        if all(
            sum(s for s, c in zip(sizes, colours, strict=True) if c == k) == n
            for k, n in enumerate(counts)
        )
    ]


def orbits_of(sizes):
    ends = np.cumsum([0, *sizes])
    return tuple(tuple(range(a, b)) for a, b in itertools.pairwise(map(int, ends)))


@given(
    sizes=st.lists(st.sampled_from([1, 2, 4]), min_size=1, max_size=7),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 1000),
)
def test_decorations_are_counted_like_brute_force(sizes, shares, seed):
    total = sum(sizes)
    first, second = sorted(round(x * total) for x in shares)
    counts = (first, second - first, total - second)
    choice = Decorations(orbits_of(sizes), ("A", "B", "C"), counts)
    assert choice.number == len(brute_force(choice.orbits, counts))
    if choice.number:
        drawn = choice.draw(np.random.default_rng(seed))
        assert [Counter(drawn.values())[s] for s in "ABC"] == list(counts)
        assert all(len({drawn[atom] for atom in orbit}) == 1 for orbit in choice.orbits)


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [((2, 2, 2, 1, 1), (5, 3)), ((4, 2, 2, 1, 1, 1), (6, 3, 2)), ((1,) * 6, (3, 2, 1))],
)
def test_every_decoration_is_equally_likely(sizes, counts):
    choice = Decorations(orbits_of(sizes), ("A", "B", "C")[: len(counts)], counts)
    rng = np.random.default_rng(1)
    drawn = Counter(
        tuple("ABC".index(d[orbit[0]]) for orbit in choice.orbits)
        for d in (choice.draw(rng) for _ in range(6000))
    )
    everything = brute_force(choice.orbits, counts)
    assert set(drawn) == set(everything)
    assert evenly(drawn, len(everything))


def nickel_places(slab):
    return frozenset(
        tuple(np.round(site.frac_coords, 4)) for site in slab if site.specie.symbol == "Ni"
    )


def symmetric_choices(slab, metals, nickel):
    """Sets of metal sites that a flip leaves as they are, for the flip that has most of them."""
    operations = symmetry_operations(slab)
    places = slab.frac_coords[metals]
    kept = []
    for rotation, translation in zip(operations.rotations, operations.translations, strict=True):
        if rotation[2, 2] == -1:
            delta = (places @ rotation.T + translation)[:, None] - places[None]
            images = np.linalg.norm(delta - np.round(delta), axis=-1).argmin(axis=1)
            kept.append(
                {
                    frozenset(tuple(np.round(places[i], 4)) for i in chosen)
                    for chosen in itertools.combinations(range(len(metals)), nickel)
                    if {int(images[i]) for i in chosen} == set(chosen)
                }
            )
    most = max(map(len, kept))
    return [choices for choices in kept if len(choices) == most]


def test_slabs_are_drawn_evenly_from_all_that_one_flip_keeps():
    """Of the 220 ways to put 3 Ni on 12 metal sites, those invariant under the best flip."""
    disorder = sublattices(average_spinel())
    parents = make_slabs(parent_crystal(average_spinel(), disorder), (1, 0, 0))
    for cut in parents:
        metals = [i for i, site in enumerate(cut.structure) if site.specie.symbol == "Mn"]
        if len(metals) == 12:
            break
    allowed = symmetric_choices(cut.structure, metals, 3)
    choices = symmetric_decorations(cut.structure, disorder)
    assert number_of(choices) == len(allowed[0])
    rng = np.random.default_rng(3)
    drawn = Counter(nickel_places(decorated(cut.structure, choices, rng)) for _ in range(1000))
    assert set(drawn) in allowed
    assert evenly(drawn, len(allowed[0]))


@pytest.mark.parametrize("facet", LOW_INDEX, ids=str)
@pytest.mark.parametrize("thickness", [8.0, 12.0])
def test_samples_are_whole_slabs_on_the_parents_positions(facet, thickness):
    bulk = average_spinel()
    parents = {s.termination: s for s in make_slabs(lithium_manganate(8.1726), facet, thickness)}
    slabs = disordered_slabs(bulk, facet, thickness, samples=2)
    assert [s.termination for s in slabs] == [f"{t}-s{k}" for t in parents for k in (1, 2)]
    for slab in slabs:
        c, structure = slab.certificate, slab.structure
        parent = parents[parent_termination(slab)]
        assert c.symmetric
        assert c.dipole_free
        assert c.formula_units * 14 == c.atoms
        assert c.thickness == pytest.approx(parent.certificate.thickness)
        repeats = c.area / parent.certificate.area
        assert c.atoms == pytest.approx(repeats * parent.certificate.atoms)
        assert formal_charges(structure).sum() == pytest.approx(0)
        assert {site.species_string for site in structure} == {"Li+", "Mn4+", "Ni2+", "O2-"}
        for site in structure:
            assert site.properties["magmom"] == formal_moment(site.specie)
            assert site.specie in bulk[site.properties["bulk_site"]].species


@pytest.mark.parametrize("thickness", [6.0, 8.0, 12.0])
def test_in_plane_cell_grows_until_it_has_decorations_enough(thickness):
    """A quarter of the metals is whole in it, in 100 ways at least; half the cell has fewer."""
    disorder = sublattices(average_spinel())
    parent = parent_crystal(average_spinel(), disorder)
    cuts = {s.termination: s for s in make_slabs(parent, (1, 0, 0), thickness)}
    for slab in disordered_slabs(average_spinel(), (1, 0, 0), thickness, samples=1):
        cut = cuts[parent_termination(slab)].structure
        metals = int(cut.composition.element_composition["Mn"])
        repeats = round(len(slab.structure) / len(cut))
        assert metals * repeats % 4 == 0
        assert math.comb(metals * repeats, metals * repeats // 4) >= 100
        for smaller in range(1, repeats):
            for repeated in ((smaller, 1, 1), (1, smaller, 1)):
                choices = symmetric_decorations(
                    cut.make_supercell(repeated, in_place=False), disorder
                )
                assert not choices or number_of(choices) < 100


def test_samples_differ():
    for facet in LOW_INDEX:
        slabs = disordered_slabs(average_spinel(), facet, 8.0, samples=4)
        for termination in {parent_termination(s) for s in slabs}:
            drawn = {
                nickel_places(s.structure) for s in slabs if parent_termination(s) == termination
            }
            assert len(drawn) > 2


def test_seeds_repeat_and_more_samples_begin_alike():
    def places(samples, seed):
        slabs = disordered_slabs(average_spinel(), (1, 1, 1), samples=samples, seed=seed)
        return [nickel_places(s.structure) for s in slabs if parent_termination(s) == "a"]

    four = places(4, 7)
    assert places(4, 7) == four
    assert places(2, 7) == four[:2]
    assert places(4, 8) != four


def test_three_species_keep_the_charge_balance():
    bulk = mixed({"Ni2+": 0.125, "Mn3+": 0.25, "Mn4+": 0.625})
    for slab in disordered_slabs(bulk, (1, 1, 1), samples=2):
        content = slab.structure.composition
        metals = content["Ni2+"] + content["Mn3+"] + content["Mn4+"]
        assert content["Ni2+"] == pytest.approx(metals / 8)
        assert content["Mn3+"] == pytest.approx(metals / 4)
        assert slab.certificate.symmetric
        assert slab.certificate.dipole_free
        assert slab.certificate.stoichiometric


def test_two_sublattices_keep_their_own_compositions():
    """Partly ordered P4_332: 4b mostly nickel, 12d mostly manganese."""
    bulk = ordered_spinel()
    kept = bulk.copy()
    for site in bulk:
        if site.specie.symbol == "Ni":
            site.species = {"Ni2+": 0.5, "Mn4+": 0.5}
        elif site.specie.symbol == "Mn":
            site.species = {"Ni2+": 1 / 6, "Mn4+": 5 / 6}
    for slab in disordered_slabs(bulk, (1, 0, 0), samples=1):
        on_4b = [
            site.specie.symbol
            for site in slab.structure
            if kept[site.properties["bulk_site"]].specie.symbol == "Ni"
        ]
        assert on_4b.count("Ni") == len(on_4b) / 2
        assert slab.certificate.stoichiometric
        assert slab.certificate.symmetric


def test_alloys_need_no_charges():
    for slab in disordered_slabs(alloy(Cu=0.75, Au=0.25), (1, 1, 1), 6.0):
        assert slab.certificate.formula == "Cu3Au"
        assert slab.certificate.symmetric
        assert slab.certificate.total_charge is None


def test_random_cells_hold_the_composition_in_the_smallest_cell_that_can():
    cells = random_cells(average_spinel(), 3, seed=0)
    assert all(c.composition.element_composition.formula == "Li8 Mn12 Ni4 O32" for c in cells)
    assert len({nickel_places(cell) for cell in cells}) == 3
    primitive = average_spinel().get_primitive_structure()
    assert len(random_cells(primitive, 1, seed=0)[0]) == 56
    (cell,) = random_cells(mixed({"Ni2+": 0.03125, "Mn4+": 0.53125, "Mn3+": 0.4375}), 1, seed=0)
    assert len(cell) == 112
    assert formal_charges(cell).sum() == pytest.approx(0)


def test_average_crystals_without_states_get_the_mean_valence():
    bulk = mixed({"Ni": 0.125, "Mn": 0.875})
    bulk.remove_oxidation_states()
    bulk.remove_site_property("magmom")
    charged = with_formal_charges(bulk)
    valence = (8 * 8 - 8 - 2 * 2) / 14
    assert formal_charges(charged).sum() == pytest.approx(0, abs=1e-4)
    moment = 0.125 * -2 + 0.875 * (7 - valence)
    assert charged[8].properties["magmom"] == pytest.approx(moment, abs=1e-5)


@pytest.mark.parametrize(
    ("bulk", "options", "hint"),
    [
        (ordered_spinel(), {}, "make_slabs"),
        (mixed({"Ni2+": 0.25, "Mn4+": 0.7}), {}, "vacancies"),
        (mixed({"Cr3.5+": 0.2513, "Mn3.5+": 0.7487}), {}, "simple fractions"),
        (average_spinel(), {"samples": 0}, "samples"),
        (average_spinel(), {"seed": -1}, "seed"),
        (average_spinel(), {"thickness": -1.0}, "lengths in Å"),
    ],
)
def test_wrong_requests_get_one_clear_line(bulk, options, hint):
    with pytest.raises(RequestError, match=hint) as error:
        disordered_slabs(bulk, (1, 1, 1), **options)
    assert "\n" not in str(error.value)
