"""Pairs and triangles of metal sites: the symmetry orbits of clusters on 16d of Fd-3m.

Nickel and manganese sit on 16d, a pyrochlore lattice of corner-sharing tetrahedra. What their
arrangement looks like at short range is told by the mean products of σ = +1 (Ni) and −1 (Mn) over
each orbit of clusters (Sanchez, Ducastelle and Gratias, Physica A 128, 334, 1984).

Sites are integers in units of a/4, origin 2 of Fd-3m, so that everything here is exact.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray
from pymatgen.symmetry.groups import SpaceGroup

QUARTERS = 4
"""Units of length, a/4, in the cubic lattice parameter."""


@dataclass(frozen=True)
class ClusterOrbit:
    """All clusters of a supercell that symmetry makes equivalent.

    Attributes:
        name: "pair 2" is a second neighbour, "pair 3a" a third one through another 16d, "pair 3b"
            one across an empty 16c; "triangle 1" is three nearest neighbours.
        order: sites of a cluster, 2 or 3.
        radius: longest edge, as a fraction of the cubic lattice parameter.
        multiplicity: clusters per cubic cell of 16 metal sites.
        members: shape (multiplicity · cells, order), site indices of each cluster, numbered as in
            :func:`metal_sites`. Every periodic image counts: in a small cell a cluster may hold a
            site twice, or two clusters the same sites.
    """

    name: str
    order: int
    radius: float
    multiplicity: int
    members: NDArray[np.int_]


def metal_sites(supercell: Sequence[int]) -> NDArray[np.int_]:
    """The 16d sites of a supercell in units of a/4, shape (16 · cells, 3).

    In the order in which the builders of disordered cells decorate them: all cells' copies of the
    first of the 16 sites, then those of the second, and so on.

    Args:
        supercell: repeats of the cubic cell along its three axes.
    """
    cells = QUARTERS * np.indices(supercell).reshape(3, -1).T
    return np.asarray(_cubic_cell()[:, None] + cells).reshape(-1, 3)


def site_numbers(points: NDArray[np.int_], supercell: Sequence[int]) -> NDArray[np.int_]:
    """Indices in :func:`metal_sites` of points anywhere in space, −1 where there is no 16d.

    Args:
        points: shape (..., 3), in units of a/4.
        supercell: repeats of the cubic cell along its three axes.
    """
    number = np.full((QUARTERS,) * 3, -1)
    number[tuple(_cubic_cell().T)] = np.arange(len(_cubic_cell()))
    cell, inside = np.divmod(points, QUARTERS)
    site = number[tuple(np.moveaxis(inside, -1, 0))]
    of_cell = np.ravel_multi_index(tuple(np.moveaxis(cell, -1, 0)), tuple(supercell), mode="wrap")
    return np.asarray(np.where(site < 0, -1, site * int(np.prod(supercell)) + of_cell))


def cluster_orbits(
    supercell: Sequence[int], pairs: int = 4, triplets: int = 1
) -> list[ClusterOrbit]:
    """The shortest orbits of pairs, then those of triangles, under Fd-3m.

    The third neighbours, at a/√2, are two orbits of six: through another 16d, and across the empty
    16c at the centre of a ring of six. With the four pairs of the default the third shell is whole.

    Args:
        supercell: repeats of the cubic cell along its three axes.
        pairs: orbits of pairs.
        triplets: orbits of triangles.
    """
    cells = QUARTERS * np.indices(supercell).reshape(3, -1).T[:, None, None]
    return [
        ClusterOrbit(
            name,
            order,
            np.sqrt(longest) / QUARTERS,
            len(clusters),
            site_numbers(clusters + cells, supercell).reshape(-1, order),
        )
        for order, number in ((2, pairs), (3, triplets))
        for name, longest, clusters in itertools.islice(_orbits(order), number)
    ]


@cache
def _fd3m() -> SpaceGroup:
    """The parent's space group, kept because pymatgen takes half a second to make it."""
    return SpaceGroup("Fd-3m:2")


