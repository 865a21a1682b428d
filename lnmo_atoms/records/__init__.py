"""Results of a study on disk: JSON, read back bit for bit.

A file is one object: ``format`` and ``schema`` say what it is, ``bulks`` holds every distinct bulk
once, ``records`` one result per line, with the unit in the name of every number that has one.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
