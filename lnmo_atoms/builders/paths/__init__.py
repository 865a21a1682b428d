"""What a migration calculation starts from: cells, states, end points and images of a hop."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
