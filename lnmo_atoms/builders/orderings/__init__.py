"""Arrangements of nickel and manganese on 16d that no symmetry operation makes equal."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
