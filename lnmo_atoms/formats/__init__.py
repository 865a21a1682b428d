"""Structures in and out: CIF, POSCAR, extended XYZ, JSON, and the way to ASE's Atoms and back."""

from lnmo_atoms.formats.atoms import to_atoms, to_structure
from lnmo_atoms.formats.files import read, write, write_all
from lnmo_atoms.formats.poscar import magmom_line, poscar_order

__all__ = ["magmom_line", "poscar_order", "read", "to_atoms", "to_structure", "write", "write_all"]
