"""In how many dimensions networks lead, against networks laid out in space."""

import itertools
from math import gcd

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnmo_atoms.builders.hops import find_hops, percolation
from lnmo_atoms.builders.hops.percolation import lattice_basis, percolation_of_edges
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate, ordered_spinel

SMALL = st.tuples(*[st.integers(-1, 1)] * 3)
EDGES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), SMALL), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("edges", "dimension", "directions", "sites"),
    [
        ([], 0, (), 1),
        ([(0, 1, (0, 0, 0))], 0, (), 2),
        ([(0, 1, (5, -2, 7))], 0, (), 2),
        ([(0, 0, (0, 0, 0))], 0, (), 1),
        ([(0, 0, (0, 0, 1))], 1, ((0, 0, 1),), 1),
        ([(0, 1, (0, 0, 0)), (1, 0, (1, 1, 0))], 1, ((1, 1, 0),), 2),
        ([(0, 1, (0, 0, 0)), (0, 1, (1, 0, 0)), (0, 1, (0, 1, 0))], 2, ((1, 0, 0), (0, 1, 0)), 2),
        ([(0, 0, (2, 0, 0)), (0, 0, (3, 0, 0))], 1, ((1, 0, 0),), 1),
        ([(0, 0, (1, 0, 0)), (1, 1, (0, 1, 0)), (2, 2, (0, 0, 1))], 1, ((1, 0, 0),), 1),
        ([(0, 0, (1, 0, 0)), (1, 1, (0, 1, 0)), (1, 1, (0, 0, 1))], 2, ((0, 1, 0), (0, 0, 1)), 1),
    ],
)
def test_networks_drawn_by_hand(edges, dimension, directions, sites):
    """Pairs, chains, honeycombs, a chain of two strides, separate chains that cross nowhere."""
    network = percolation_of_edges(edges)
    assert (network.dimension, network.directions, network.sites) == (dimension, directions, sites)


@settings(max_examples=40, deadline=None)
@given(edges=EDGES)
def test_dimension_is_that_of_the_network_laid_out_in_space(edges):
    """In a box of 11³ cells, the copies of a site that a way connects to it span the dimension.

    Ways close after three hops at most, so the independent ones lie well inside the box.
    """
    laid_out = nx.Graph()
    for cell in itertools.product(range(-5, 6), repeat=3):
        for start, end, image in edges:
            there = tuple(np.add(cell, image).tolist())
            laid_out.add_edge((start, cell), (end, there))
    dimensions = [0]
    for site in {start for start, _, _ in edges}:
        reached = nx.node_connected_component(laid_out, (site, (0, 0, 0)))
        cells = [cell for other, cell in reached if other == site]
        dimensions.append(int(np.linalg.matrix_rank(np.array(cells))))
    assert percolation_of_edges(edges).dimension == max(dimensions)


@settings(max_examples=60, deadline=None)
@given(vectors=st.lists(st.tuples(*[st.integers(-6, 6)] * 3), max_size=5))
def test_lattice_basis_spans_just_the_lattice_of_its_vectors(vectors):
    """Rank and the greatest common divisor of its minors name a sublattice's rank and index."""

    def minors(rows, rank):
        matrix = np.array(rows, dtype=int).reshape(-1, 3)
        chosen = itertools.product(
            itertools.combinations(range(len(matrix)), rank), itertools.combinations(range(3), rank)
        )
        return [round(np.linalg.det(matrix[np.ix_(r, c)])) for r, c in chosen]

    basis = lattice_basis(vectors)
    rank = len(basis)
    assert rank == (np.linalg.matrix_rank(np.array(vectors)) if vectors else 0)
    if rank:
        index = gcd(*minors(basis, rank))
        assert index == gcd(*minors(vectors, rank))
        assert index == gcd(*minors([*basis, *vectors], rank))
    assert lattice_basis(reversed(vectors)) == basis


@settings(max_examples=30, deadline=None)
@given(edges=EDGES, shear=st.integers(-3, 3), shift=st.lists(SMALL, min_size=3, max_size=3))
def test_dimension_depends_on_no_choice_of_cell_or_origin(edges, shear, shift):
    matrix = np.array([[1, shear, 0], [0, 1, 0], [0, -shear, 1]])
    moved = [
        (start, end, tuple(((np.array(image) + shift[end] - shift[start]) @ matrix).tolist()))
        for start, end, image in edges
    ]
    there, here = percolation_of_edges(moved), percolation_of_edges(edges)
    assert (there.dimension, there.sites) == (here.dimension, here.sites)


def test_hops_of_ordered_spinel():
    """12d alone leads everywhere, 4a alone joins pairs."""
    bulk = ordered_spinel()
    fourfold, twelvefold = find_hops(bulk)
    alone = percolation([fourfold])
    assert (alone.dimension, alone.sites) == (0, 2)
    whole = percolation([twelvefold])
    assert (whole.dimension, whole.sites) == (3, 8)
    assert abs(round(np.linalg.det(np.array(whole.directions)))) == 1
    assert percolation([fourfold, twelvefold]).dimension == 3
    assert percolation([]).dimension == 0


def test_hops_of_limn2o4_in_any_cell():
    bulk = lithium_manganate()
    large = bulk.copy()
    large.make_supercell([1, 1, 2])
    for cell in (bulk, bulk.get_primitive_structure(use_site_props=False), large):
        network = percolation(find_hops(cell))
        assert network.dimension == 3
        assert network.sites == round(cell.composition["Li+"])


def test_hops_through_manganese_alone_follow_a_referee():
    """Rings of six Mn in a random crystal: clusters as networkx finds them without winding."""
    bulk = disordered_spinel((2, 2, 2), seed=1)
    chosen = [hop for hop in find_hops(bulk) if hop.ring == ("Mn4+",) * 6]
    assert chosen
    network = percolation(chosen)
    joined = nx.Graph([(hop.start, hop.end) for hop in chosen])
    sizes = {len(cluster) for cluster in nx.connected_components(joined)}
    assert network.sites in sizes
    assert network.dimension or network.sites == max(sizes)
