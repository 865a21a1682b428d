"""Sites eliminated one by one from a network of conductances, without a single cancellation.

A site with conductances cᵢ to neighbours at displacements dᵢ is replaced by conductances cᵢcⱼ/Σc
between its neighbours at dⱼ − dᵢ, star to mesh (Rosen, J. IEE 62, 916, 1924). Two edges between
the same sites, at displacements d₁ and d₂, become one, and c₁c₂/(c₁ + c₂) (d₁ − d₂)² is what
carriers diffuse by going around by the one and back by the other. All terms are positive, so that
every one keeps its relative accuracy however different the conductances are (Grassmann, Taksar and
Heyman, Oper. Res. 33, 1107, 1985).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rows(NamedTuple):
    """Every site's edges, in one pool; an edge stands in the rows of both its sites.

    Attributes:
        first: shape (n,), where the row begins.
        length: shape (n,), edges in the row.
        room: shape (n,), edges the row can hold.
        used: shape (1,), length of the pool in use.
        to: neighbour.
        conductance: of the edge.
        way: displacement to the neighbour in lattice vectors, shape (pool, 3).
    """

    first: Ints
    length: Ints
    room: Ints
    used: Ints
    to: Ints
    conductance: Floats
    way: Floats


@njit(cache=True, error_model="numpy")
def eliminate(order: Ints, start: Ints, end: Ints, image: Ints, conductance: Floats) -> Floats:
    """Σ c (d + χ_end − χ_start)² over the edges, least over the sites' shifts χ.

    Args:
        order: all sites in the order of their elimination, shape (n,).
        start: shape (m,).
        end: shape (m,).
        image: d in lattice vectors, shape (m, 3); integers, so that equal ways cancel exactly.
        conductance: shape (m,).

    Returns:
        shape (3, 3), in lattice vectors.
    """
    total = np.zeros((3, 3))
    where = np.full(len(order), -1)
    rows = _rows(total, len(order), start, end, image, conductance)
    for k in order:
        star = slice(rows.first[k], rows.first[k] + rows.length[k])
        near = rows.to[star].copy()
        spokes = rows.conductance[star].copy()
        ways = rows.way[star].copy()
        for a in range(len(near)):
            i = near[a]
            rows = _with_room(rows, i, len(near))
            row = slice(rows.first[i], rows.first[i] + rows.room[i])
            rows.length[i] = _mesh(
                total, where, rows.to[row], rows.conductance[row], rows.way[row], rows.length[i], i,
                near, spokes, ways, k, a,
            )  # fmt: skip
    return total + np.triu(total, 1).T


@njit(cache=True, error_model="numpy")
def _mesh(
    total: Floats,
    where: Ints,
    to: Ints,
    conductance: Floats,
    way: Floats,
    count: int,
    i: int,
    near: Ints,
    spokes: Floats,
    ways: Floats,
    k: int,
    a: int,
) -> int:
    """In the row of i, the a-th neighbour of k, ways to k's other neighbours replace that to k.

    Args:
        total: what carriers diffuse, its upper triangle.
        where: -1 for every site; holds places in the row meanwhile.
        to: the row's neighbours.
        conductance: of the row's edges.
        way: of the row's edges.
        count: edges in the row.
        i: the row's site.
        near: neighbours of k.
        spokes: conductances from k to them.
        ways: from k to them.
        k: the site that goes.
        a: which of its neighbours i is.

    Returns:
        edges in the row now.
    """
    for s in range(count):
        where[to[s]] = s
    hole, count = where[k], count - 1
    where[to[count]] = hole
    where[k] = -1
    to[hole], conductance[hole] = to[count], conductance[count]
    way[hole, 0], way[hole, 1], way[hole, 2] = way[count, 0], way[count, 1], way[count, 2]
    whole = spokes.sum()
    xx = yy = zz = xy = xz = yz = 0.0
    for b in range(len(near)):
        # written so that both rows of an edge round the product alike
        new = min(spokes[a], spokes[b]) * (max(spokes[a], spokes[b]) / whole)
        if b == a or new == 0.0:
            continue
        x, y, z = ways[b, 0] - ways[a, 0], ways[b, 1] - ways[a, 1], ways[b, 2] - ways[a, 2]
        j = near[b]
        at = where[j]
        if at < 0:
            where[j], to[count], conductance[count] = count, j, new
            way[count, 0], way[count, 1], way[count, 2] = x, y, z
            count += 1
            continue
        x, y, z = x - way[at, 0], y - way[at, 1], z - way[at, 2]
        both = conductance[at] + new
        share = new / both
        if i < j:
            weight = conductance[at] * share
            xx, yy, zz = xx + weight * x * x, yy + weight * y * y, zz + weight * z * z
            xy, xz, yz = xy + weight * x * y, xz + weight * x * z, yz + weight * y * z
        conductance[at] = both
        way[at, 0] += share * x
        way[at, 1] += share * y
        way[at, 2] += share * z
    for s in range(count):
        where[to[s]] = -1
    total += np.array([[xx, xy, xz], [0.0, yy, yz], [0.0, 0.0, zz]])
    return count


@njit(cache=True, error_model="numpy")
def _rows(
    total: Floats, sites: int, start: Ints, end: Ints, image: Ints, conductance: Floats
) -> Rows:
    """The network as rows, parallel edges joined, ways from a site to its own image counted."""
    room = np.zeros(sites, np.int64)
    for e in range(len(start)):
        room[start[e]] += 1
        room[end[e]] += 1
    used = np.array([room.sum()])
    size = 4 * used[0]
    to, conductances, ways = np.empty(size, np.int64), np.empty(size), np.empty((size, 3))
    count = np.zeros(sites, np.int64)
    rows = Rows(np.cumsum(room) - room, count, room, used, to, conductances, ways)
    for e in range(len(start)):
        way = image[e].astype(np.float64)
        if start[e] == end[e]:
            total += conductance[e] * np.triu(np.outer(way, way))
        elif conductance[e] > 0.0:
            total += _insert(rows, start[e], end[e], conductance[e], way)
            _insert(rows, end[e], start[e], conductance[e], -way)
    return rows


@njit(cache=True, error_model="numpy")
def _insert(rows: Rows, i: int, j: int, conductance: float, way: Floats) -> Floats:
    """An edge in the row of i, joined to one to j that is there; what carriers diffuse by both."""
    first, last = rows.first[i], rows.first[i] + rows.length[i]
    for s in range(first, last):
        if rows.to[s] == j:
            both = rows.conductance[s] + conductance
            share = conductance / both
            difference = way - rows.way[s]
            weight = rows.conductance[s] * share
            rows.way[s] += share * difference
            rows.conductance[s] = both
            return weight * np.triu(np.outer(difference, difference))
    rows.to[last], rows.conductance[last] = j, conductance
    rows.way[last] = way
    rows.length[i] += 1
    return np.zeros((3, 3))


@njit(cache=True)
def _with_room(rows: Rows, i: int, more: int) -> Rows:
    """The rows, that of i moved to the pool's end where it cannot hold so many more edges."""
    needed = rows.length[i] + more
    if needed <= rows.room[i]:
        return rows
    begin, used = rows.first[i], rows.used[0]
    rows.first[i], rows.room[i] = used, 2 * needed
    rows.used[0] += 2 * needed
    if rows.used[0] > len(rows.to):
        rows = _grown(rows, used)
    for s in range(rows.length[i]):
        rows.to[used + s] = rows.to[begin + s]
        rows.conductance[used + s] = rows.conductance[begin + s]
        rows.way[used + s] = rows.way[begin + s]
    return rows


@njit(cache=True)
def _grown(rows: Rows, filled: int) -> Rows:
    """The rows in a pool twice as large as needed."""
    size = 2 * rows.used[0]
    to, conductance, way = np.empty(size, np.int64), np.empty(size), np.empty((size, 3))
    to[:filled] = rows.to[:filled]
    conductance[:filled] = rows.conductance[:filled]
    way[:filled] = rows.way[:filled]
    return Rows(rows.first, rows.length, rows.room, rows.used, to, conductance, way)
