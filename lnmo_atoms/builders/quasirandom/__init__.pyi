from .cells import Method, arrange_nickel
from .figures import (
    DisorderFigures,
    OrbitFigure,
    disorder_figures,
    order_parameter,
)

__all__ = [
    "DisorderFigures",
    "Method",
    "OrbitFigure",
    "arrange_nickel",
    "disorder_figures",
    "order_parameter",
]
