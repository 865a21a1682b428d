"""VASP by hand-off: folders of inputs out, finished runs back in."""

from lnmo_atoms.vasp.collect import Collected, Finding, collect_vasp
from lnmo_atoms.vasp.export import export_vasp

__all__ = ["Collected", "Finding", "collect_vasp", "export_vasp"]
