"""Figures of results: no engine is called, no global state of matplotlib is left changed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
