"""The command slabs: cut them, or examine one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pymatgen.core import Structure

from lnmo_atoms.analyzers.rows import Row, csv_text
from lnmo_atoms.builders.files import write_json, write_text_atomically
from lnmo_atoms.builders.slabs import (
    KINDS,
    Slab,
    check,
    disordered_slabs,
    distinct_facets,
    facet_name,
    make_slabs,
    matching_bulk,
    valid_kind,
    why_not,
)
from lnmo_atoms.builders.slabs.stoichiometry import bulk_formula
from lnmo_atoms.cli.certificates import certificate_row, show_certificate, show_slabs
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.options import Json, StructureFile
from lnmo_atoms.cli.outputs import draw_slabs
from lnmo_atoms.cli.recipe import parse_facet
from lnmo_atoms.cli.screen import note, print_json
from lnmo_atoms.cli.structures import charged, load
from lnmo_atoms.formats import read, write

NOT_CERTIFIED = 1
"""Exit code for a slab with something wrong."""


def slabs(
    structure: StructureFile = None,
    facet: Annotated[
        list[str], typer.Option("--facet", help="Miller indices such as 111 or 1-10. Repeatable.")
    ] = ["111"],  # noqa: B006 - typer copies it
    thickness: Annotated[float, typer.Option(help="Å between outermost atoms, at least.")] = 12.0,
    vacuum: Annotated[float, typer.Option(help="Å.")] = 15.0,
    reconstruct: Annotated[
        list[str] | None,
        typer.Option(
            "--reconstruct",
            metavar="KIND",
            help=f"Add reconstructed slabs: {', '.join(KINDS)}. Repeatable.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Random slabs of each termination, of a disordered STRUCTURE.")
    ] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of the random generator.")] = 0,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for POSCAR, CIF, PNG files and an index.")
    ] = Path("slabs"),
    check: Annotated[
        Path | None,
        typer.Option(
            metavar="SLAB",
            help="Examine the slab in this file instead, against STRUCTURE if given; exit code 1 "
            "if something is wrong with it.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Cut every symmetric, stoichiometric, dipole-free slab of a facet; or examine a slab.

    Example: lnmo slabs lnmo.cif --facet 111 --facet 100 -o slabs

    Example: lnmo slabs --check slabs/111-a.vasp
    """
    if check is not None:
        raise typer.Exit(_examine(check, structure, json))
    bulk = load(structure)
    facets = distinct_facets([parse_facet(f) for f in facet], bulk)
    kinds = [valid_kind(kind) for kind in reconstruct or ()]
    if bulk.is_ordered:
        options: dict[str, Any] = {"reconstructions": kinds, "seed": seed}
        found = [s for f in facets for s in make_slabs(bulk, f, thickness, vacuum, **options)]
    else:
        options = {"samples": samples, "seed": seed}
        found = [s for f in facets for s in disordered_slabs(bulk, f, thickness, vacuum, **options)]
    for kind in kinds:
        if bulk.is_ordered and (reason := why_not(found, kind)):
            note(reason)
    folder = make_folder(output)
    for slab in found:
        write(slab.structure, folder / f"{slab.name}.vasp")
        write(slab.structure, folder / f"{slab.name}.cif")
    draw_slabs(found, folder)
    cells = _write_bulk_cells(found, bulk, folder) if bulk.is_ordered else {}
    if kinds and not bulk.is_ordered:
        note("a disordered crystal's samples are not reconstructed: --reconstruct has no effect")
    rows = [_index_row(slab, cells.get(slab.name)) for slab in found]
    _write_index(rows, found, folder)
    if json:
        print_json(rows)
        return
    show_slabs(found)
    also = "matching bulk cells, " if cells else ""
    note(f"POSCAR (*.vasp), CIF and PNG files, {also}index.csv and index.json in {folder}")


def _examine(path: Path, bulk: Path | None, json: bool) -> int:
    """Print the certificate of the slab in a file; the command's exit code."""
    given = read(path)
    formula = bulk_formula(given.composition) if bulk is None else read(bulk).composition
    certificate = check(charged(given, path, formula), formula)
    if json:
        print_json({"file": str(path)} | certificate_row(certificate))
    else:
        show_certificate(path.name, certificate)
    return NOT_CERTIFIED if certificate.problems else 0


def _write_bulk_cells(slabs: Sequence[Slab], bulk: Structure, folder: Path) -> dict[str, str]:
    """One bulk cell for each in-plane cell; slab → file of the cell that matches it."""
    files: dict[str, str] = {}
    cells: dict[tuple[str, float], str] = {}
    for slab in slabs:
        facet = facet_name(slab.facet)
        cell = facet, round(slab.certificate.area, 3)
        if cell not in cells:
            number = sum(name == facet for name, _ in cells)
            cells[cell] = f"{facet}-bulk{f'-{number + 1}' if number else ''}.vasp"
            write(matching_bulk(slab, bulk), folder / cells[cell])
        files[slab.name] = cells[cell]
    return files


def _index_row(slab: Slab, bulk_cell: str | None) -> Row:
    """A slab's line of the index."""
    return {
        "slab": slab.name,
        "facet": facet_name(slab.facet),
        "termination": slab.termination,
        **certificate_row(slab.certificate),
        "poscar": f"{slab.name}.vasp",
        "cif": f"{slab.name}.cif",
        "picture": f"{slab.name}.png",
        "matching_bulk": bulk_cell,
    }


def _write_index(rows: Sequence[Row], slabs: Sequence[Slab], folder: Path) -> None:
    """As CSV, and as JSON with the bulk site that each atom of the files comes from."""
    write_text_atomically(folder / "index.csv", csv_text(rows))
    sites = [[int(i) for i in slab.structure.site_properties["bulk_site"]] for slab in slabs]
    full = [row | {"bulk_sites": origin} for row, origin in zip(rows, sites, strict=True)]
    write_json(folder / "index.json", full)
