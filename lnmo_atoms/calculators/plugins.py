"""Engines that other packages bring, by the entry points of their metadata."""

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators.engines import Engine

GROUP = "lnmo_atoms.calculators"
"""A name in it points to ``module:factory``, which takes options and returns an ASE calculator."""


def plugin_names() -> list[str]:
    """Names of all such engines, in small letters."""
    return sorted({point.name.lower() for point in _points(tuple(sys.path))})


def plugin_engine(name: str) -> Engine:
    """The engine that a package brings under this name; the package's version is the engine's.

    Raises:
        RequestError: where two packages bring one.
    """
    found = [point for point in _points(tuple(sys.path)) if point.name.lower() == name]
    packages = sorted({_package(point) for point in found})
    if len(packages) > 1:
        raise RequestError(f"calculator {name!r} comes from {' and '.join(packages)}: remove one")
    return Engine(
        label=found[0].name,
        factory=f"{found[0].module}:{found[0].attr}",
        package=packages[0],
        trust=f"This engine comes with {packages[0]}: see there how far to trust its numbers.",
        options=None,
        named_files=True,
    )


@cache
def _points(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """The entry points on this path: a search takes milliseconds, and every key needs them."""
    del path
    return tuple(entry_points(group=GROUP))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module
