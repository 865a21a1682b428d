"""Disordered cells: random and special quasi-random ones, at any long-range order."""

from lnmo_atoms.builders.quasirandom.cells import Method, arrange_nickel
from lnmo_atoms.builders.quasirandom.figures import (
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
