"""Structures in and out: CIF, POSCAR, extended XYZ, JSON, and the way to ASE's Atoms and back."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
