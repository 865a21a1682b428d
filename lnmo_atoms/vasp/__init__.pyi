from .collect import Collected, Finding, collect_vasp
from .export import export_vasp

__all__ = ["Collected", "Finding", "collect_vasp", "export_vasp"]
