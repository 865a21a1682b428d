"""What was built on an unrelaxed crystal, carried over to the relaxed one."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.errors import RequestError

WHOLE = 1e-3
"""How far the elements of a supercell's matrix may be off whole numbers."""


def transplanted(structure: Structure, bulk: Structure, relaxed: Structure) -> Structure:
    """The structure with the relaxed crystal's lattice, each of its atoms shifted as in that.

    What the structure displaces beyond the bulk stays displaced; atoms that the bulk does not have
    keep their fractional coordinates.

    Args:
        structure: in a cell of the bulk, ``bulk_site`` the bulk's index of each atom, -1 without.
        bulk: as given.
        relaxed: the same crystal relaxed, sites in the same order.

    Raises:
        RequestError: where the structure's lattice is no supercell of the bulk's.
    """
    matrix = supercell_matrix(structure, bulk)
    shift = relaxed.frac_coords - bulk.frac_coords
    shift = np.vstack([shift - np.round(shift), np.zeros(3)])  # the last for site -1
    sites = np.array(structure.site_properties["bulk_site"], dtype=int)
    return Structure(
        Lattice(matrix @ relaxed.lattice.matrix),
        structure.species,
        structure.frac_coords + shift[sites] @ np.linalg.inv(matrix),
        site_properties=structure.site_properties,
    )


def supercell_matrix(structure: Structure, bulk: Structure) -> NDArray[np.int_]:
    """Shape (3, 3): rows are the structure's lattice vectors in those of the bulk.

    Raises:
        RequestError: where they are no whole numbers.
    """
    matrix = structure.lattice.matrix @ np.linalg.inv(bulk.lattice.matrix)
    if (
        np.abs(matrix - np.rint(matrix)).max() > WHOLE
        or "bulk_site" not in structure.site_properties
    ):
        raise RequestError(
            "a defect is not in a cell of this bulk: build its defects with make_defects(bulk)"
        )
    whole: NDArray[np.int_] = np.rint(matrix).astype(int)
    return whole
