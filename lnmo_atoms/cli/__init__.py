"""The program ``lnmo``: parses, calls, prints; no science."""

from lnmo_atoms.cli.app import main

__all__ = ["main"]
