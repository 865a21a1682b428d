"""Where tasks run: here, in processes of this machine, on SLURM, or in the user's executor."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
