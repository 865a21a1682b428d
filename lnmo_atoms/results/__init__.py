"""What calculations and workflows give back: frozen, with units.

The files ``surfaces.json``, ``hops.json``, ``orderings.json`` and ``thickness.json`` of a study
hold them, see :mod:`lnmo_atoms.records`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
