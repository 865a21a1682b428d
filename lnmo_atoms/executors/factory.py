"""An executor that the user's own function makes."""

import importlib
import sys
from concurrent.futures import Executor
from pathlib import Path

from lnmo_atoms.builders.errors import RequestError


def executor_of(factory: str) -> Executor:
    """Call ``"module:callable"``, which takes nothing and returns an executor.

    A module in the working directory is found.

    Raises:
        RequestError: naming what is wrong: the name, the module, the function, or what it returned.
    """
    module_name, _, attribute = factory.partition(":")
    if not attribute.isidentifier() or not module_name:
        raise RequestError(
            f"{factory!r} names no factory: use the form module:callable, such as mycluster:make"
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        made = getattr(importlib.import_module(module_name), attribute)()
    except Exception as error:
        raise RequestError(
            f"the executor's factory {factory} failed: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(made, Executor):
        raise RequestError(
            f"{factory} returned {type(made).__name__} instead of a concurrent.futures.Executor"
        )
    return made
