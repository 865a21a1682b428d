"""Disordered cells: random and special quasi-random ones, at any long-range order."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
