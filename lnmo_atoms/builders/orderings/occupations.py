"""Which 16d sites nickel fills: every distinct choice of a cell, their number, random ones.

Two orderings are one where an operation of Fd-3m that maps the supercell onto itself turns one
into the other; lattice translations inside it are such operations. The parent has inversions: the
two mirror images of a chiral ordering, such as P4_332 and P4_132, are one.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.clusters import QUARTERS, fd3m_operations, metal_sites, site_numbers
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.seeds import generator
from lnmo_atoms.builders.spinel import valid_supercell, whole_nickel
from lnmo_atoms.builders.subsets import Subsets, count_subsets, orbit_of_subset, subset_batches

MOST_LISTED = 1_000_000_000
"""Orderings, beyond which a list is refused; so many take some ten minutes."""

MOST_CELLS = 64
"""Cubic cells in a supercell. In a larger one, no two random cells are ever equivalent."""


def count_orderings(supercell: Sequence[int] = (1, 1, 1), nickel: float = 0.5) -> int:
    """How many distinct Ni/Mn orderings LiNixMn2-xO4 has in a cell; nothing is listed.

    Args:
        supercell: repeats of the 56-atom cubic cell along its three axes.
        nickel: x, nickel per formula unit, 0 to 0.5.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms, or is too large.
    """
    return count_subsets(metal_permutations(supercell), nickel_atoms(supercell, nickel))


def ordering_occupations(
    supercell: Sequence[int] = (1, 1, 1), nickel: float = 0.5
) -> Iterator[Subsets]:
    """The nickel sites of every distinct ordering with their degeneracies, a batch at a time.

    Sites are numbered as in :func:`~lnmo_atoms.builders.clusters.metal_sites`. The degeneracies
    of all orderings add up to all ways of choosing the nickel sites.

    Args:
        supercell: repeats of the 56-atom cubic cell along its three axes.
        nickel: x, nickel per formula unit, 0 to 0.5.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms, or has too many orderings.
    """
    group, n_nickel = metal_permutations(supercell), nickel_atoms(supercell, nickel)
    number = count_subsets(group, n_nickel)
    if number > MOST_LISTED:
        raise RequestError(
            f"{number:.3g} distinct orderings are too many to list: draw some with "
            "sample_orderings (lnmo orderings --samples)"
        )
    return subset_batches(group, n_nickel)


def sample_occupations(
    samples: int, supercell: Sequence[int] = (1, 1, 1), nickel: float = 0.5, seed: int = 0
) -> Subsets:
    """Nickel sites of distinct orderings drawn in proportion to their degeneracies.

    Cells are drawn at random, each with the same probability; one that is equivalent to an
    earlier one is dropped.

    Args:
        samples: orderings.
        supercell: repeats of the 56-atom cubic cell along its three axes.
        nickel: x, nickel per formula unit, 0 to 0.5.
        seed: of the random generator.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms, is too large, or has fewer
            orderings.
    """
    group, n_nickel = metal_permutations(supercell), nickel_atoms(supercell, nickel)
    number = count_subsets(group, n_nickel)
    if not 1 <= samples <= number:
        raise RequestError(
            f"{samples} samples cannot be drawn of {number:.4g} distinct orderings: ask for 1 to "
            f"{min(number, MOST_LISTED):,}"
        )
    rng = generator(seed)
    drawn: dict[tuple[int, ...], int] = {}
    while len(drawn) < samples:
        sites = rng.choice(group.shape[1], n_nickel, replace=False)
        least, degeneracy = orbit_of_subset(group, sites)
        drawn[tuple(least.tolist())] = degeneracy
    return Subsets(
        np.array(list(drawn), dtype=int).reshape(samples, n_nickel), np.array(list(drawn.values()))
    )


def nickel_atoms(supercell: Sequence[int], nickel: float) -> int:
    """Nickel atoms of LiNixMn2-xO4 in a supercell.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms.
    """
    return whole_nickel(nickel, int(np.prod(valid_supercell(supercell))))


def metal_permutations(supercell: Sequence[int]) -> NDArray[np.int_]:
    """Where the operations of Fd-3m that keep a supercell send its 16d sites.

    A rotation R keeps the lattice of the supercell where it takes each of its edges to a vector
    of that lattice. Translations are those of the cubic cell's operations, followed by every
    lattice vector of the cubic cell in the supercell.

    Args:
        supercell: repeats of the cubic cell along its three axes.

    Returns:
        shape (operations, 16 · cells): site i goes to site ``result[o, i]``.

    Raises:
        RequestError: where the supercell is too large.
    """
    repeats = valid_supercell(supercell)
    if (cells := int(np.prod(repeats))) > MOST_CELLS:
        raise RequestError(
            f"orderings are told apart in cells of at most {MOST_CELLS} cubic ones, not {cells}: "
            "draw random ones with disordered_spinel (lnmo build disordered)"
        )
    rotations, translations = fd3m_operations()
    keeps = (rotations * repeats % repeats[:, None] == 0).all(axis=(1, 2))
    moved = metal_sites(supercell) @ rotations[keeps].transpose(0, 2, 1)
    moved += translations[keeps, None]
    shifts = QUARTERS * np.indices(supercell).reshape(3, -1).T
    return site_numbers(moved[:, None] + shifts[:, None], supercell).reshape(-1, 16 * cells)
