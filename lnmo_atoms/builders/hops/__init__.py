"""Hops of a mobile ion over empty octahedra: found, labelled, sorted by symmetry, joined."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
