"""Classes of rings: by brute force, by Burnside, by the point group of 16c, by probability."""

import itertools
from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnmo_atoms.builders.hops import canonical_ring, find_hops, ring_classes
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate
from lnmo_atoms.builders.symmetry import symmetry_operations

NI, MN3, MN4 = "Ni2+", "Mn3+", "Mn4+"


def dihedral():
    """The permutations of a hexagon's corners by its rotations and reflections."""
    turns = [tuple((k + i) % 6 for i in range(6)) for k in range(6)]
    return set(turns) | {turn[::-1] for turn in turns}


def cycles(permutation):
    """How many."""
    return nx.number_connected_components(nx.Graph(list(enumerate(permutation))))


def site_group_of_16c():
    """What the operations of Fd-3m that leave a 16c in place do to the six 16d around it."""
    bulk = lithium_manganate()
    centre = empty_octahedra(bulk)[0]
    metals = [i for i, site in enumerate(bulk) if site.specie.symbol == "Mn"]
    arms = bulk.frac_coords[metals] - centre
    arms -= np.round(arms)
    far = np.linalg.norm(arms @ bulk.lattice.matrix, axis=1)
    arms = arms[np.argsort(far)[:6]]
    normal = np.cross(arms[0], next(arm for arm in arms[1:] if abs(arm @ arms[0]) < 0.1))
    x, y = arms[0], np.cross(normal, arms[0])
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    arms = arms[np.argsort(np.arctan2(arms @ y, arms @ x))]
    operations, group = symmetry_operations(bulk), set()
    for rotation, translation in zip(operations.rotations, operations.translations, strict=True):
        moved = rotation @ centre + translation - centre
        if np.allclose(moved, np.round(moved), atol=1e-3):
            images = np.linalg.norm((arms @ rotation.T)[:, None] - arms, axis=-1)
            assert images.min(axis=1).max() < 1e-3
            group.add(tuple(images.argmin(axis=1).tolist()))
    return group


def test_the_point_group_of_16c_is_that_of_the_hexagon():
    """-3m has twelve operations; on the ring they are all rotations and all reflections."""
    assert site_group_of_16c() == dihedral()


@pytest.mark.parametrize(("species", "count"), [((NI, MN4), 13), ((NI, MN3, MN4), 92)])
def test_classes_by_brute_force_and_by_burnside(species, count):
    """Bracelets of six beads: Burnside's mean number of colourings that an operation keeps."""
    group = site_group_of_16c()
    rings = itertools.product(species, repeat=6)
    brute = {min(tuple(ring[i] for i in p) for p in group) for ring in rings}
    burnside = sum(len(species) ** cycles(p) for p in group) / len(group)
    classes = ring_classes(species)
    assert len(classes) == len(brute) == burnside == count
    assert {ring_class.order for ring_class in classes} == brute
    assert sum(ring_class.degeneracy for ring_class in classes) == len(species) ** 6
    assert all(12 % ring_class.degeneracy == 0 for ring_class in classes)


def test_random_rings_have_binomial_compositions():
    """Infinite random crystal, Ni:Mn = 1:3: 0.178 without nickel, 0.356 with one, …"""
    share = {NI: 0.25, MN4: 0.75}
    for number in range(7):
        chance = sum(
            ring_class.probability(share)
            for ring_class in ring_classes(share)
            if ring_class.order.count(NI) == number
        )
        assert chance == pytest.approx(comb(6, number) * 0.25**number * 0.75 ** (6 - number))


def test_rings_of_a_large_random_cell_have_the_probabilities_of_their_classes():
    """128 rings of one cell: within five standard deviations of a binomial draw."""
    bulk = disordered_spinel((2, 2, 2), seed=5)
    rings = [hop.ring_class for hop in find_hops(bulk)]
    assert len(rings) == 128
    for ring_class in ring_classes((NI, MN4)):
        p = ring_class.probability({NI: 0.25, MN4: 0.75})
        assert abs(rings.count(ring_class.order) - 128 * p) < 5 * np.sqrt(128 * p * (1 - p)) + 1


@given(ring=st.lists(st.sampled_from([NI, MN3, MN4]), min_size=6, max_size=6), data=st.data())
def test_the_canonical_ring_is_one_of_its_class_whichever_is_asked(ring, data):
    operation = data.draw(st.sampled_from(sorted(dihedral())))
    canonical = canonical_ring(ring)
    assert canonical_ring([ring[i] for i in operation]) == canonical
    assert canonical in {tuple(ring[i] for i in p) for p in dihedral()}


def test_names_of_rings_tell_valences_apart():
    hops = find_hops(disordered_spinel(nickel=0.375, seed=0))
    for hop in hops:
        mixed = {MN3, MN4} <= set(hop.ring)
        assert hop.ring_order.count("Mn4+") == (hop.ring.count(MN4) if mixed else 0)
        assert hop.ring_order.count("Mn") + hop.ring_order.count("Ni") == 6
    assert canonical_ring(()) == ()
