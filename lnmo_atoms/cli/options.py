"""Options and arguments that several commands share."""

from pathlib import Path
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


StructureFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[STRUCTURE]", help="CIF, POSCAR, extxyz or JSON; without it, ordered LNMO."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Calculator = Annotated[
    str,
    typer.Option(
        "--calculator",
        help="chgnet, gpaw, emt (metals) or your module:factory.",
        callback=known_engine,
    ),
]
StudyFolder = Annotated[Path, typer.Option("--study", help="Folder that keeps every result.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; default: one per core.")
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
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List the calculations and their cost; run nothing.")
]
DEFAULT_STUDY = Path("lnmo-study")
