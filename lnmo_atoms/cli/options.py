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
StudyFolder = Annotated[Path, typer.Option("--study", help="Folder that keeps every result.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; default: one per core.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List the calculations and their cost; run nothing.")
]
DEFAULT_STUDY = Path("lnmo-study")
