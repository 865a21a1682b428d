"""Command defects: what can be missing, added or exchanged in a crystal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pymatgen.core import Structure
from rich.progress import track

from lnmo_atoms.analyzers.rows import Row, csv_text
from lnmo_atoms.builders.charges.placement import valid_placement
from lnmo_atoms.builders.defects import KINDS, Defect, make_defects
from lnmo_atoms.builders.defects.kinds import USUAL_KINDS
from lnmo_atoms.builders.files import file_name, write_json, write_text_atomically
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.options import Json, StructureFile
from lnmo_atoms.cli.screen import counted, err, note, print_json, table
from lnmo_atoms.cli.structures import load
from lnmo_atoms.formats import write

LONGEST_TABLE = 30
"""Defects, beyond which the table has a line for each kind instead."""
IN_FILE_NAMES = str.maketrans({"(": "-", ")": "", " ": "-"})

Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        help=f"One of: {', '.join(KINDS)}. Repeatable; default: all but pairs of oxygen vacancies.",
    ),
]
Cell = Annotated[tuple[int, int, int], typer.Option(help="Repeats of STRUCTURE.")]
Placement = Annotated[
    str,
    typer.Option(
        help="Where ions change valence to balance the charge: near (every distinct way around the "
        "defect), far or random (one way)."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of the random generator (far, random).")]


def defects(
    structure: StructureFile = None,
    kind: Kinds = None,
    cell: Cell = (1, 1, 1),
    mn3: Placement = "near",
    seed: Seed = 0,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for POSCAR, CIF files and an index.")
    ] = Path("defects"),
    every: Annotated[
        bool, typer.Option("--all", help="A line for every defect, however many there are.")
    ] = False,
    json: Json = False,
) -> None:
    """Build every symmetry-distinct defect, each neutral with the Mn3+ or Ni3+ that balance it.

    A crystal of mean valence, such as LiMn2O4 with Mn3.5+, keeps it: --mn3 places
    whole ions, which lnmo build limn2o4 --mn3 far makes.

    The files are unrelaxed. bulk.vasp and bulk.cif hold the perfect cell.

    Example: lnmo defects --kind "oxygen vacancy" --cell 1 1 2 -o defects
    """
    bulk = load(structure)
    found = make_defects(bulk, kind or USUAL_KINDS, cell, valid_placement(mn3), seed)
    folder = make_folder(output)
    rows = [defect_row(defect) for defect in found]
    _write(bulk, found, rows, folder)
    if json:
        print_json(rows)
        return
    title = f"{counted(len(found), 'distinct defect')} of {found[0].bulk_formula}"
    if every or len(found) <= LONGEST_TABLE:
        _show_defects(title, rows)
    else:
        _show_kinds(title, rows)
    note(f"POSCAR (*.vasp) and CIF files, defects.csv and defects.json in {folder}")


def defect_row(defect: Defect) -> Row:
    """A defect's line of the index."""
    file = file_name(defect.name.translate(IN_FILE_NAMES))
    return {
        "defect": defect.name,
        "kind": defect.kind,
        "multiplicity": defect.multiplicity,
        "atoms": len(defect.structure),
        "added": _atoms(defect.added),
        "removed": _atoms(defect.removed),
        "valence_changes": ", ".join(defect.changes),
        "Mn3+": sum(site.species_string == "Mn3+" for site in defect.structure),
        "separation_A": defect.separation,
        "poscar": f"{file}.vasp",
        "cif": f"{file}.cif",
    }


def _atoms(numbers: Mapping[str, int]) -> str:
    """Such as ``"1 Ni"``."""
    return ", ".join(f"{n} {element}" for element, n in numbers.items())


def _write(bulk: Structure, found: Sequence[Defect], rows: Sequence[Row], folder: Path) -> None:
    """Every cell, the perfect one, and the index as CSV and as JSON with the atoms' origins."""
    perfect = bulk.make_supercell(found[0].supercell, in_place=False)
    for suffix in ("vasp", "cif"):
        write(perfect, folder / f"bulk.{suffix}")
    pairs = list(zip(found, rows, strict=True))
    for defect, row in track(pairs, "writing defects", console=err, transient=True):
        for kind in ("poscar", "cif"):
            write(defect.structure, folder / str(row[kind]))
    write_text_atomically(folder / "defects.csv", csv_text(rows))
    full = [
        row
        | {
            "sites": defect.sites.tolist(),
            "bulk_sites": [int(i) for i in defect.structure.site_properties["bulk_site"]],
        }
        for defect, row in pairs
    ]
    write_json(folder / "defects.json", full)


def _show_defects(title: str, rows: Sequence[Row]) -> None:
    """A line for every defect."""
    table(
        title,
        ("defect", "per\ncell", "atoms", "exchanged", "valences", "apart\nÅ"),
        [
            (
                row["defect"],
                row["multiplicity"],
                row["atoms"],
                _exchanged(row),
                row["valence_changes"] or None,
                row["separation_A"],
            )
            for row in rows
        ],
    )


def _exchanged(row: Row) -> str | None:
    """With reservoirs, such as ``"+1 Ni −1 Mn"``."""
    signs = (f"{sign}{row[way]}" for sign, way in (("+", "added"), ("−", "removed")) if row[way])
    return " ".join(signs) or None


def _show_kinds(title: str, rows: Sequence[Row]) -> None:
    """A line for every kind."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(str(row["kind"]), []).append(row)
    table(
        f"{title}, by kind",
        ("kind", "defects", "per cell", "atoms"),
        [
            (kind, len(members), sum(int(str(m["multiplicity"])) for m in members),
             ", ".join(sorted({str(m["atoms"]) for m in members})))
            for kind, members in kinds.items()
        ],
    )  # fmt: skip
    note(f"--all shows all {len(rows)} defects")
