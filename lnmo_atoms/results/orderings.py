"""Energies of nickel–manganese orderings."""

from dataclasses import dataclass

from pymatgen.core import Structure

from lnmo_atoms.builders.symmetry import SpaceGroup

FORMULA_OXYGENS = 4
"""Of the formula unit LiNixMn2-xO4."""


@dataclass(frozen=True)
class OrderingResult:
    """Energy of one ordering, cell and atoms relaxed.

    Attributes:
        number: in its study, from 1, which it keeps.
        structure: as built.
        degeneracy: equivalent decorations of the cell as built.
        space_group: of the ordering as built, charges and moments included.
        engine: name and version of the engine.
        energy_per_formula: eV per LiNixMn2-xO4, relaxed.
        energy_unrelaxed_per_formula: eV per LiNixMn2-xO4, as built.
        relaxed: the same atoms in the same order, relaxed with their cell.
        relaxed_space_group: of ``relaxed``, to 0.05 Å.
        atoms_calculated: in the smallest cell of the ordering, which was calculated.
        converged: an unconverged ordering keeps its numbers but is never ranked.
        flags: what a user must know, one line each: atoms that left, moments that changed, a
            space group that did.
    """

    number: int
    structure: Structure
    degeneracy: int
    space_group: SpaceGroup
    engine: str
    energy_per_formula: float
    energy_unrelaxed_per_formula: float
    relaxed: Structure
    relaxed_space_group: SpaceGroup
    atoms_calculated: int
    converged: bool
    flags: tuple[str, ...] = ()

    @property
    def volume_per_formula(self) -> float:
        """Å³ per LiNixMn2-xO4, relaxed."""
        return float(self.relaxed.volume) / formula_units(self.relaxed)


def formula_units(structure: Structure) -> float:
    """How many LiNixMn2-xO4 a cell holds, by its oxygen."""
    return float(structure.composition.element_composition["O"]) / FORMULA_OXYGENS
