"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

StructureFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[STRUCTURE]", help="CIF, POSCAR, extxyz or JSON; without it, ordered LNMO."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Calculator = Annotated[
    str, typer.Option("--calculator", help="chgnet, gpaw, emt (metals) or your module:factory.")
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
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List the calculations and their cost; run nothing.")
]
DEFAULT_STUDY = Path("lnmo-study")
