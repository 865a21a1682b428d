"""Options that name an engine."""

from typing import Annotated

import typer

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec


def known_engine(option: typer.CallbackParam, name: str | None) -> str | None:
    """The engine's name, refused under that of the option."""
    try:
        if name is not None:
            CalculatorSpec.parse(name)
    except RequestError as error:
        raise RequestError(f"--{option.name}: {error}") from error
    return name


Calculator = Annotated[
    str,
    typer.Option(
        "--calculator",
        help="chgnet, gpaw, emt (metals) or your module:factory.",
        callback=known_engine,
    ),
]
Refine = Annotated[
    str | None,
    typer.Option(
        "--refine",
        metavar="CALCULATOR",
        help="Second engine, such as gpaw, for single points on what the first relaxed.",
        callback=known_engine,
    ),
]
