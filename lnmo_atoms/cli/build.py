"""Command build: a crystal, ordered or not, with defects if asked, and the record of its making."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import numpy as np
import typer
from pymatgen.core import Structure

from lnmo_atoms.builders.defects import with_random_defects
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.orderings import numbered_ordering
from lnmo_atoms.builders.primitive import primitive_cell
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
    valid_supercell,
)
from lnmo_atoms.cli.build_record import record, show, write_files
from lnmo_atoms.cli.options import Json
from lnmo_atoms.cli.screen import print_json

CRYSTAL, DISORDER, DEFECTS = "Crystal", "Disorder and order", "Defects, drawn at random"
OPTIONS_OF = MappingProxyType(
    {
        "--method": "disordered",
        "--order": "disordered",
        "--nickel": "disordered",
        "--number": "ordered",
        "--enantiomorph": "ordered",
    }
)
"""Options that one crystal alone has."""


class Crystal(StrEnum):
    """What can be built."""

    ORDERED = "ordered"
    DISORDERED = "disordered"
    AVERAGE = "average"
    LIMN2O4 = "limn2o4"


class Mn3(StrEnum):
    """Where Mn3+ goes."""

    FAR = "far"
    NEAR = "near"
    RANDOM = "random"


class Axis(StrEnum):
    """Of the cubic cell."""

    X = "x"
    Y = "y"
    Z = "z"


class Method(StrEnum):
    """How nickel and manganese are put on 16d."""

    RANDOM = "random"
    SQS = "sqs"


def build(
    crystal: Annotated[Crystal, typer.Argument(help="Which crystal.", show_default=False)],
    output: Annotated[
        list[Path],
        typer.Option(
            "-o",
            "--output",
            help="File to write: NAME.cif, POSCAR, NAME.vasp, NAME.extxyz, NAME.json. Repeatable.",
            show_default=False,
        ),
    ],
    cell: Annotated[
        tuple[int, int, int],
        typer.Option(help="Repeats of the 56-atom cubic cell.", rich_help_panel=CRYSTAL),
    ] = (1, 1, 1),
    a: Annotated[
        float | None,
        typer.Option(
            "-a",
            help="Cubic lattice parameter in Å; default: experiment.",
            rich_help_panel=CRYSTAL,
        ),
    ] = None,
    enantiomorph: Annotated[
        bool,
        typer.Option(
            "--enantiomorph", help="P4_132 instead of P4_332 (ordered).", rich_help_panel=CRYSTAL
        ),
    ] = False,
    number: Annotated[
        int | None,
        typer.Option(
            help="Another arrangement of Ni and Mn: its number in lnmo orderings (ordered).",
            rich_help_panel=CRYSTAL,
        ),
    ] = None,
    primitive: Annotated[
        bool,
        typer.Option(
            "--primitive", help="The primitive cell of what is built.", rich_help_panel=CRYSTAL
        ),
    ] = False,
    method: Annotated[
        Method | None,
        typer.Option(
            help="sqs: a special quasi-random cell (disordered). Default: random.",
            rich_help_panel=DISORDER,
        ),
    ] = None,
    order: Annotated[
        float | None,
        typer.Option(
            help="Long-range order S, 0 to 1 (disordered): the nearest that the cell can hold. "
            "Default: what chance makes it, with sqs 0.",
            rich_help_panel=DISORDER,
        ),
    ] = None,
    nickel: Annotated[
        float | None,
        typer.Option(
            help="x in LiNixMn2-xO4 (disordered): 0 to 0.5, the rest Mn3+. Default: 0.5.",
            rich_help_panel=DISORDER,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, help="Of the random generator: disorder and defects."),
    ] = 0,
    lithium: Annotated[
        float | None,
        typer.Option(
            help="x in LixM2O4 that stays, 0 to 1; manganese, then nickel is oxidised.",
            rich_help_panel=DEFECTS,
        ),
    ] = None,
    oxygen_vacancies: Annotated[
        int,
        typer.Option(
            min=0, help="How many; each leaves two electrons, on Mn3+.", rich_help_panel=DEFECTS
        ),
    ] = 0,
    antisites: Annotated[
        int,
        typer.Option(min=0, help="Pairs of Ni and Mn that change places.", rich_help_panel=DEFECTS),
    ] = 0,
    mn3: Annotated[
        Mn3 | None,
        typer.Option(
            help="Where Mn3+ (or Ni3+, Ni4+) goes: far from each other, near the vacancies, or "
            "random. Default: near oxygen vacancies where there are any, else random.",
            rich_help_panel=DEFECTS,
        ),
    ] = None,
    jahn_teller: Annotated[
        Axis | None,
        typer.Option(
            help="Axis along which the octahedra of Mn3+ are made longer.",
            rich_help_panel=DEFECTS,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Build a crystal with charges and moments.

    Beside the files goes NAME.build.json with what was done: command, seed, figures of merit,
    charges. A CIF says it in its comments, too.

    Example: lnmo build disordered --cell 2 2 2 --seed 7 -o lnmo.cif -o POSCAR

    Example: lnmo build disordered --cell 2 2 2 --method sqs --order 0.5 -o half-ordered.cif

    Example: lnmo build ordered --lithium 0 -o NiMn3O8.cif

    Example: lnmo build ordered --oxygen-vacancies 1 --mn3 near --jahn-teller z -o POSCAR

    Example: lnmo build ordered --cell 1 1 2 --number 1200 -o POSCAR
    """
    _refuse_foreign_options(
        crystal,
        {
            "--method": method,
            "--order": order,
            "--nickel": nickel,
            "--number": number,
            "--enantiomorph": enantiomorph or None,
        },
    )
    structure = {
        Crystal.ORDERED: lambda: _ordered(cell, a, enantiomorph, number),
        Crystal.DISORDERED: lambda: disordered_spinel(
            cell,
            method="random" if method is None else method.value,
            order=0.0 if order is None else order,
            nickel=0.5 if nickel is None else nickel,
            seed=seed,
            a=a,
        ),
        Crystal.AVERAGE: lambda: _repeated(average_spinel(a), cell),
        Crystal.LIMN2O4: lambda: _repeated(lithium_manganate(a), cell),
    }[crystal]()
    altered = (lithium, oxygen_vacancies, antisites, mn3, jahn_teller) != (None, 0, 0, None, None)
    if altered:
        structure = with_random_defects(
            structure,
            lithium=lithium,
            oxygen_vacancies=oxygen_vacancies,
            antisites=antisites,
            mn3=None if mn3 is None else mn3.value,
            jahn_teller=None if jahn_teller is None else jahn_teller.value,
            seed=seed,
        )
    if primitive:
        structure = primitive_cell(structure).structure
    drawn = crystal is Crystal.DISORDERED or altered
    made = record(structure, output, seed if drawn else None)
    write_files(structure, output, made)
    if json:
        print_json(made)
    else:
        show(made, figures=crystal is Crystal.DISORDERED)


def _refuse_foreign_options(crystal: Crystal, given: Mapping[str, object]) -> None:
    """Refuse an option that another crystal has; unsaid it would be ignored.

    Raises:
        RequestError: naming the option and its crystal.
    """
    for option, value in given.items():
        if value is not None and OPTIONS_OF[option] != crystal:
            raise RequestError(
                f"{option} is an option of lnmo build {OPTIONS_OF[option]}: leave it out"
            )


def _ordered(
    cell: Sequence[int], a: float | None, enantiomorph: bool, number: int | None
) -> Structure:
    """P4_332 or its mirror image, repeated; or the arrangement of this number in the cell."""
    if number is None:
        return _repeated(ordered_spinel(a, enantiomorph), cell)
    if enantiomorph:
        raise RequestError("--number and --enantiomorph exclude each other: leave one out")
    return numbered_ordering(number, cell, a=a)


def _repeated(structure: Structure, cell: Sequence[int]) -> Structure:
    """The crystal in so many cells."""
    structure.make_supercell(np.diag(valid_supercell(cell)))
    return structure
