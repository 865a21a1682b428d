"""A study's folder: finished results, checkpoints and provenance; what is done stays done."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
