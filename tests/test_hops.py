"""Hops, octahedra and rings against counts that can be derived."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops, percolation
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)


def test_empty_octahedra_of_fd3m_are_16c():
    bulk = lithium_manganate()
    found = empty_octahedra(bulk)
    # 16c of Fd-3m, origin 2: (0,0,0) (3/4,1/4,1/2) … : multiples of 1/4 with even digit sum / 2
    assert len(found) == 16
    assert np.allclose(found * 4, np.round(found * 4), atol=1e-6)
    to_metal = bulk.lattice.get_all_distances(found, bulk.frac_coords[8:24])
    assert np.allclose(to_metal.min(axis=1), bulk.lattice.a * np.sqrt(2) / 4)
    to_lithium = bulk.lattice.get_all_distances(found, bulk.frac_coords[:8])
    assert np.allclose(np.sort(to_lithium, axis=1)[:, :2], bulk.lattice.a * np.sqrt(3) / 8)


@pytest.mark.parametrize("enantiomorph", [False, True])
def test_ordered_spinel_has_two_hops(enantiomorph):
    """Each 8c has four neighbours, one through a ring of 3 Ni + 3 Mn, three through 1 Ni + 5 Mn."""
    hops = find_hops(ordered_spinel(enantiomorph=enantiomorph))
    assert [(hop.multiplicity, hop.ring_formula) for hop in hops] == [
        (4, "3 Mn4+ + 3 Ni2+"),
        (12, "1 Ni2+ + 5 Mn4+"),
    ]
    fourfold = "4b" if enantiomorph else "4a"
    assert [hop.label for hop in hops] == [f"8c–{fourfold}–8c", "8c–12d–8c"]


def test_limn2o4_has_one_hop_in_any_cell():
    bulk = lithium_manganate()
    primitive = bulk.get_primitive_structure(use_site_props=False)
    for cell, multiplicity in ((bulk, 16), (primitive, 4)):
        (hop,) = find_hops(cell)
        assert hop.multiplicity == multiplicity
        assert hop.label == "8a–16c–8a"
        assert hop.length == pytest.approx(bulk.lattice.a * np.sqrt(3) / 4)
        assert hop.ring_formula == "6 Mn3.50+"


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), cell=st.sampled_from([(1, 1, 1), (1, 1, 2)]))
def test_multiplicities_add_up_to_two_per_lithium(seed, cell):
    """Every 8a has four 16c neighbours, each 16c two 8a: 16 hops in 56 atoms."""
    bulk = disordered_spinel(cell, seed=seed)
    hops = find_hops(bulk)
    assert sum(hop.multiplicity for hop in hops) == 2 * bulk.composition["Li+"]
    nickel = sum(hop.ring.count("Ni2+") * hop.multiplicity for hop in hops)
    # each 16d cation belongs to six rings
    assert nickel == 6 * bulk.composition["Ni2+"]


def test_translation_and_atom_order_change_nothing():
    bulk = ordered_spinel()
    bulk.translate_sites(range(56), [0.31, -0.7, 0.05])
    order = np.random.default_rng(0).permutation(56)
    shuffled = bulk.from_sites([bulk[int(i)] for i in order])
    assert Counter((h.multiplicity, h.ring_formula) for h in find_hops(shuffled)) == Counter(
        [(4, "3 Mn4+ + 3 Ni2+"), (12, "1 Ni2+ + 5 Mn4+")]
    )


@settings(max_examples=15, deadline=None)
@given(
    shift=st.tuples(*[st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.13])] * 3),
    bulk=st.sampled_from(
        [ordered_spinel(), ordered_spinel(enantiomorph=True), lithium_manganate()]
    ),
)
def test_labels_do_not_depend_on_the_origin(shift, bulk):
    moved = bulk.copy()
    moved.translate_sites(range(56), shift)
    assert [h.label for h in find_hops(moved)] == [h.label for h in find_hops(bulk)]


def test_ring_is_in_cyclic_order():
    """Neighbours in the ring are 16d nearest neighbours, a√2/4 apart; with six Mn all differ."""
    bulk = ordered_spinel()
    hop = find_hops(bulk)[0]
    assert hop.ring in {("Mn4+", "Ni2+") * 3, ("Ni2+", "Mn4+") * 3}


def test_winding_is_kept():
    """From start to octahedron and on to end is a straight, short way, without a jump."""
    for bulk in (ordered_spinel(), lithium_manganate(), disordered_spinel(seed=2)):
        for hop in find_hops(bulk):
            start = bulk.frac_coords[hop.start]
            end = bulk.frac_coords[hop.end] + hop.end_image
            for leg in (hop.octahedron - start, end - hop.octahedron):
                assert np.linalg.norm(leg @ bulk.lattice.matrix) < 2.0


def spinel(mobile, metal, anion, a, u=0.2626):
    """Normal spinel, Fd-3m."""
    return Structure.from_spacegroup(
        "Fd-3m:2", Lattice.cubic(a), [mobile, metal, anion], [[1 / 8] * 3, [1 / 2] * 3, [u] * 3]
    )


def zinc_blende():
    """Primitive cell: every fourth tetrahedron of the close-packed anions is filled."""
    return Structure(
        [[0, 2.7, 2.7], [2.7, 0, 2.7], [2.7, 2.7, 0]], ["Zn", "S"], [[0] * 3, [0.25] * 3]
    )


def scattered(bulk, matrix, seed):
    """The crystal in a sheared cell, rotated, its atoms in other cells and another order."""
    cell = bulk.copy()
    cell.make_supercell(matrix, to_unit_cell=False)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    order = rng.permutation(len(cell))
    return Structure(
        cell.lattice.matrix @ turn,
        [cell[int(i)].species for i in order],
        cell.frac_coords[order] + rng.integers(-2, 3, (len(cell), 3)) + rng.random(3),
        site_properties={
            name: [values[i] for i in order] for name, values in cell.site_properties.items()
        },
    )


CRYSTALS = {
    "ordered": ordered_spinel(),
    "mirror image": ordered_spinel(enantiomorph=True),
    "LiMn2O4": lithium_manganate(),
    "primitive": lithium_manganate().get_primitive_structure(use_site_props=False),
    "disordered": disordered_spinel((1, 1, 2), seed=3),
    "scattered": scattered(ordered_spinel(), [[1, 0, 0], [2, 1, 0], [1, 3, 1]], 0),
    "doubled": scattered(ordered_spinel(), [[1, 0, 0], [0, 1, 0], [1, 0, 2]], 1),
    "selenide": spinel("Mg", "Sc", "Se", 11.1, 0.257),
    "zinc blende": zinc_blende(),
}
MOBILE = {"selenide": "Mg", "zinc blende": "Zn"}


@pytest.fixture(scope="module", params=CRYSTALS)
def crystal(request):
    bulk = CRYSTALS[request.param]
    return bulk, MOBILE.get(request.param, "Li"), find_hops(bulk, MOBILE.get(request.param, "Li"))


def images(bulk, operation):
    """Where an operation carries every atom, by distances alone."""
    moved = bulk.frac_coords @ operation.rotation.T + operation.translation
    distances = bulk.lattice.get_all_distances(moved, bulk.frac_coords)
    assert distances.min(axis=1).max() < 1e-3
    return distances.argmin(axis=1)


def test_operations_of_equivalents_are_symmetries_that_carry_the_hop(crystal):
    bulk, _, hops = crystal
    for hop in hops:
        for other in hop.equivalents:
            to = images(bulk, other)
            assert sorted(to) == list(range(len(bulk)))
            assert all(bulk[i].species == bulk[int(j)].species for i, j in enumerate(to))
            if "magmom" in bulk.site_properties:
                moments = np.array(bulk.site_properties["magmom"])
                assert np.allclose(moments[to], moments)

            def carried(point, by=other):
                return by.rotation @ point + by.translation

            coords = bulk.frac_coords
            assert np.allclose(carried(coords[hop.start]), coords[other.start], atol=1e-4)
            end = carried(coords[hop.end] + hop.end_image)
            assert np.allclose(end, coords[other.end] + other.end_image, atol=1e-4)
            assert np.allclose(carried(hop.octahedron), other.octahedron, atol=1e-4)


def undirected(start, end, image):
    """One name for a way there and back."""
    image = np.rint(image).astype(int)
    return frozenset([(start, end, *image.tolist()), (end, start, *(-image).tolist())])


def test_equivalents_are_all_hops_of_the_cell_once(crystal):
    """Referee: the nearest pairs of mobile ions, each of which has an octahedron between."""
    bulk, mobile, hops = crystal
    members = [member for hop in hops for member in hop.equivalents]
    found = [undirected(e.start, e.end, e.end_image) for e in members]
    assert [len(hop.equivalents) for hop in hops] == [hop.multiplicity for hop in hops]
    assert len(set(found)) == len(found)
    pairs = {
        undirected(i, neighbour.index, neighbour.image)
        for i, site in enumerate(bulk)
        for neighbour in bulk.get_neighbors(site, 1.1 * max(hop.length for hop in hops))
        if {site.specie.symbol, neighbour.specie.symbol} == {mobile}
    }
    assert set(found) == pairs


def test_the_hop_itself_comes_first_and_stays_in_place(crystal):
    _, _, hops = crystal
    for hop in hops:
        first = hop.equivalents[0]
        assert (first.start, first.end) == (hop.start, hop.end)
        assert np.array_equal(first.end_image, hop.end_image)
        assert np.array_equal(first.rotation, np.eye(3))
        assert np.allclose(first.translation, 0)


@pytest.mark.parametrize(
    ("mobile", "metal", "anion", "a", "charges"),
    [
        ("Mg", "Sc", "Se", 11.1, ("2+", "3+", "2-")),
        ("Mg", "Mn", "O", 8.3, ("2+", "3+", "2-")),
        ("Li", "Ti", "O", 8.4, ("+", "3.5+", "2-")),
        ("Na", "Mn", "F", 9.0, ("+", "1.5+", "-")),
        ("Zn", "Cr", "I", 12.5, ("2+", "+", "-")),
    ],
)
def test_any_spinel_has_the_one_hop(mobile, metal, anion, a, charges):
    """With or without charges, whatever its anion's size."""
    bare = spinel(mobile, metal, anion, a)
    charged = spinel(*(i + q for i, q in zip((mobile, metal, anion), charges, strict=True)), a)
    for bulk in (bare, charged, bare.get_primitive_structure()):
        (hop,) = find_hops(bulk, mobile)
        assert hop.label == "8a–16c–8a"
        assert hop.multiplicity == 2 * bulk.composition.element_composition[mobile]
        assert hop.length == pytest.approx(a * np.sqrt(3) / 4)
        assert hop.ring_order == 6 * metal
        # a face of the tetrahedron of corners (u - 1/8)(1, 1, 1) about 8a
        edge = 2 * np.sqrt(2) * (0.2626 - 1 / 8) * a
        assert hop.bottleneck == pytest.approx(np.sqrt(3) / 4 * edge**2)
        assert percolation([hop]).dimension == 3


