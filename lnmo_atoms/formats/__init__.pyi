from .atoms import to_atoms, to_structure
from .files import read, write, write_all
from .poscar import magmom_line, poscar_order

__all__ = ["magmom_line", "poscar_order", "read", "to_atoms", "to_structure", "write", "write_all"]
