"""From barriers to diffusivity: exactly for one carrier, by Monte Carlo for many."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