def test_hops_between_images_of_one_site_keep_their_winding():
    """Zinc blende: the octahedron has four zinc around it, six pairs, each a lattice vector."""
    (hop,) = find_hops(zinc_blende(), "Zn")
    assert hop.multiplicity == 6
    assert {(e.start, e.end) for e in hop.equivalents} == {(0, 0)}
    steps = {tuple(e.end_image.tolist()) for e in hop.equivalents}
    positive = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1)]
    assert all((step in steps) != (tuple(-x for x in step) in steps) for step in positive)


def test_an_octahedron_with_eight_ions_around_it_has_all_their_pairs():
    """Li2O, antifluorite: a cube of lithium around each: 4 diagonals, 12 of faces, 12 edges."""
    oxide = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.62), ["O", "Li"], [[0] * 3, [0.25] * 3]
    )
    assert [hop.multiplicity for hop in find_hops(oxide)] == [4 * 4, 4 * 12, 4 * 12]


def test_the_bottleneck_is_a_face_that_the_ion_passes(crystal):
    """Its anions touch the octahedron and one end; the area by Heron's formula."""
    bulk, _, hops = crystal
    for hop in hops:
        anions = list(hop.bottleneck_anions)
        assert len({bulk[i].specie.symbol for i in anions} & {"O", "S", "Se"}) == 1
        ends = bulk.frac_coords[[hop.start, hop.end]] + [(0, 0, 0), hop.end_image]
        from_ends = bulk.lattice.get_all_distances(ends, bulk.frac_coords[anions])
        from_centre = bulk.lattice.get_all_distances(hop.octahedron, bulk.frac_coords[anions])
        assert from_ends.max(axis=1).min() < hop.length * 0.62
        assert from_centre.max() < hop.length * 0.65
        if bulk.lattice.volume > 500:  # the nearest image of each anion is the face's
            pairs = itertools.combinations(anions, 2)
            a, b, c = (bulk.get_distance(i, j) for i, j in pairs)
            s = (a + b + c) / 2
            heron = np.sqrt(s * (s - a) * (s - b) * (s - c))
            assert hop.bottleneck == pytest.approx(heron, abs=1e-3)


