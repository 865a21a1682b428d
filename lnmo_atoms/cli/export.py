"""Command export: inputs for an engine that runs elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import valid_kind
from lnmo_atoms.cli.options import Json, StructureFile
from lnmo_atoms.cli.recipe import recipe_of_options
from lnmo_atoms.cli.screen import counted, note, print_json, table
from lnmo_atoms.cli.structures import load
from lnmo_atoms.vasp import export_vasp

FOLLOWS = {
    True: "run them all; lnmo collect {0} --study DIR reads what is finished",
    False: "run it; then lnmo collect {0} --study DIR reads it and writes what follows in the "
    "relaxed cell: reference, slabs, end points (--fixed-cell writes them now, in the given cell)",
}


def export(
    structure: StructureFile = None,
    target: Annotated[str, typer.Option("--for", metavar="ENGINE", help="vasp.")] = "vasp",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for a folder of each calculation.")
    ] = Path("vasp"),
    facets: Annotated[
        str, typer.Option(help='Miller indices, separated by commas; "" for no slabs.')
    ] = "111,100,110",
    terminations: Annotated[
        int, typer.Option(min=1, help="Of each facet, in the order of lnmo slabs.")
    ] = 1,
    best_of: Annotated[
        Path | None,
        typer.Option(
            metavar="STUDY", help="Take those of lowest γ in this study instead, of any engine."
        ),
    ] = None,
    reconstruct: Annotated[
        list[str] | None,
        typer.Option("--reconstruct", metavar="KIND", help="Add these to them. Repeatable."),
    ] = None,
    thickness: Annotated[float, typer.Option(help="Å between outermost atoms, at least.")] = 12.0,
    vacuum: Annotated[float, typer.Option(help="Å.")] = 15.0,
    fmax: Annotated[float, typer.Option(help="eV/Å, of slabs and paths.")] = 0.05,
    hops: Annotated[
        bool, typer.Option("--hops", help="End points and paths of hops, too.")
    ] = False,
    mode: Annotated[
        str, typer.Option(help="Of the hops: vacancy, or the filled fraction such as 0.5.")
    ] = "vacancy",
    per_ring: Annotated[
        int | None, typer.Option(help="Hops drawn of each order of cations in the ring.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of that draw, and of a random content.")] = 0,
    images: Annotated[int, typer.Option(help="Of each path, ends included; odd.")] = 5,
    fixed_cell: Annotated[
        bool, typer.Option("--fixed-cell", help="STRUCTURE is relaxed: calculate all in its cell.")
    ] = False,
    json: Json = False,
) -> None:
    """Write inputs for VASP: PBE+U, a folder for each calculation, POTCARs by name only.

    The bulk comes first, cell and all. lnmo collect reads it and writes what follows from it.

    Example: lnmo export lnmo.cif --for vasp --facets 111,100 --hops -o vasp
    """
    if target.lower() != "vasp":
        raise RequestError(f"--for {target}: inputs are written for vasp only")
    asked = [facet for facet in facets.split(",") if facet.strip()]
    recipe = recipe_of_options(
        surface=({"facets": asked} if asked else {})
        | {
            "thickness": thickness,
            "vacuum": vacuum,
            "fmax": fmax,
            "reconstructions": [valid_kind(kind) for kind in reconstruct or ()],
        },
        migration={"mode": mode, "per_ring": per_ring, "seed": seed, "images": images},
    )
    bulk = load(structure)
    written = export_vasp(
        bulk,
        output,
        recipe.surface.miller_indices() if asked else (),
        recipe.migration.hops(bulk) if hops else (),
        terminations=terminations,
        best_of=best_of,
        reconstructions=recipe.surface.reconstructions,
        thickness=thickness,
        vacuum=vacuum,
        fmax=fmax,
        mode=mode,
        seed=seed,
        images=images,
        fixed_cell=fixed_cell,
    )
    rows = [(each.folder, each.kind, len(each.structures[0])) for each in written]
    if json:
        print_json([dict(zip(("folder", "kind", "atoms"), row, strict=True)) for row in rows])
        return
    table(f"{output}: {counted(len(rows), 'calculation')}", ("folder", "kind", "atoms"), rows)
    note("POTCARs are named in POTCAR.spec: put your own, of PBE.54, beside it")
    note(FOLLOWS[fixed_cell].format(output))
