"""Disordered cells: random and special quasi-random ones, at any long-range order."""

from lnmo_atoms.builders.quasirandom.cells import Method, arrange_nickel

__all__ = ["Method", "arrange_nickel"]
