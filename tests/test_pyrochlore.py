"""Rings of six metals around the empty octahedra."""

import numpy as np
import pytest

from lnmo_atoms.analyzers.order_disorder import variant_spins
from lnmo_atoms.builders.clusters import cluster_orbits
from lnmo_atoms.builders.pyrochlore import rings


@pytest.mark.parametrize("supercell", [(1, 1, 1), (1, 1, 2), (2, 3, 2)])
def test_neighbours_follow_each_other_and_every_pair_is_in_two_rings(supercell):
    around = rings(supercell)
    sites = 16 * int(np.prod(supercell))
    assert around.shape == (sites, 6)
    assert (np.bincount(around.ravel()) == 6).all()
    edges = np.stack([around, np.roll(around, -1, axis=1)], axis=-1).reshape(-1, 2)
    first = cluster_orbits(supercell, pairs=1, triplets=0)[0].members
    sides, pairs = (sorted(map(tuple, np.sort(p, axis=1).tolist())) for p in (edges, first))
    assert sides == sorted(pairs * 2)


def test_p4332_has_four_rings_of_three_nickel_and_twelve_of_one():
    nickel = (variant_spins(0, (1, 1, 1))[rings((1, 1, 1))] > 0).sum(axis=1)
    assert np.bincount(nickel).tolist() == [0, 12, 0, 4]
