"""Crystals with partially occupied sites: their ordered parent, and whole atoms drawn on it.

A stand-in ion on each site that several species share, such as Ni0.25Mn0.75, makes an ordered
parent crystal. Into it, or a slab cut from it, go whole atoms in the numbers that the occupancies
ask for.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Species, Structure

from lnmo_atoms.builders.charges import formal_charges, formal_moment, set_formal_moments
from lnmo_atoms.builders.decoration import Decorations, Ion, orbits_of
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.seeds import generator
from lnmo_atoms.builders.symmetry import conventional_cell

MOST_REPEATS = 12
"""Cells to which a cell is enlarged, at most, until it holds the composition in whole atoms."""
FEWEST_DECORATIONS = 100
"""Decorations of a cell below which it is enlarged, so that two samples are hardly ever equal."""


@dataclass(frozen=True)
class Sublattice:
    """Sites of a crystal that the same species share at random.

    Attributes:
        sites: their indices in the crystal.
        species: the most abundant first.
        occupancies: of each species; they add up to one.
        stand_in: the most abundant element at the mean charge, a species of its own in the parent.
    """

    sites: frozenset[int]
    species: tuple[Ion, ...]
    occupancies: tuple[float, ...]
    stand_in: Ion

    def counts(self, atoms: int) -> tuple[int, ...] | None:
        """Atoms of each species on so many sites; None where they are not whole."""
        exact = np.array(self.occupancies) * atoms
        whole = np.rint(exact)
        return tuple(map(int, whole)) if np.abs(exact - whole).max() < 1e-6 else None


def sublattices(bulk: Structure) -> list[Sublattice]:
    """The disordered sublattices of a crystal, one for each distinct mixture of species.

    Raises:
        RequestError: where all sites are whole, a site holds vacancies, or no stand-in is free.
    """
    mixtures: dict[Composition, list[int]] = {}
    for i, site in enumerate(bulk):
        if not site.is_ordered:
            mixtures.setdefault(site.species, []).append(i)
    if not mixtures:
        raise RequestError(
            "the structure has no partially occupied site: use surface_energies or make_slabs"
        )
    charges = formal_charges(bulk)
    taken: set[Ion] = {site.specie for site in bulk if site.is_ordered}
    found = []
    for mixture, sites in mixtures.items():
        if abs(mixture.num_atoms - 1) > 1e-6:
            raise RequestError(
                f"a site holds {mixture.formula} and vacancies: only sites whose occupancies add "
                "up to one can be decorated"
            )
        stand_in = _stand_in(mixture, None if charges is None else charges[sites[0]], taken)
        taken.add(stand_in)
        shares = sorted(mixture.items(), key=lambda item: (-item[1], str(item[0])))
        species, occupancies = zip(*shares, strict=True)
        found.append(Sublattice(frozenset(sites), species, occupancies, stand_in))
    return found


def _stand_in(mixture: Composition, charge: float | None, taken: set[Ion]) -> Ion:
    """The most abundant element, at the mean charge, that no other site of the parent holds."""
    elements = mixture.element_composition
    for element in sorted(elements, key=lambda e: (-elements[e], str(e))):
        ion = element if charge is None else Species(element.symbol, charge)
        if ion not in taken:
            return ion
    raise RequestError(
        f"the sites of {mixture.formula} cannot be told from others of the same mean charge: "
        "give a crystal in which their species differ"
    )


def parent_crystal(bulk: Structure, disorder: Sequence[Sublattice]) -> Structure:
    """The ordered crystal with a stand-in on every disordered site.

    Site property ``bulk_site`` is the site's index in ``bulk``; ``magmom`` is there in any case.
    """
    parent = bulk.copy()
    for sublattice in disorder:
        for i in sublattice.sites:
            parent[i].species = Composition({sublattice.stand_in: 1})
    if "magmom" not in parent.site_properties:
        set_formal_moments(parent)
    parent.add_site_property("bulk_site", list(range(len(parent))))
    return parent


def decorations(
    parent: Structure, disorder: Sequence[Sublattice], images: NDArray[np.int_]
) -> list[Decorations] | None:
    """The decorations of each sublattice that an operation leaves as they are.

    Args:
        parent: cut from, or made of, the parent crystal, with its ``bulk_site``.
        disorder: sublattices of the bulk.
        images: shape (n,), the atom to whose place the operation sends each atom.

    Returns:
        None where a sublattice cannot hold its species in whole atoms.
    """
    sites = parent.site_properties["bulk_site"]
    found = []
    for sublattice in disorder:
        atoms = [i for i, site in enumerate(sites) if site in sublattice.sites]
        counts = sublattice.counts(len(atoms))
        if counts is None:
            return None
        found.append(Decorations(orbits_of(atoms, images), sublattice.species, counts))
    return found


def decorated(
    parent: Structure, choices: Sequence[Decorations], rng: np.random.Generator
) -> Structure:
    """One decoration with formal moments, atoms sorted by species in the order of the parent."""
    structure = parent.copy()
    for choice in choices:
        for atom, species in choice.draw(rng).items():
            structure[atom].species = Composition({species: 1})
            structure[atom].properties["magmom"] = formal_moment(species)
    room = {a: choice.species for choice in choices for orbit in choice.orbits for a in orbit}
    order = dict.fromkeys(
        ion for i, site in enumerate(parent) for ion in room.get(i, (site.specie,))
    )
    rank = {ion: i for i, ion in enumerate(order)}
    return structure.get_sorted_structure(key=lambda site: rank[site.specie])


def random_cells(bulk: Structure, samples: int, seed: int) -> list[Structure]:
    """Random cells of a disordered crystal, on its ideal positions.

    The conventional cell, or the given one if that is larger, is enlarged until it holds the
    composition in whole atoms and in ways enough.

    Args:
        bulk: with partially occupied sites.
        samples: how many.
        seed: of the random generator; more samples begin with the same ones.

    Raises:
        RequestError: where no cell of reasonable size holds the composition.
    """
    disorder = sublattices(bulk)
    cell = conventional_cell(parent_crystal(bulk, disorder))
    cells = (cell.make_supercell(r, in_place=False) for r in enlargements(cell.lattice.abc))
    ways = ((parent, decorations(parent, disorder, np.arange(len(parent)))) for parent in cells)
    parent, choices = first_with_choice(ways, bulk)
    rng = generator(seed)
    return [decorated(parent, choices, rng) for _ in range(samples)]


def enlargements(edges: Sequence[float]) -> list[tuple[int, ...]]:
    """Repeats along edges of these lengths, the smallest and of these the most compact first."""
    ways = itertools.product(range(1, MOST_REPEATS + 1), repeat=len(edges))
    return sorted(
        (w for w in ways if prod(w) <= MOST_REPEATS),
        key=lambda w: (prod(w), round(max(n * d for n, d in zip(w, edges, strict=True)), 6)),
    )


def first_with_choice(
    ways: Iterable[tuple[Structure, list[Decorations] | None]], bulk: Structure
) -> tuple[Structure, list[Decorations]]:
    """The first cell with decorations enough, or that with most where none has.

    Args:
        ways: cells, the smallest first, each with its decorations or None.
        bulk: named where no cell has any.

    Raises:
        RequestError: where no cell has any.
    """
    best: tuple[Structure, list[Decorations]] | None = None
    for parent, choices in ways:
        if choices and number_of(choices) > (number_of(best[1]) if best else 0):
            best = parent, choices
            if number_of(choices) >= FEWEST_DECORATIONS:
                break
    if best is None:
        raise RequestError(
            f"no cell of up to {MOST_REPEATS} times the smallest holds "
            f"{bulk.composition.element_composition.formula} in whole atoms: give occupancies that "
            "are simple fractions, such as 0.25 or 1/3 in full"
        )
    return best


def number_of(choices: Sequence[Decorations]) -> int:
    """Decorations of all sublattices together."""
    return prod(choice.number for choice in choices)
