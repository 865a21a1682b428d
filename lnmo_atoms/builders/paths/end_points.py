"""From a hop to the images of its path: vacancy cells, relaxed end points, a way through.

A relaxed vacancy is kept as the displacement of every bulk site, so that symmetry can carry it
to any equivalent site without relaxing again, and no atom ever jumps across a cell's border.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations

Displacements = NDArray[np.float64]
"""Fractional, shape (atoms of the bulk, 3); zero for the vacant site."""


def vacancy_cell(bulk: Structure, site: int) -> Structure:
    """The bulk with one site vacant, the other atoms in order."""
    cell = bulk.copy()
    cell.remove_sites([site])
    return cell


def equivalent_sites(bulk: Structure) -> NDArray[np.int_]:
    """For every atom the lowest index among the atoms that symmetry makes equal to it."""
    lowest: NDArray[np.int_] = permutations(bulk, symmetry_operations(bulk)).min(axis=0)
    return lowest


def displacements(bulk: Structure, relaxed: Structure, vacancy: int) -> Displacements:
    """How far each bulk site moved when the cell with this vacancy relaxed."""
    others = np.delete(np.arange(len(bulk)), vacancy)
    shift = np.zeros((len(bulk), 3))
    shift[others] = relaxed.frac_coords - bulk.frac_coords[others]
    return shift - np.round(shift)


def transported(
    bulk: Structure, shift: Displacements, vacancy: int, target: int
) -> list[Displacements]:
    """The displacements around a vacancy at an equivalent site, by every operation that does it.

    They are all one where the relaxed vacancy keeps the symmetry of its site; where it breaks it,
    as when manganese distorts, each is another of its equal forms.

    Args:
        bulk: ideal crystal.
        shift: around the vacancy at ``vacancy``.
        vacancy: site it was relaxed at.
        target: site wanted.

    Raises:
        RequestError: where no operation maps one site onto the other.
    """
    operations = symmetry_operations(bulk)
    where = permutations(bulk, operations)
    found: list[Displacements] = []
    for chosen in np.flatnonzero(where[:, vacancy] == target):
        moved = np.zeros_like(shift)
        moved[where[chosen]] = shift @ operations.rotations[chosen].T
        if not any(np.allclose(moved, other, atol=1e-4) for other in found):
            found.append(moved)
    if not found:
        raise RequestError(f"sites {vacancy} and {target} are not equivalent by symmetry")
    return found


def closest(
    around_end: Sequence[Displacements], around_start: Sequence[Displacements]
) -> tuple[Displacements, Displacements]:
    """The end states that differ least: a hop moves one ion, not the distortions of others."""
    pairs = itertools.product(around_end, around_start)
    return min(pairs, key=lambda pair: round(float(np.square(pair[0] - pair[1]).sum()), 9))


def path_images(
    bulk: Structure, hop: Hop, around_end: Displacements, around_start: Displacements, images: int
) -> list[Structure]:
    """First guess of the path: straight to the octahedron's centre, straight on to the end.

    All images share one order of atoms, that of the bulk without the site ``hop.end``; the mobile
    ion leaves the cell rather than wrap around, so that neighbouring images lie close.

    Args:
        bulk: ideal crystal.
        hop: the hop.
        around_end: displacements of the initial state, whose vacancy is at the hop's end.
        around_start: displacements of the final state, whose vacancy is at the hop's start.
        images: how many, end points included; odd, so that one starts in the octahedron.
    """
    if images < 3 or images % 2 == 0:
        raise RequestError("a path has an odd number of images, 3 or more, end points included")
    ideal = bulk.frac_coords
    initial, final = ideal + around_end, ideal + around_start
    final[hop.start] = ideal[hop.end] + hop.end_image + around_start[hop.end]
    middle = (initial + final) / 2
    middle[hop.start] = hop.octahedron
    cell, structures = vacancy_cell(bulk, hop.end), []
    keep = np.delete(np.arange(len(bulk)), hop.end)
    for t in np.linspace(0, 2, images):
        coords = initial + t * (middle - initial) if t <= 1 else middle + (t - 1) * (final - middle)
        structures.append(
            Structure(
                cell.lattice, cell.species, coords[keep], site_properties=cell.site_properties
            )
        )
    return structures
