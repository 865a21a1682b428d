"""Atomistic modelling of the high-voltage spinel cathode LiNi0.5Mn1.5O4."""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("lnmo_atoms")
