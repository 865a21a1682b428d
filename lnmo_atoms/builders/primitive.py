"""The smallest cell of a crystal, and the crystal unfolded from it again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.symmetry import (
    SYMPREC,
    SymmetryOperations,
    permutations,
    symmetry_operations,
)


@dataclass(frozen=True)
class PrimitiveCell:
    """A crystal, its smallest cell, and where the crystal's atoms are in it.

    Attributes:
        structure: the smallest cell; its atoms keep species, charge, moment and every other
            property, and the order that they have in the crystal.
        crystal: what it is the cell of.
        atoms: shape (n,), the atom of ``structure`` that each atom of the crystal repeats.
        offsets: shape (n, 3), integers, lattice vectors of ``structure`` from that atom to it.
        vectors: shape (3, 3), integers, the crystal's lattice vectors in those of ``structure``.
    """

    structure: Structure
    crystal: Structure
    atoms: NDArray[np.int_]
    offsets: NDArray[np.int_]
    vectors: NDArray[np.int_]

    def unfolded(self, cell: Structure) -> Structure:
        """The crystal that a changed smallest cell repeats, its atoms in their own order.

        Args:
            cell: ``structure`` with other positions or another lattice, such as relaxed.
        """
        coords = (cell.frac_coords[self.atoms] + self.offsets) @ cell.lattice.matrix
        return Structure(
            Lattice(self.vectors @ cell.lattice.matrix),
            self.crystal.species_and_occu,
            coords,
            coords_are_cartesian=True,
            site_properties=self.crystal.site_properties,
            labels=self.crystal.labels,
            properties=self.crystal.properties,
        )


def primitive_cell(crystal: Structure, symprec: float = SYMPREC) -> PrimitiveCell:
    """The smallest cell that repeats to the crystal, charges and moments included.

    Atoms that a lattice translation of the smallest cell carries into each other have one species,
    charge and moment; the first of them is kept. Its lattice vectors are the three shortest
    independent translations, which in three dimensions are always a basis (Minkowski).

    Args:
        crystal: any.
        symprec: Å, up to which atoms count as repeated.

    Raises:
        RequestError: where two atoms coincide.
    """
    translations = _translations(crystal, symprec)
    identities = np.broadcast_to(np.eye(3, dtype=int), (len(translations), 3, 3))
    images = permutations(crystal, SymmetryOperations(identities, translations))
    kept, atoms = np.unique(images.min(axis=0), return_inverse=True)
    lattice = _shortest_basis(crystal.lattice, translations)
    coords, species, labels = crystal.cart_coords, crystal.species_and_occu, crystal.labels
    structure = Structure(
        lattice,
        [species[i] for i in kept],
        coords[kept],
        coords_are_cartesian=True,
        site_properties={
            name: [values[i] for i in kept] for name, values in crystal.site_properties.items()
        },
        labels=[labels[i] for i in kept],
    )
    shifts = lattice.get_fractional_coords(coords - coords[kept][atoms])
    vectors = lattice.get_fractional_coords(crystal.lattice.matrix)
    return PrimitiveCell(
        structure, crystal, atoms, np.rint(shifts).astype(int), np.rint(vectors).astype(int)
    )


def _translations(crystal: Structure, symprec: float) -> NDArray[np.float64]:
    """Fractional translations that repeat the crystal, shape (N, 3), none of them twice.

    Each is a whole number of N-ths, because N times any of them is a lattice vector.
    """
    operations = symmetry_operations(crystal, symprec)
    pure = (operations.rotations == np.eye(3, dtype=int)).all(axis=(1, 2))
    number = int(pure.sum())
    return np.asarray(np.rint(operations.translations[pure] * number) / number)


def _shortest_basis(lattice: Lattice, translations: NDArray[np.float64]) -> Lattice:
    """Right-handed lattice of the three shortest independent translations."""
    reach = max(lattice.abc) + 1e-6
    found: Any = lattice.get_points_in_sphere(translations, [0, 0, 0], reach, zip_results=False)
    points, lengths = found[:2]
    order = np.lexsort((*np.round(points.T, 6), np.round(lengths, 6)))
    basis = np.empty((0, 3))
    for vector in lattice.get_cartesian_coords(points[order]):
        longer = np.vstack([basis, vector])
        if np.linalg.matrix_rank(longer, tol=1e-3) == len(longer):
            basis = longer
        if len(basis) == 3:
            break
    return Lattice(basis if np.linalg.det(basis) > 0 else -basis)
