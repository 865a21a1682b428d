"""Orderings as structures."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Species, Structure

from lnmo_atoms.builders.charges import manganese_3_count
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.orderings.occupations import ordering_occupations, sample_occupations
from lnmo_atoms.builders.spinel import NI, decorated_spinel


def enumerate_orderings(
    supercell: Sequence[int] = (1, 1, 1), nickel: float = 0.5, a: float | None = None
) -> Iterator[tuple[Structure, int]]:
    """Every symmetry-distinct Ni/Mn ordering of LiNixMn2-xO4 in a cell, with its degeneracy.

    Structures are built when they are asked for, at the ideal positions of Fd-3m, with charges
    and moments. Below x = 0.5 every manganese has the mean valence that balances the charge.
    :func:`~lnmo_atoms.builders.symmetry.space_group` tells the space group of each, and by its
    ``chiral`` whether the degeneracy is shared by two mirror images.

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


def numbered_ordering(
    number: int, supercell: Sequence[int] = (1, 1, 1), nickel: float = 0.5, a: float | None = None
) -> Structure:
    """The ordering with this number, from 1, in the order of :func:`enumerate_orderings`.

    Args:
        number: from 1 to :func:`~lnmo_atoms.count_orderings`.
        supercell: repeats of the 56-atom cubic cell along its three axes.
        nickel: x, nickel per formula unit, 0 to 0.5.
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.

    Raises:
        RequestError: where there is no such number, the cell cannot hold x in whole atoms, or has
            too many orderings.
    """
    before = 0
    for batch in ordering_occupations(supercell, nickel):
        if before < number <= before + len(batch):
            return build_ordering(batch.members[number - before - 1], supercell, a)
        before += len(batch)
    raise RequestError(f"there is no ordering {number}: this cell has 1 to {before:,}")


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
