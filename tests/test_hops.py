"""Hops, octahedra and rings against counts that can be derived."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
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


@pytest.mark.parametrize(
    ("bulk", "mobile", "hint"),
    [
        (average_spinel(), "Li", "partially occupied"),
        (ordered_spinel(), "Na", "there is no Na"),
        (ordered_spinel(), "Mn", "no hop"),
    ],
)
def test_hopless_requests_are_refused(bulk, mobile, hint):
    with pytest.raises(RequestError, match=hint):
        find_hops(bulk, mobile)
