"""Engines: which calculator to use, as data that travels, and how far to trust its numbers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
