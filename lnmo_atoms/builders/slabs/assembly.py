"""From a face to a whole slab: the other face, the thickness, vacuum, and a pymatgen structure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.slabs.cuts import contents, formula_of, has_flip
from lnmo_atoms.builders.slabs.faces import Face
from lnmo_atoms.builders.slabs.flip import FLIP_ORDER, Flip, flip_name
from lnmo_atoms.builders.slabs.orientation import OrientedCrystal

EDGE = 1e-6
"""Repeats, rounding."""


@dataclass(frozen=True)
class Columns:
    """The atoms of a slab: every repeat of each atom of the crystal from lowest to highest.

    Attributes:
        lowest: shape (n,).
        highest: shape (n,).
        flip: index of the operation that maps one face onto the other, and its lift in repeats;
            None where the faces differ.
    """

    lowest: NDArray[np.int_]
    highest: NDArray[np.int_]
    flip: tuple[int, int] | None


def columns(face: Face, thickness: float) -> Columns | None:
    """The thinnest slab with this face: at least as thick as asked, by less than one repeat.

    Args:
        face: its upper face.
        thickness: Å, between the outermost atoms.

    Returns:
        None where the only flips of the crystal do not bring this face back when applied twice.
    """
    crystal = face.cut.crystal
    asked = thickness / crystal.spacing
    heights = crystal.coords[:, 2] + face.tops
    if has_flip(crystal):
        return _with_flip(face, asked, float(heights.max()))
    repeats = int(np.ceil(asked - np.ptp(heights) + 1 - EDGE))
    return Columns(face.tops - max(repeats, 1) + 1, face.tops, None)


def _with_flip(face: Face, asked: float, top: float) -> Columns | None:
    """Mirror the face by the flip that makes the thinnest stoichiometric slab."""
    crystal, tops = face.cut.crystal, face.tops
    formula = formula_of(crystal)
    options = []
    for operation in np.flatnonzero(crystal.rotations[:, 2, 2] < 0).tolist():
        shift = float(crystal.translations[operation, 2])
        lift = int(np.floor(2 * top - shift - asked + EDGE))
        units = contents(crystal, tops, shift + lift) / formula
        if np.ptp(units) < EDGE and abs(units[0] - round(units[0])) < EDGE:
            name = flip_name(np.rint(crystal.rotations[operation]).astype(int))
            thickness = round(2 * top - shift - lift, 4)
            options.append((thickness, FLIP_ORDER.index(name), operation, lift))
    for _, _, operation, lift in sorted(options):
        atoms, repeats = crystal.flipped(operation)
        again = repeats[atoms] - repeats + tops
        if (again == tops[atoms[atoms]]).all():
            lowest = np.empty_like(tops)
            lowest[atoms] = repeats + lift - tops
            return Columns(lowest, tops, (operation, lift))
    return None


def slab_structure(
    crystal: OrientedCrystal, held: Columns, bulk: Structure, vacuum: float
) -> tuple[Structure, Flip | None]:
    """One slab, centred in its cell, atoms sorted by species in the bulk's order, then by height.

    Args:
        crystal: the oriented crystal.
        held: the atoms that the slab holds.
        bulk: where species and site properties come from.
        vacuum: Å.

    Returns:
        the slab, and the operation that turns it upside down, in its own fractional coordinates.
    """
    counts = held.highest - held.lowest + 1
    atoms = np.repeat(np.arange(len(counts)), counts)
    steps = np.arange(len(atoms)) - np.repeat(np.cumsum(counts) - counts, counts)
    positions = crystal.positions(atoms, held.lowest[atoms] + steps)
    z = positions[:, 2]
    height = float(np.ptp(z)) + vacuum
    raised = height / 2 - (z.max() + z.min()) / 2
    matrix = crystal.basis.copy()
    matrix[:2, 2], matrix[2] = 0.0, [0.0, 0.0, height]
    cell = Lattice(matrix)
    z += raised
    coords = cell.get_fractional_coords(positions)
    coords[:, :2] -= np.floor(coords[:, :2] + 1e-9)
    sites = crystal.bulk_sites[atoms]
    kinds = [site.species for site in bulk]
    names = [site.species_string for site in bulk]
    rank = np.array([names.index(name) for name in names])
    order = np.lexsort((*np.round(coords, 6).T, rank[sites]))
    sites = sites[order]
    properties = {
        name: [values[i] for i in sites.tolist()] for name, values in bulk.site_properties.items()
    }
    structure = Structure(
        cell,
        [kinds[i] for i in sites.tolist()],
        coords[order],
        site_properties=properties | {"bulk_site": sites.tolist()},
    )
    return structure, _flip_of(crystal, held, matrix, raised)


def _flip_of(
    crystal: OrientedCrystal, held: Columns, matrix: NDArray[np.float64], raised: float
) -> Flip | None:
    """The flip in fractional coordinates of the slab's cell, which is centred and has vacuum."""
    if held.flip is None:
        return None
    operation, lift = held.flip
    inverse = np.linalg.inv(matrix.T)
    turn = crystal.basis.T @ crystal.rotations[operation] @ np.linalg.inv(crystal.basis.T)
    shift = (crystal.translations[operation] + [0, 0, lift]) @ crystal.basis
    shift += [0.0, 0.0, 2 * raised]
    rotation = np.rint(inverse @ turn @ matrix.T).astype(int)
    return Flip(flip_name(rotation), rotation, inverse @ shift, 0.0)
