"""Formal charges and moments of LNMO: how structures carry them, and who gets which."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
