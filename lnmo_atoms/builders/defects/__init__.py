"""Point defects of LNMO and their complexes, neutral as a whole; partial delithiation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
