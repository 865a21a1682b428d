"""Orbits of clusters on 16d: numbered, counted and told apart as brute force does."""

import itertools
from collections import Counter

import numpy as np
import pytest
from pymatgen.core import Structure

from lnmo_atoms.builders.clusters import cluster_orbits, metal_sites, site_numbers
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations


def pyrochlore(repeats):
    """Manganese alone on 16d, sites in the order of :func:`metal_sites`."""
    crystal = Structure.from_sites([s for s in lithium_manganate() if s.specie.symbol == "Mn"])
    return crystal.make_supercell(repeats, in_place=False)


def test_sites_are_those_of_the_builders_in_their_order():
    """The 16d sites of Fd-3m as the parent of a disordered cell has them, all copies together."""
    repeats = (1, 3, 2)
    crystal = pyrochlore(repeats)
    sites = metal_sites(repeats)
    assert np.allclose(crystal.frac_coords * repeats * 4 % (4 * np.array(repeats)), sites)
    assert (site_numbers(sites, repeats) == np.arange(96)).all()
    shift = np.array([1, -3, 4]) * 4
    assert site_numbers(sites + shift, repeats).tolist() == list(range(96))
    assert site_numbers(np.zeros(3, dtype=int), repeats) == -1  # 16c


def test_disordered_cells_have_nickel_on_these_sites():
    bulk = disordered_spinel((2, 1, 1), seed=3)
    metals = [site for site in bulk if site.specie.symbol in {"Ni", "Mn"}]
    quarters = np.array([site.frac_coords for site in metals]) * [2, 1, 1] * 4
    assert np.allclose(quarters, np.rint(quarters))
    assert sorted(site_numbers(np.rint(quarters).astype(int), (2, 1, 1))) == list(range(32))


def test_shells_of_the_pyrochlore_lattice():
    """6, 12, 6 + 6, 12 neighbours at √2, √6, √8 and √10 quarters of a; two triangles a site."""
    orbits = cluster_orbits((1, 1, 1), pairs=5)
    assert [o.name for o in orbits] == [
        "pair 1", "pair 2", "pair 3a", "pair 3b", "pair 4", "triangle 1",
    ]  # fmt: skip
    neighbours = [2 * o.multiplicity / 16 for o in orbits[:5]]
    assert neighbours == [6, 12, 6, 6, 12]
    assert [o.radius for o in orbits] == pytest.approx(np.sqrt([2, 6, 8, 8, 10, 2]) / 4)
    assert orbits[5].multiplicity == 32


def test_members_are_the_neighbours_by_distance():
    """pymatgen's neighbour list, periodic images one by one, in a cell that touches itself."""
    repeats = (1, 2, 3)
    crystal = pyrochlore(repeats)
    a = crystal.lattice.a / repeats[0]
    first, second, _, distance = crystal.get_neighbor_list(0.9 * a)
    by_distance = {}
    for i, j, d in zip(first, second, distance, strict=True):
        by_distance.setdefault(round(float(d) / a, 4), Counter())[int(i), int(j)] += 1
    ours = {}
    for orbit in cluster_orbits(repeats, pairs=5, triplets=0):
        both_ways = ours.setdefault(round(float(orbit.radius), 4), Counter())
        both_ways.update(map(tuple, orbit.members.tolist()))
        both_ways.update(map(tuple, orbit.members[:, ::-1].tolist()))
    assert ours == by_distance


def test_triangles_are_three_sites_of_a_tetrahedron():
    repeats = (2, 1, 1)
    crystal = pyrochlore(repeats)
    a = crystal.lattice.a / repeats[0]
    (orbit,) = cluster_orbits(repeats, pairs=0)
    edge = a * np.sqrt(2) / 4
    for triangle in orbit.members:
        for i, j in itertools.combinations(triangle, 2):
            assert crystal.get_distance(int(i), int(j)) == pytest.approx(edge)
    assert len({tuple(sorted(t)) for t in orbit.members.tolist()}) == 64


def test_each_orbit_is_one_orbit_of_fd3m():
    """spglib's operations on the crystal carry one member onto all others and onto no more."""
    repeats = (2, 2, 2)
    crystal = pyrochlore(repeats)
    operations = symmetry_operations(crystal)
    assert len(operations) == 192 * 8
    where = permutations(crystal, operations)
    for orbit in cluster_orbits(repeats, pairs=6, triplets=6):
        images = np.unique(np.sort(where[:, orbit.members[0]], axis=1), axis=0)
        assert (images == np.unique(np.sort(orbit.members, axis=1), axis=0)).all()


def test_third_neighbours_are_through_a_metal_or_across_an_empty_site():
    """At the midpoint of a 3a pair is a 16d; the 16c in that of a 3b pair has six 16d around it."""
    repeats = (2, 2, 2)
    crystal = pyrochlore(repeats)
    a = crystal.lattice.a / repeats[0]
    _, _, through, across = cluster_orbits(repeats, triplets=0)
    for orbit, distance, number in ((through, 0.0, 1), (across, a * np.sqrt(2) / 4, 6)):
        i, j = (int(site) for site in orbit.members[0])
        _, image = crystal[i].distance_and_image(crystal[j])
        middle = (crystal[i].coords + crystal[j].coords + image @ crystal.lattice.matrix) / 2
        near = sorted(s.nn_distance for s in crystal.get_sites_in_sphere(middle, 0.4 * a))
        assert near[:number] == pytest.approx([distance] * number, abs=1e-6)


def test_clusters_that_touch_themselves():
    """Sixth neighbours at (1, 0, 0) a: in one cubic cell each site is its own neighbour."""
    sixth = cluster_orbits((1, 1, 1), pairs=7, triplets=0)[-1]
    assert sixth.radius == 1
    assert sixth.multiplicity == 48
    assert sorted(sixth.members[:, 0]) == sorted(np.repeat(np.arange(16), 3))
    assert (sixth.members[:, 0] == sixth.members[:, 1]).all()
