"""Command build, and the structure that other commands start from."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pymatgen.core import Composition, Structure

from lnmo_atoms.builders.charges import formal_charges, with_formal_charges
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
    valid_supercell,
)
from lnmo_atoms.builders.symmetry import conventional_cell, space_group
from lnmo_atoms.cli.screen import note, print_json, table
from lnmo_atoms.formats import read, write

StructureFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[STRUCTURE]", help="CIF, POSCAR, extxyz or JSON; without it, ordered LNMO."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


class Crystal(StrEnum):
    """What can be built."""

    ORDERED = "ordered"
    DISORDERED = "disordered"
    AVERAGE = "average"
    LIMN2O4 = "limn2o4"


def load(path: Path | None) -> Structure:
    """The user's structure with formal charges, or ordered LNMO."""
    if path is None:
        return ordered_spinel()
    known = charged(read(path), path)
    bulk = conventional_cell(known)
    if bulk is not known:
        note(
            f"{path} holds a primitive cell: its conventional cell of {len(bulk)} atoms is used, "
            "and Miller indices refer to that"
        )
    return bulk


def charged(given: Structure, path: Path, formula: Composition | None = None) -> Structure:
    """What was read from a file, with formal charges; what had to be assumed is said.

    Args:
        given: as read.
        path: the file's name.
        formula: of the bulk, for a slab whose own composition need not be balanced.
    """
    known = with_formal_charges(given, formula)
    if known is not given:
        states = ", ".join(sorted({site.species_string for site in known}))
        note(f"{path} has no oxidation states: taken as {states}")
    elif formal_charges(known) is None and not all(e.is_metal for e in known.elements):
        note(f"{path} has no oxidation states: dipoles cannot be judged")
    return known


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
        tuple[int, int, int], typer.Option(help="Repeats of the 56-atom cubic cell.")
    ] = (1, 1, 1),
    a: Annotated[
        float | None, typer.Option("-a", help="Cubic lattice parameter in Å; default: experiment.")
    ] = None,
    nickel: Annotated[
        float, typer.Option(help="x in LiNixMn2-xO4 (disordered): 0 to 0.5, the rest Mn3+.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="Of the random generator (disordered).")] = 0,
    enantiomorph: Annotated[
        bool, typer.Option("--enantiomorph", help="P4_132 instead of P4_332 (ordered).")
    ] = False,
    json: Json = False,
) -> None:
    """Build a crystal with charges and moments.

    Example: lnmo build disordered --cell 2 2 2 --seed 7 -o lnmo.cif -o POSCAR
    """
    if crystal is Crystal.DISORDERED:
        structure = disordered_spinel(cell, nickel=nickel, seed=seed, a=a)
    else:
        repeats = valid_supercell(cell)
        structure = {
            Crystal.ORDERED: lambda: ordered_spinel(a, enantiomorph),
            Crystal.AVERAGE: lambda: average_spinel(a),
            Crystal.LIMN2O4: lambda: lithium_manganate(a),
        }[crystal]()
        if cell != (1, 1, 1):
            structure.make_supercell(repeats)
    for path in output:
        write(structure, path)
    group = space_group(structure)
    facts = {
        "formula": structure.composition.element_composition.formula,
        "atoms": len(structure),
        "space_group": group.symbol,
        "space_group_number": group.number,
        "a_A": structure.lattice.a,
        "b_A": structure.lattice.b,
        "c_A": structure.lattice.c,
        "moment_muB": float(sum(structure.site_properties["magmom"])),
        "seed": seed if crystal is Crystal.DISORDERED else None,
        "files": [str(path) for path in output],
    }
    if json:
        print_json(facts)
    else:
        table(
            f"{crystal.value}: {facts['formula']}",
            ("atoms", "space group", "a / Å", "b / Å", "c / Å", "moment / μB", "files"),
            [
                (
                    facts["atoms"],
                    f"{group.symbol} ({group.number})",
                    *structure.lattice.abc,
                    facts["moment_muB"],
                    ", ".join(map(str, output)),
                )
            ],
        )
