"""What sites carry, asked for in one way by all formats."""

import logging
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Species, Structure

from lnmo_atoms.builders.errors import RequestError

CONSTRAINT = "selective_dynamics"
"""Site property: three booleans per site, true where the coordinate may move (VASP's T)."""


def plain(value: Any) -> Any:
    """NumPy scalars and arrays, at any depth of lists, as plain Python objects."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def whole(number: float) -> float:
    """The same number, as an int where it is one: charges read ``2``, not ``2.0``."""
    return int(number) if float(number).is_integer() else float(number)


def ion(symbol: str, charge: float | None) -> Species | Element:
    """A species from an element's symbol and its charge in e, None for no oxidation state.

    Raises:
        RequestError: where no such element exists or the charge is no finite number.
    """
    if not Element.is_valid_symbol(symbol):
        raise RequestError(f"{symbol!r} is no element: correct the symbol")
    if charge is None:
        return Element(symbol)
    if not math.isfinite(charge):
        raise RequestError(f"the charge of {symbol} is {charge}: give a finite number or none")
    return Species(symbol, whole(charge))


def require_ordered(structure: Structure, target: str) -> None:
    """Refuse a structure with a partially occupied site.

    Raises:
        RequestError: naming the first such site.
    """
    for i, site in enumerate(structure):
        if not site.is_ordered:
            raise RequestError(
                f"{target} cannot hold partially occupied sites (site {i} is "
                f"{site.species_string}): build one disordered cell, as disordered_spinel() does"
            )


def moments(structure: Structure) -> NDArray[np.float64] | None:
    """Signed moments in μB, shape (n,), or None where the structure has none.

    Raises:
        RequestError: where only some sites have one, or one is no number: the package knows
            collinear moments only.
    """
    values = [site.properties.get("magmom") for site in structure]
    if all(value is None for value in values):
        return None
    if any(value is None for value in values):
        raise RequestError(
            f"site {values.index(None)} has no moment but others have: "
            "give every site a magmom (0 for none), or no site"
        )
    try:
        return np.array([float(value) for value in values])  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise RequestError(
            "moments must be signed numbers in μB: non-collinear moments are not supported"
        ) from None


def property_names(structure: Structure) -> list[str]:
    """Names of the site properties that at least one site has, in order of appearance."""
    names = {name: None for site in structure for name in site.properties}
    return [
        name for name in names if any(site.properties.get(name) is not None for site in structure)
    ]


def spins(structure: Structure) -> list[str]:
    """How to name the spins that species carry, for a format that cannot hold them."""
    carried = any(
        getattr(species, "spin", None) is not None for site in structure for species in site.species
    )
    return ["spins in species (use the site property magmom)"] if carried else []


def report_loss(log: logging.Logger, target: str, lost: Iterable[str], level: int) -> None:
    """Say in one log line what a format cannot hold; nothing is said where nothing is lost."""
    if names := ", ".join(lost):
        log.log(level, "%s cannot hold %s: not written", target, names)


@contextmanager
def warnings_to(log: logging.Logger) -> Iterator[None]:
    """Turn the Python warnings of another package's parser into log lines."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        log.info("%s", warning.message)
