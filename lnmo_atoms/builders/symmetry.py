"""Space-group operations of a structure as arrays, and what they do to its atoms."""

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import spglib
from numpy.typing import NDArray
from pymatgen.core import Composition, Lattice, Structure
from scipy.linalg import sqrtm
from scipy.spatial import cKDTree

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.sites import per_site

SYMPREC = 0.01
"""Distance in Å up to which atoms count as symmetry-equivalent."""

RIGHT_ANGLE = 3.0
"""Degrees that the angles of a relaxed, once rectangular cell may be off."""

MOMENT_RESOLUTION = 0.05
"""Moments in μB closer than this count as equal."""

SOHNCKE = frozenset(
    itertools.chain(
        (1, *range(3, 6), *range(16, 25), *range(75, 81), *range(89, 99)),
        (*range(143, 147), *range(149, 156), *range(168, 174), *range(177, 183)),
        (*range(195, 200), *range(207, 215)),
    )
)
"""Numbers of the space groups without improper operations."""


@dataclass(frozen=True)
class SymmetryOperations:
    """Operations x' = R x + t in fractional coordinates.

    Attributes:
        rotations: shape (n, 3, 3), integers.
        translations: shape (n, 3), fractional.
    """

    rotations: NDArray[np.int_]
    translations: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of operations."""
        return len(self.rotations)


def site_kinds(structure: Structure) -> NDArray[np.int_]:
    """Number every site so that equal numbers mean equal species, charge, occupancy and moment.

    A collinear moment without spin–orbit coupling is a colour of the atom: rotations leave its
    sign alone.
    """
    moments = structure.site_properties.get("magmom", [None] * len(structure))
    keys = [
        (name, None if m is None else round(float(m) / MOMENT_RESOLUTION))
        for name, m in zip(per_site(structure, _species_name), moments, strict=True)
    ]
    number = {key: i + 1 for i, key in enumerate(sorted(set(keys), key=str))}
    return np.array([number[key] for key in keys])


def _species_name(species: Composition) -> str:
    """Species, charges and occupancies in words."""
    return ", ".join(sorted(f"{ion}:{round(n, 6)}" for ion, n in species.items()))


def _ask(function: Callable[..., Any], structure: Structure, symprec: float) -> Any:
    """What a function of spglib finds out about the structure.

    spglib announces with every successful call that its way of reporting errors will change; both
    ways, an exception and None, are understood here.
    """
    cell = structure.lattice.matrix, structure.frac_coords, site_kinds(structure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Set OLD_ERROR_HANDLING", DeprecationWarning)
        try:
            answer = function(cell, symprec=symprec)
        except spglib.SpglibError:
            answer = None
    if answer is None:
        raise RequestError(
            "no symmetry could be determined: do two atoms sit on top of each other?"
        )
    return answer


def symmetry_operations(structure: Structure, symprec: float = SYMPREC) -> SymmetryOperations:
    """All space-group operations of the cell as it stands, lattice translations inside it included.

    Raises:
        RequestError: where spglib finds none, because atoms coincide.
    """
    found = _ask(spglib.get_symmetry, structure, symprec)
    return SymmetryOperations(found["rotations"], found["translations"])


@dataclass(frozen=True)
class SpaceGroup:
    """Space group of a structure with the Wyckoff letter of each of its atoms."""

    number: int
    symbol: str
    wyckoffs: tuple[str, ...]

    @property
    def chiral(self) -> bool:
        """Whether a crystal of this group differs from its mirror image: no operation is improper.

        These are the 65 Sohncke groups (International Tables A).
        """
        return self.number in SOHNCKE


def space_group(structure: Structure, symprec: float = SYMPREC) -> SpaceGroup:
    """Space group with each atom's Wyckoff multiplicity and letter, such as ``"8c"``.

    Multiplicities are those of the conventional cell. Moments and charges count as part of
    the species.

    Raises:
        RequestError: where spglib finds none, because atoms coincide.
    """
    data = _ask(spglib.get_symmetry_dataset, structure, symprec)
    orbits = np.asarray(data.crystallographic_orbits)
    to_conventional = len(data.std_types) / len(structure)
    labels = tuple(
        f"{round((orbits == orbit).sum() * to_conventional)}{letter}"
        for orbit, letter in zip(orbits, data.wyckoffs, strict=True)
    )
    return SpaceGroup(int(data.number), str(data.international), labels)


def conventional_cell(structure: Structure, symprec: float = SYMPREC) -> Structure:
    """The conventional cell of a crystal given in a smaller, oblique one; else the cell given.

    A cell of right angles is one that its owner chose: a disordered cubic cell has hardly any
    symmetry, and the conventional cell of what is left would be another.

    Orientation, species and site properties stay.
    """
    if np.abs(np.array(structure.lattice.angles) - 90).max() < RIGHT_ANGLE:
        return structure
    data = _ask(spglib.get_symmetry_dataset, structure, symprec)
    matrix = np.linalg.inv(data.transformation_matrix).T
    whole = np.rint(matrix)
    if len(data.std_types) <= len(structure) or not np.allclose(matrix, whole, atol=1e-3):
        return structure
    cell = structure.copy()
    cell.make_supercell(whole.astype(int).tolist(), to_unit_cell=True)
    return cell


def permutations(structure: Structure, operations: SymmetryOperations) -> NDArray[np.int_]:
    """Where each operation sends each atom.

    Returns:
        shape (operations, atoms): atom i goes to the site of atom ``result[o, i]``.
    """
    edges, kinds = np.array(structure.lattice.abc), site_kinds(structure)
    coords = structure.frac_coords
    result = np.empty((len(operations), len(coords)), dtype=int)
    for kind in np.unique(kinds):
        members = np.flatnonzero(kinds == kind)
        home = coords[members] * edges % edges % edges  # a tiny negative one becomes the edge first
        moved = coords[members] @ operations.rotations.transpose(0, 2, 1)
        moved += operations.translations[:, None]
        _, nearest = cKDTree(home, boxsize=edges).query(moved * edges)
        result[:, members] = members[nearest]
    return result


def symmetrized(structure: Structure, symprec: float = SYMPREC) -> Structure:
    """The structure with the noise below the symmetry tolerance averaged away.

    The metric tensor and every position become the mean over all operations; orientation,
    order and site properties stay. The operations found carry the noise of the positions, so
    they are found again, on the better positions, until nothing moves.

    Args:
        structure: any structure.
        symprec: Å, noise to be removed.
    """
    return ideal_crystal(structure, symprec)[0]


def ideal_crystal(
    structure: Structure, symprec: float = SYMPREC
) -> tuple[Structure, SymmetryOperations]:
    """The symmetrized structure with its operations, see :func:`symmetrized`."""
    for _ in range(10):
        operations = symmetry_operations(structure, symprec)
        better = _averaged(structure, operations)
        moved = np.abs(better.cart_coords - structure.cart_coords).max()
        structure = better
        if moved < 1e-9:
            break
    return structure, operations


def _averaged(structure: Structure, operations: SymmetryOperations) -> Structure:
    """Metric and positions averaged over the operations, each freed of its mean error."""
    coords, matrix = structure.frac_coords, structure.lattice.matrix
    where = permutations(structure, operations)
    shift = np.einsum("oij,nj->oni", operations.rotations, coords)
    shift += operations.translations[:, None] - coords[where]
    shift -= np.round(shift)
    shift -= shift.mean(axis=1, keepdims=True)
    mean_shift = np.zeros_like(coords)
    for targets, moved in zip(where, shift, strict=True):
        mean_shift[targets] += moved / len(operations)
    metric = np.mean([r.T @ matrix @ matrix.T @ r for r in operations.rotations], axis=0)
    inverse = np.linalg.inv(matrix)
    stretch = sqrtm(inverse @ metric @ inverse.T).real
    return Structure(
        Lattice(matrix @ stretch),
        structure.species_and_occu,
        coords + mean_shift,
        site_properties=structure.site_properties,
        labels=structure.labels,
    )
