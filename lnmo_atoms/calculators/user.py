"""The user's own engine, named as ``"module:factory"``."""

import importlib
import importlib.util
import inspect
import sys
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators.engines import Engine
from lnmo_atoms.calculators.files import sha256

_imported: weakref.WeakKeyDictionary[ModuleType, str] = weakref.WeakKeyDictionary()
"""SHA-256 of the source of each module as this process first took a factory from it."""

TRUST = "This engine is your own: how far its numbers can be trusted is for you to say."


def user_engine(name: str) -> Engine:
    """The engine behind ``"module:factory"``; its source file counts as its version.

    Raises:
        RequestError: where the name has another form.
    """
    module, _, factory = name.partition(":")
    if not factory.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise RequestError(
            f"{name!r} names no calculator: use the form module:factory, such as mycalc:make"
        )
    if module == "__main__":
        raise RequestError(
            f"{name!r} cannot be imported by worker processes: put {factory} in a file of its own"
        )
    _see_working_directory()
    return Engine(
        label=name,
        factory=name,
        package=None,
        trust=TRUST,
        options=None,
        named_files=True,
        data_file=lambda _: _source(module),
    )


def _source(module: str) -> Path | None:
    """The module's file; a change in it may change every number."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise RequestError(f"there is no module {module!r} to take a calculator from")
    return Path(spec.origin) if spec.origin and Path(spec.origin).is_file() else None


def require_unedited(name: str) -> None:
    """Refuse a factory whose source is no longer what this process imported and still runs.

    Raises:
        RequestError: naming the file.
    """
    module = sys.modules.get(name.partition(":")[0])
    if module is None or module not in _imported:
        return
    source = _source(module.__name__)
    if source and _imported[module] != sha256(source):
        raise RequestError(
            f"{source.name} was edited after it was imported: start again, in a new process"
        )


def _see_working_directory() -> None:
    """Let ``mycalc.py`` in the working directory be found, as ``python -m`` would."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def load_factory(name: str, options: Mapping[str, Any]) -> Callable[..., Any]:
    """Import ``"module:factory"`` and see that it can be called with the options.

    Raises:
        RequestError: naming what is wrong: the module, the attribute, or an option.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise RequestError(
            f"cannot import {module_name!r} for the calculator: {type(error).__name__}: {error}"
        ) from error
    if source := _source(module_name):
        _imported.setdefault(module, sha256(source))
    factory = getattr(module, attribute, None)
    if factory is None:
        raise RequestError(f"module {module_name!r} has no {attribute!r}")
    if not callable(factory):
        raise RequestError(f"{name} is not a function that makes a calculator")
    try:
        inspect.signature(factory).bind(**options)
    except TypeError as error:
        raise RequestError(f"{name} cannot be called with these options: {error}") from error
    except ValueError:
        pass  # a factory written in C shows no signature
    made: Callable[..., Any] = factory
    return made
