"""Engines: which calculator to use, as data that travels, and how far to trust its numbers."""

from lnmo_atoms.calculators.engines import Quantity
from lnmo_atoms.calculators.spec import CalculatorSpec

__all__ = ["CalculatorSpec", "Quantity"]
