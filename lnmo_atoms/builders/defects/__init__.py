"""Point defects of LNMO and their complexes, neutral as a whole; partial delithiation."""

from lnmo_atoms.builders.defects.defect import Defect
from lnmo_atoms.builders.defects.delithiation import delithiated
from lnmo_atoms.builders.defects.kinds import KINDS
from lnmo_atoms.builders.defects.make import make_defects

__all__ = ["KINDS", "Defect", "delithiated", "make_defects"]
