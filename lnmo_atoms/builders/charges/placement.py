"""Where the odd ions go, Mn3+ among Mn4+ or Ni3+ among Ni2+: apart, near a place, or anywhere."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges.balance import Choice
from lnmo_atoms.builders.errors import RequestError

Placement = Literal["far", "near", "random"]
"""Apart from each other, on the sites nearest to given places, or at random."""
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)
EQUAL = 1e-6
"""Å or 1/Å, distances and their inverses closer than this are equal."""


def valid_placement(name: str) -> Placement:
    """A way to place odd ions, by its name.

    Raises:
        RequestError: naming those that there are.
    """
    for placement in PLACEMENTS:
        if name == placement:
            return placement
    raise RequestError(f"placement {name!r} is not known: use {', '.join(PLACEMENTS)}")


def random_sites(choice: Choice, rng: np.random.Generator) -> NDArray[np.int_]:
    """Sites drawn at random, each set with the same probability, shape (choice.number,)."""
    return rng.choice(choice.sites, choice.number, replace=False)


def nearest_sites(
    choice: Choice, structure: Structure, places: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int_]:
    """The sites nearest to any of some places, equally near ones drawn at random.

    Args:
        choice: among which sites, and how many.
        structure: that has them.
        places: fractional, shape (k, 3).
        rng: settles ties.

    Raises:
        RequestError: where there is no place.
    """
    if not len(places):
        raise RequestError("near what? give the places as fractional coordinates")
    sites = rng.permutation(choice.sites)
    coords = structure.frac_coords[sites]
    distances = structure.lattice.get_all_distances(places, coords).min(axis=0)
    order = np.argsort(np.rint(distances / EQUAL), kind="stable")
    return np.asarray(sites[order][: choice.number])


def distant_sites(
    choice: Choice, structure: Structure, alike: NDArray[np.int_], rng: np.random.Generator
) -> NDArray[np.int_]:
    """Sites far from each other: like charges that repel each other, Σ 1/d the least.

    One after the other goes where the others repel it least, then single ions move as long as that
    lowers the sum. Distances are those to the nearest periodic image. The minimum is a local one.

    Args:
        choice: among which sites, and how many.
        structure: that has them.
        alike: sites that hold such an ion already.
        rng: settles ties, the place of the first one among them.
    """
    sites = rng.permutation(choice.sites)
    repulsion, potential = _repulsion(structure, sites, sites), _repulsion(structure, sites, alike)
    taken, potential = np.zeros(len(sites), dtype=bool), potential.sum(axis=1)
    for _ in range(choice.number):
        best = int(np.where(taken, np.inf, np.rint(potential / EQUAL)).argmin())
        taken[best] = True
        potential += repulsion[best]
    while True:
        on, off = np.flatnonzero(taken), np.flatnonzero(~taken)
        gain = potential[on, None] - potential[off] + repulsion[np.ix_(on, off)]
        if gain.max() < EQUAL:
            return np.asarray(sites[taken])
        leaving, coming = np.unravel_index(int(gain.argmax()), gain.shape)
        taken[on[leaving]], taken[off[coming]] = False, True
        potential += repulsion[off[coming]] - repulsion[on[leaving]]


def _repulsion(
    structure: Structure, sites: NDArray[np.int_], others: NDArray[np.int_]
) -> NDArray[np.float64]:
    """1/d between sites, in 1/Å; none of a site with itself."""
    coords = structure.frac_coords
    distances = structure.lattice.get_all_distances(coords[sites], coords[others])
    return np.divide(1.0, distances, out=np.zeros_like(distances), where=distances > EQUAL)