def test_the_longest_hop_may_be_limited():
    """P4_332: through 4a 3.43 Å, through 12d 3.57 Å."""
    bulk = ordered_spinel()
    short, long = find_hops(bulk)
    assert [hop.label for hop in find_hops(bulk, longest=round(short.length, 3))] == [short.label]
    assert len(find_hops(bulk, longest=long.length)) == 2
    with pytest.raises(RequestError, match=f"the shortest measures {short.length:.3f} Å"):
        find_hops(bulk, longest=3.0)


def test_lithium_in_an_octahedron_closes_it():
    """Each 16c joins two 8a: lithium in one of 16 leaves 15 hops; a vacant 8a takes four away."""
    bulk = lithium_manganate()
    filled, vacant = bulk.copy(), bulk.copy()
    filled.append("Li+", [0, 0, 0], properties={"magmom": 0.0})
    vacant.remove_sites([0])
    assert sum(hop.multiplicity for hop in find_hops(filled)) == 15
    assert sum(hop.multiplicity for hop in find_hops(vacant)) == 12


def test_lithium_beside_the_way_is_in_the_ring_but_not_before_or_behind():
    """Lithium on 16d belongs to six rings; on 16c, as near to other 16c, to none."""
    bulk = lithium_manganate()
    inverse = bulk.copy()
    inverse.replace(8, "Li+", properties={"magmom": 0.0})
    hops = find_hops(inverse)
    assert sum(hop.multiplicity * hop.ring.count("Li+") for hop in hops) == 6
    bulk.append("Li+", [0, 0, 0], properties={"magmom": 0.0})
    assert {hop.ring for hop in find_hops(bulk)} == {("Mn3.50+",) * 6}


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), shear=st.integers(-3, 3))
def test_cell_and_order_of_atoms_change_no_ring(seed, shear):
    """Nor does a mirror, which turns the ring's order around."""
    bulk = disordered_spinel(nickel=0.375, seed=seed)
    moved = scattered(bulk, [[1, shear, 0], [0, 1, 0], [0, -shear, 1]], seed)

    def rings(cell):
        hops = find_hops(cell)
        return Counter(hop.ring_class for hop in hops for _ in hop.equivalents)

    assert rings(moved) == rings(bulk)


def overlapping():
    bulk = lithium_manganate()
    bulk.append("Li+", bulk.frac_coords[0] + [0.02, 0, 1], properties={"magmom": 0.0})
    return bulk


@pytest.mark.parametrize(
    ("bulk", "mobile", "hint"),
    [
        (average_spinel(), "Li", "partially occupied"),
        (ordered_spinel(), "Na", "there is no Na in Li2Mn3NiO8: say which of Li, Ni, Mn, O hops"),
        (ordered_spinel(), "Mn", "no hop"),
        (ordered_spinel(), "O", "give a cation"),
        (ordered_spinel(), "li", "'li' is no element"),
        (ordered_spinel(), "Xx", "'Xx' is no element"),
        (ordered_spinel(), 3, "3 is no element"),
        (overlapping(), "Li", r"atoms 0 \(Li\+\) and 56 \(Li\+\) lie 0.16 Å apart"),
        (Structure(Lattice.cubic(3.0), ["Li", "Li"], [[0] * 3, [0.5] * 3]), "Li", "no hop"),
    ],
)
def test_hopless_requests_are_refused(bulk, mobile, hint):
    with pytest.raises(RequestError, match=hint) as caught:
        find_hops(bulk, mobile)
    assert "\n" not in str(caught.value)
