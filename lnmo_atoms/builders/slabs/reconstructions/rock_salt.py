"""The rock-salt skin: outer lithium moved from its tetrahedra into empty octahedra.

Lithium on 16c and manganese on 16d fill the octahedra of the oxygen packing as in rock salt, which
is the structure of Li2Mn2O4 (Thackeray et al., Mater. Res. Bull. 18, 461, 1983).
"""

from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np
from scipy.optimize import linear_sum_assignment

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.reconstructions.occupation import (
    Occupation,
    Variant,
    lowest,
    plain,
)
from lnmo_atoms.builders.slabs.reconstructions.sites import (
    TOUCHING,
    with_empty_octahedra,
    without_lithium_beside,
)
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin

LEAST_OXYGEN = 5
"""Oxygen atoms around an octahedral site of the skin; one may be missing at the surface."""
MOST_LISTED = 20_000
"""Ways to give the lithium its octahedra that are listed one by one."""
MOST_DRAWN = 500
"""Ways drawn at random where there are more."""


def rock_salt(skin: Skin) -> list[Variant]:
    """The fewest outer lithium layers moved into octahedra that no remaining lithium touches.

    Raises:
        RequestError: where the empty octahedra of the upper half do not suffice.
    """
    skin = with_empty_octahedra(skin)
    layers = skin.planes(skin.of("Li"))
    for depth in range(1, len(layers) + 1):
        lithium = np.concatenate(layers[:depth])
        variants = lowest(_arrangements(skin, lithium), most=4)
        if variants:
            plural = "s" if depth > 1 else ""
            note = (
                f"{len(lithium)} Li per face, the outer {depth} layer{plural}, moved from "
                "tetrahedral to empty octahedral sites"
            )
            return [(variant, note) for variant in variants]
    raise RequestError("its outer lithium finds no empty octahedra that no other lithium touches")


def _arrangements(skin: Skin, lithium: Sites) -> Iterator[Occupation]:
    """Ways to give each lithium an octahedron of its own next to it."""
    sites = without_lithium_beside(skin, lithium)
    sites = sites[skin.oxygen_neighbours[sites] >= LEAST_OXYGEN]
    near = [sites[skin.distances[li, sites] < TOUCHING] for li in lithium]
    whole = plain(skin)
    for targets in _matchings(near).values():
        yield whole.moved(lithium, targets)


def _matchings(near: list[Sites]) -> dict[frozenset[int], list[int]]:
    """Sets of sites that give one to each lithium; where too many to list, some drawn at random."""
    if prod(map(len, near)) > MOST_LISTED:
        ways = _drawn(near)
    else:
        ways = ([*map(int, way)] for way in product(*near))
    return {frozenset(way): way for way in ways if len(set(way)) == len(near)}


def _drawn(near: list[Sites]) -> Iterator[list[int]]:
    """Matchings of least cost for random costs, none where there is no matching."""
    sites = np.unique(np.concatenate(near))
    allowed = np.array([np.isin(sites, options) for options in near])
    rng = np.random.default_rng(0)
    for _ in range(MOST_DRAWN):
        costs = np.where(allowed, rng.random(allowed.shape), len(near))
        rows, columns = linear_sum_assignment(costs)
        if len(rows) == len(near) and allowed[rows, columns].all():
            yield [int(site) for site in sites[columns]]
