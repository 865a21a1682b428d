"""Orderings as structures, and their symmetry."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Species, Structure

from lnmo_atoms.builders.charges import manganese_3_count
from lnmo_atoms.builders.clusters import QUARTERS, metal_sites
from lnmo_atoms.builders.orderings.occupations import ordering_occupations, sample_occupations
from lnmo_atoms.builders.spinel import LATTICE_DISORDERED, NI, decorated_spinel
from lnmo_atoms.builders.symmetry import SpaceGroup, space_group


def enumerate_orderings(
    supercell: Sequence[int] = (1, 1, 1), nickel: float = 0.5, a: float | None = None
) -> Iterator[tuple[Structure, int]]:
    """Every symmetry-distinct Ni/Mn ordering of LiNixMn2-xO4 in a cell, with its degeneracy.

    Structures are built when they are asked for, at the ideal positions of Fd-3m, with charges
    and moments. Below x = 0.5 every manganese has the mean valence that balances the charge.
    ``space_group(structure)`` tells the space group of each, ``.chiral`` of that whether its
    degeneracy is shared by two mirror images.

    Args:
        supercell: repeats of the 56-atom cubic cell along its three axes.
        nickel: x, nickel per formula unit, 0 to 0.5.
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.

    Returns:
        structures and degeneracies. These add up to all ways of choosing the nickel sites.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms, or has too many orderings.
    """
    batches = ordering_occupations(supercell, nickel)
    return (
        (build_ordering(sites, supercell, a), int(degeneracy))
        for batch in batches
        for sites, degeneracy in zip(batch.members, batch.degeneracies, strict=True)
    )


def sample_orderings(
    samples: int,
    supercell: Sequence[int] = (1, 1, 1),
    nickel: float = 0.5,
    seed: int = 0,
    a: float | None = None,
) -> list[tuple[Structure, int]]:
    """Distinct orderings drawn in proportion to their degeneracies, for cells too large to list.

    Args:
        samples: orderings.
        supercell: repeats of the 56-atom cubic cell along its three axes.
        nickel: x, nickel per formula unit, 0 to 0.5.
        seed: of the random generator; the same seed gives the same orderings.
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms, is too large, or has fewer
            orderings.
    """
    drawn = sample_occupations(samples, supercell, nickel, seed)
    return [
        (build_ordering(sites, supercell, a), int(degeneracy))
        for sites, degeneracy in zip(drawn.members, drawn.degeneracies, strict=True)
    ]


def build_ordering(
    nickel_sites: NDArray[np.int_], supercell: Sequence[int], a: float | None = None
) -> Structure:
    """The structure with nickel on the given 16d sites and manganese on the others.

    Args:
        nickel_sites: numbered as in :func:`~lnmo_atoms.builders.clusters.metal_sites`.
        supercell: repeats of the 56-atom cubic cell along its three axes.
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.
    """
    cells = int(np.prod(supercell))
    n_nickel, n_manganese = len(nickel_sites), 16 * cells - len(nickel_sites)
    n_mn3 = manganese_3_count(8 * cells, n_nickel, n_manganese, 32 * cells)
    metals = [Species("Mn", round(4 - n_mn3 / n_manganese, 6))] * (16 * cells)
    for site in nickel_sites:
        metals[site] = NI
    return decorated_spinel(supercell, metals, a)


def ordering_space_group(nickel_sites: NDArray[np.int_], supercell: Sequence[int]) -> SpaceGroup:
    """Space group of an ordering, from its metal atoms alone.

    What keeps the 16d sites is an operation of Fd-3m, and keeps the lithium and oxygen of the
    ideal spinel too.

    Args:
        nickel_sites: numbered as in :func:`~lnmo_atoms.builders.clusters.metal_sites`.
        supercell: repeats of the 56-atom cubic cell along its three axes.

    Returns:
        the space group with the Wyckoff letters of the metal sites.
    """
    sites = metal_sites(supercell)
    metals = ["Mn"] * len(sites)
    for site in nickel_sites:
        metals[site] = "Ni"
    edges = np.array(supercell)
    lattice = Lattice.orthorhombic(*LATTICE_DISORDERED * edges)
    return space_group(Structure(lattice, metals, sites / (QUARTERS * edges)))
