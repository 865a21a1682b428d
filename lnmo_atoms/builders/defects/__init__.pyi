from .defect import Defect
from .delithiation import delithiated
from .drawn import with_random_defects
from .kinds import KINDS
from .make import make_defects

__all__ = ["KINDS", "Defect", "delithiated", "make_defects", "with_random_defects"]
