"""What orderings are like, told from the nickel sites alone: space groups, nickel pairs."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.clusters import QUARTERS, cluster_orbits, metal_sites
from lnmo_atoms.builders.orderings.occupations import metal_permutations
from lnmo_atoms.builders.spinel import LATTICE_DISORDERED
from lnmo_atoms.builders.subsets import Subsets
from lnmo_atoms.builders.symmetry import SpaceGroup, space_group


def ordering_space_groups(orderings: Subsets, supercell: Sequence[int]) -> Iterator[SpaceGroup]:
    """Space group of each ordering, with the Wyckoff letters of the metal sites.

    Whatever keeps the 16d sites is an operation of Fd-3m and keeps the lithium and oxygen of the
    ideal spinel too. An ordering that no operation of the supercell keeps repeats with the
    supercell alone; so all its operations would be among those, and it is P1.

    Args:
        orderings: nickel sites, numbered as in :func:`~lnmo_atoms.builders.clusters.metal_sites`.
        supercell: repeats of the 56-atom cubic cell along its three axes.
    """
    operations, n = metal_permutations(supercell).shape
    no_symmetry = SpaceGroup(1, "P1", ("1a",) * n)
    for nickel_sites, degeneracy in zip(orderings.members, orderings.degeneracies, strict=True):
        if degeneracy == operations:
            yield no_symmetry
        else:
            yield space_group(_metals(nickel_sites, supercell))


def _metals(nickel_sites: NDArray[np.int_], supercell: Sequence[int]) -> Structure:
    """The metal atoms of an ordering."""
    sites, edges = metal_sites(supercell), np.array(supercell)
    metals = ["Mn"] * len(sites)
    for site in nickel_sites:
        metals[site] = "Ni"
    lattice = Lattice.orthorhombic(*LATTICE_DISORDERED * edges)
    return Structure(lattice, metals, sites / (QUARTERS * edges))


def nickel_pairs(orderings: Subsets, supercell: Sequence[int]) -> NDArray[np.int_]:
    """Pairs of nearest 16d neighbours that are both nickel, in the cell of each ordering.

    Args:
        orderings: nickel sites, numbered as in :func:`~lnmo_atoms.builders.clusters.metal_sites`.
        supercell: repeats of the 56-atom cubic cell along its three axes.

    Returns:
        shape (k,).
    """
    nearest = cluster_orbits(supercell, pairs=1, triplets=0)[0].members
    nickel = np.zeros((len(orderings), len(metal_sites(supercell))), dtype=bool)
    np.put_along_axis(nickel, orderings.members, values=True, axis=1)
    return np.asarray((nickel[:, nearest[:, 0]] & nickel[:, nearest[:, 1]]).sum(axis=1))
