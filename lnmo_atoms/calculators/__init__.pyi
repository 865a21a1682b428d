from .engines import Quantity
from .spec import CalculatorSpec

__all__ = ["CalculatorSpec", "Quantity"]
