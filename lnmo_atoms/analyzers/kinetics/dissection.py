"""The order in which sites are eliminated: pieces of a network first, cuts between them last."""

import numpy as np
from numpy.typing import NDArray

SMALLEST = 8
"""Sites of a piece that is not cut any further."""


def dissection_order(
    sites: NDArray[np.float64], start: NDArray[np.int_], end: NDArray[np.int_]
) -> NDArray[np.int64]:
    """Nested dissection (George, SIAM J. Numer. Anal. 10, 345, 1973) by planes.

    A piece is halved across its longest direction; the sites of one half that have an edge to the
    other form the cut. In a periodic crystal the first cuts are two planes each, without more ado.

    Args:
        sites: cartesian coordinates, shape (n, 3).
        start: shape (m,).
        end: shape (m,).

    Returns:
        all sites, shape (n,), in the order of elimination.
    """
    order: list[NDArray[np.int64]] = []
    pieces = [(np.arange(len(sites)), np.arange(len(start)))]
    while pieces:
        piece, edges = pieces.pop()
        if len(piece) <= SMALLEST:
            order.append(piece)
            continue
        longest = np.ptp(sites[piece], axis=0).argmax()
        half = np.zeros(len(sites), dtype=bool)
        half[piece[np.argsort(sites[piece, longest], kind="stable")[: len(piece) // 2]]] = True
        across = half[start[edges]] != half[end[edges]]
        ends = np.concatenate([start[edges[across]], end[edges[across]]])
        cut = np.unique(ends[half[ends]])
        order.append(cut)
        inner = ~np.isin(piece, cut)
        free = ~across & ~np.isin(start[edges], cut) & ~np.isin(end[edges], cut)
        for side in (True, False):
            mine = half[piece] == side
            pieces.append((piece[inner & mine], edges[free & (half[start[edges]] == side)]))
    return np.concatenate(order[::-1])