@cache
def _cubic_cell() -> NDArray[np.int_]:
    """The 16d sites of one cubic cell, shape (16, 3), in pymatgen's order."""
    orbit = _fd3m().get_orbit((0.5, 0.5, 0.5))
    return np.asarray(np.rint(QUARTERS * np.array(orbit)), dtype=int)


@cache
def fd3m_operations() -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Rotations (192, 3, 3) and translations (192, 3) of Fd-3m's cubic cell in units of a/4."""
    operations = list(_fd3m().symmetry_ops)
    rotations = np.rint([op.rotation_matrix for op in operations]).astype(int)
    translations = np.rint([QUARTERS * op.translation_vector for op in operations]).astype(int)
    return rotations, translations


def _orbits(order: int) -> Iterator[tuple[str, int, NDArray[np.int_]]]:
    """Name, squared longest edge and clusters of each orbit, the shortest first."""
    number = 0
    shells = (found for longest in itertools.count(1) if (found := _shell(order, longest)))
    for shell, (longest, orbits) in enumerate(shells, start=1):
        for letter, clusters in zip(ascii_lowercase, orbits, strict=False):
            number += 1
            name = f"pair {shell}{letter if len(orbits) > 1 else ''}"
            yield name if order == 2 else f"triangle {number}", longest, clusters


@cache
def _shell(order: int, longest: int) -> tuple[int, list[NDArray[np.int_]]] | None:
    """The orbits of clusters with this squared longest edge; None where there are none.

    In each orbit, the clusters that one cubic cell owns: shape (multiplicity, order, 3). Clusters
    with the shorter edges come first, and a pair whose midpoint is a 16d before one without.
    """
    known: set[bytes] = set()
    found = []
    for cluster in _around_first_site(order, longest):
        if cluster.tobytes() not in known:
            orbit = _images(cluster)
            known |= {image.tobytes() for image in orbit}
            found.append((_edges(cluster), -_metal_midpoints(cluster), orbit.tolist()))
    return (longest, [np.array(orbit) for *_, orbit in sorted(found)]) if found else None


def _around_first_site(order: int, longest: int) -> Iterator[NDArray[np.int_]]:
    """Clusters with this squared longest edge that the first 16d site belongs to, settled."""
    home = _cubic_cell()[0]
    reach = int(np.sqrt(longest)) // QUARTERS + 1
    near = metal_sites((2 * reach + 1,) * 3) - QUARTERS * reach
    distance = ((near - home) ** 2).sum(axis=1)
    for others in itertools.combinations(near[(distance > 0) & (distance <= longest)], order - 1):
        cluster = np.array([home, *others])
        if _edges(cluster)[-1] == longest:
            yield _settled(cluster[None])[0]


def _edges(cluster: NDArray[np.int_]) -> list[int]:
    """Squared edges, the shortest first."""
    return sorted(int(((p - q) ** 2).sum()) for p, q in itertools.combinations(cluster, 2))


def _metal_midpoints(cluster: NDArray[np.int_]) -> int:
    """Edges with a 16d site in their middle."""
    middles = np.array([p + q for p, q in itertools.combinations(cluster, 2)])
    whole = middles[(middles % 2 == 0).all(axis=1)] // 2
    return int((site_numbers(whole, (1, 1, 1)) >= 0).sum())


def _images(cluster: NDArray[np.int_]) -> NDArray[np.int_]:
    """Every cluster that Fd-3m makes of this one, once per cubic cell, shape (n, order, 3)."""
    rotations, translations = fd3m_operations()
    moved = np.einsum("oij,kj->oki", rotations, cluster) + translations[:, None]
    return np.unique(_settled(moved), axis=0)


def _settled(clusters: NDArray[np.int_]) -> NDArray[np.int_]:
    """Sites of each cluster in order, the first one in the home cell, shape (n, order, 3)."""
    x, y, z = np.moveaxis(clusters, -1, 0)
    rank = np.lexsort((z, y, x), axis=-1)
    ordered = np.take_along_axis(clusters, rank[..., None], axis=1)
    return np.asarray(ordered - ordered[:, :1] // QUARTERS * QUARTERS)
