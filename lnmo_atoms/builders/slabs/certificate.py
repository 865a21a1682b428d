"""What a slab is, computed from the slab alone: symmetric, stoichiometric, free of dipole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.symmetry import SymmetryOperations, permutations, symmetry_operations

DIPOLE_TOLERANCE = 1e-6
"""e/Å (e·Å per Å²)."""
FLIP_TOLERANCE = 1e-3
"""Å."""


@dataclass(frozen=True)
class Flip:
    """A symmetry operation that turns the slab upside down.

    Attributes:
        name: inversion, two-fold axis, mirror plane (glides and screws counted with them) or
            rotoinversion.
        rotation: shape (3, 3), on fractional coordinates of the slab.
        translation: shape (3,), fractional.
        residual: Å, the largest distance between a mapped atom and its partner.
    """

    name: str
    rotation: NDArray[np.int_]
    translation: NDArray[np.float64]
    residual: float


@dataclass(frozen=True)
class Certificate:
    """What can be said of one slab.

    Attributes:
        flip: the operation that maps top onto bottom, or None: then the faces differ.
        formula: reduced formula of the bulk.
        formula_units: bulk formula units in the slab, or None off stoichiometry.
        total_charge: e, formal; None without oxidation states.
        dipole: e/Å, formal dipole moment along the normal per area of one face, as built; zero
            where there are no oxidation states.
        area: Å², of one face.
        thickness_asked: Å.
        thickness: Å, between the outermost atoms.
        vacuum: Å.
        layers: atomic planes from face to face.
        atoms: in the slab's cell.
        changed: what was moved, removed or exchanged at the surfaces, in words, empty if nothing.
    """

    flip: Flip | None
    formula: str
    formula_units: int | None
    total_charge: float | None
    dipole: float
    area: float
    thickness_asked: float
    thickness: float
    vacuum: float
    layers: int
    atoms: int
    changed: str

    @property
    def symmetric(self) -> bool:
        """Top equals bottom by a symmetry operation."""
        return self.flip is not None and self.flip.residual < FLIP_TOLERANCE

    @property
    def stoichiometric(self) -> bool:
        """A whole number of bulk formula units."""
        return self.formula_units is not None

    @property
    def dipole_free(self) -> bool:
        """No formal charge and no formal dipole across the slab."""
        return abs(self.total_charge or 0.0) < 1e-6 and abs(self.dipole) < DIPOLE_TOLERANCE


def certify(
    structure: Structure, bulk: Composition, thickness_asked: float = 0.0, changed: str = ""
) -> Certificate:
    """Examine a slab, knowing nothing of how it was made.

    Args:
        structure: slab with c along its normal, vacuum anywhere along c.
        bulk: composition of the bulk, any multiple of its formula.
        thickness_asked: Å, recorded.
        changed: what was done to its surfaces, recorded.
    """
    z = heights(structure)
    area = face_area(structure)
    charges = formal_charges(structure)
    return Certificate(
        flip=find_flip(structure),
        formula=bulk.element_composition.reduced_formula,
        formula_units=formula_units(structure.composition, bulk),
        total_charge=None if charges is None else float(charges.sum()),
        dipole=0.0 if charges is None else float(charges @ (z - z.mean())) / area,
        area=area,
        thickness_asked=thickness_asked,
        thickness=float(np.ptp(z)),
        vacuum=structure.lattice.volume / area - float(np.ptp(z)),
        layers=1 + int((np.diff(np.sort(z)) > GAP).sum()),
        atoms=len(structure),
        changed=changed,
    )


def face_area(structure: Structure) -> float:
    """Å², area of the cell's a–b face."""
    return float(np.linalg.norm(np.cross(*structure.lattice.matrix[:2])))


def heights(structure: Structure) -> NDArray[np.float64]:
    """Å above the lowest atom, shape (n,), with the widest gap along c taken for the vacuum."""
    w = structure.frac_coords[:, 2] % 1.0
    ordered = np.sort(w)
    gaps = np.diff(np.append(ordered, ordered[0] + 1.0))
    lowest = ordered[(int(gaps.argmax()) + 1) % len(w)]
    unwrapped: NDArray[np.float64] = (w - lowest + 1e-9) % 1.0 - 1e-9
    return unwrapped * structure.lattice.volume / face_area(structure)


def formula_units(slab: Composition, bulk: Composition) -> int | None:
    """Whole formula units of the bulk in the slab, element by element; None if not whole."""
    unit = bulk.element_composition.get_integer_formula_and_factor()[0]
    formula, content = Composition(unit), slab.element_composition
    units = round(content.num_atoms / formula.num_atoms)
    return units if units and content.almost_equals(formula * units, rtol=0, atol=1e-6) else None


def find_flip(structure: Structure) -> Flip | None:
    """The best operation that maps the slab onto itself upside down, if there is one."""
    operations = symmetry_operations(structure)
    flips = np.flatnonzero(operations.rotations[:, 2, 2] == -1)
    if not len(flips):
        return None
    chosen = SymmetryOperations(operations.rotations[flips], operations.translations[flips])
    residuals = [float(r) for r in _residuals(structure, chosen)]
    names = [flip_name(rotation) for rotation in chosen.rotations]
    order = ("inversion", "two-fold axis", "mirror plane", "rotoinversion")
    best = min(range(len(flips)), key=lambda i: (round(residuals[i], 4), order.index(names[i])))
    return Flip(
        names[best], chosen.rotations[best], chosen.translations[best], float(residuals[best])
    )


def _residuals(structure: Structure, operations: SymmetryOperations) -> NDArray[np.float64]:
    """Å, the largest distance by which each operation misses an atom's partner."""
    coords = structure.frac_coords
    images = (
        np.einsum("oij,nj->oni", operations.rotations, coords) + operations.translations[:, None]
    )
    delta = images - coords[permutations(structure, operations)]
    delta -= np.round(delta)
    worst: NDArray[np.float64] = np.linalg.norm(delta @ structure.lattice.matrix, axis=-1).max(
        axis=1
    )
    return worst


def flip_name(rotation: NDArray[np.int_]) -> str:
    """What kind of operation a rotation that turns a slab upside down belongs to."""
    match round(float(np.linalg.det(rotation))), round(float(np.trace(rotation))):
        case -1, -3:
            return "inversion"
        case 1, -1:
            return "two-fold axis"
        case -1, 1:
            return "mirror plane"
        case _:
            return "rotoinversion"
