"""Calculations as plain functions: structures and a spec in, a result out; resumable."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
