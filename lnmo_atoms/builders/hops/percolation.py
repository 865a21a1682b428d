"""In how many dimensions a network of hops leads through the crystal.

Every closed way through a periodic network ends in a lattice translation; the rank of the lattice
of these is the network's periodicity (Delgado-Friedrichs and O'Keeffe, Acta Cryst. A 59, 351,
2003). Everything is done in whole numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lnmo_atoms.builders.hops.hop import Hop

Vector = tuple[int, ...]
"""A lattice translation, three whole numbers."""
Edge = tuple[int, int, Vector]
"""From a site in the home cell to a site in another cell."""


@dataclass(frozen=True)
class Percolation:
    """What a network of hops spans; of several separate networks, the widest.

    Attributes:
        dimension: 3 where an ion gets through the crystal in all directions, 2 in planes, 1 in
            channels, 0 where it never leaves a group of sites.
        directions: lattice translations that repeat the network, as many as its dimension; their
            whole combinations are all that do.
        sites: sites of the network in one repeat.
    """

    dimension: int
    directions: tuple[Vector, ...]
    sites: int


def percolation(hops: Sequence[Hop]) -> Percolation:
    """What some hops of a crystal span together with all their equivalents."""
    return percolation_of_edges(
        (member.start, member.end, tuple(member.end_image.tolist()))
        for hop in hops
        for member in hop.equivalents
    )


def percolation_of_edges(edges: Iterable[Edge]) -> Percolation:
    """What undirected edges between sites span."""
    ways: dict[int, list[tuple[int, Vector]]] = defaultdict(list)
    for start, end, image in edges:
        ways[start].append((end, image))
        ways[end].append((start, _sum((0, 0, 0), image, -1)))
    networks, seen = [Percolation(0, (), 1)], set[int]()
    for root in ways:
        if root not in seen:
            cells = _spanning_tree(ways, root)
            seen |= cells.keys()
            directions = lattice_basis(_closed_ways(ways, cells))
            networks.append(Percolation(len(directions), directions, len(cells)))
    return max(networks, key=lambda network: (network.dimension, network.sites))


def _spanning_tree(ways: Mapping[int, list[tuple[int, Vector]]], root: int) -> dict[int, Vector]:
    """The cell in which a tree grown from the root reaches each site of its network."""
    cells: dict[int, Vector] = {root: (0, 0, 0)}
    branches = [root]
    while branches:
        start = branches.pop()
        for end, image in ways[start]:
            if end not in cells:
                cells[end] = _sum(cells[start], image)
                branches.append(end)
    return cells


def _closed_ways(
    ways: Mapping[int, list[tuple[int, Vector]]], cells: Mapping[int, Vector]
) -> set[Vector]:
    """Where each edge leads that closes a way along the tree."""
    return {
        _sum(_sum(cells[start], image), cells[end], -1)
        for start in cells
        for end, image in ways[start]
    }


def lattice_basis(vectors: Iterable[Vector]) -> tuple[Vector, ...]:
    """Linearly independent vectors whose whole combinations are those of the given ones.

    The rows of the Hermite normal form, by Euclid's algorithm on one column after the other.
    """
    rows, basis = {tuple(map(int, vector)) for vector in vectors}, list[Vector]()
    for column in range(3):
        while len(rest := [row for row in rows if row[column]]) > 1:
            pivot = min(rest, key=lambda row: abs(row[column]))
            rows = {_reduced(row, pivot, column) for row in rows - {pivot}} | {pivot}
        for pivot in rest:
            positive = pivot if pivot[column] > 0 else _sum((0, 0, 0), pivot, -1)
            basis = [*(_reduced(row, positive, column) for row in basis), positive]
        rows -= set(rest)
    return tuple(basis)


def _reduced(row: Vector, pivot: Vector, column: int) -> Vector:
    """The row less as many pivots as leave the smallest remainder in a column."""
    return _sum(row, pivot, -(row[column] // pivot[column]))


def _sum(a: Vector, b: Vector, times: int = 1) -> Vector:
    """A + times · b."""
    return tuple(x + times * y for x, y in zip(a, b, strict=True))
