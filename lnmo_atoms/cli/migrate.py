"""Command migrate: the barrier of every hop."""

from pathlib import Path
from typing import Annotated

import typer

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.paths import LEAST_SEPARATION, defect_cell, parse_mode
from lnmo_atoms.cli.engines import Calculator, Refine
from lnmo_atoms.cli.images import write_images
from lnmo_atoms.cli.options import DEFAULT_STUDY, DryRun, Json, StructureFile, StudyFolder, Workers
from lnmo_atoms.cli.parts import run_parts
from lnmo_atoms.cli.recipe import Recipe, recipe_of_options
from lnmo_atoms.cli.screen import counted, note, print_json
from lnmo_atoms.cli.structures import load


def migrate(
    structure: StructureFile = None,
    calculator: Calculator = "chgnet",
    study: StudyFolder = DEFAULT_STUDY,
    mode: Annotated[
        str,
        typer.Option(
            help="vacancy (one in the full host), empty-host (one ion in it), or the filled "
            "fraction of the sites, such as 0.5."
        ),
    ] = "vacancy",
    per_ring: Annotated[
        int | None,
        typer.Option(help="Hops drawn of each order of cations in the ring; default: all hops."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of that draw, and of a random content.")] = 0,
    mobile: Annotated[str, typer.Option(help="Element that hops.")] = "Li",
    longest: Annotated[
        float | None, typer.Option(help="Å, the longest hop calculated; default: all.")
    ] = None,
    separation: Annotated[
        float, typer.Option(help="Å between periodic images of a defect, at least.")
    ] = LEAST_SEPARATION,
    images: Annotated[int, typer.Option(help="Of each path, ends included; odd.")] = 5,
    fmax: Annotated[float, typer.Option(help="eV/Å at the saddle.")] = 0.05,
    attempt_frequencies: Annotated[
        bool,
        typer.Option(
            "--attempt-frequencies", help="From Hessians at end points and saddles: minutes a hop."
        ),
    ] = False,
    images_only: Annotated[
        bool,
        typer.Option("--images-only", help="Write unrelaxed images for VASP; calculate nothing."),
    ] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of --images-only.")] = Path(
        "images"
    ),
    refine: Refine = None,
    workers: Workers = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Migration barriers: the saddle of every symmetry-distinct hop, found and proved.

    End points are relaxed once each, in a cell that keeps the images of a defect apart.
    --images-only writes 00/POSCAR, 01/POSCAR, … of each hop instead, to run with VASP.

    Example: lnmo migrate lnmo.cif --study my-study
    """
    recipe = recipe_of_options(
        structure=None if structure is None else str(structure),
        calculator=calculator,
        study=str(study),
        refine=refine,
        workers=workers,
        migration={
            "mode": mode,
            "per_ring": per_ring,
            "seed": seed,
            "mobile": mobile,
            "longest": longest,
            "separation": separation,
            "images": images,
            "fmax": fmax,
            "attempt_frequencies": attempt_frequencies,
        },
    )
    bulk = load(structure, facets=False)
    if not bulk.is_ordered:
        raise RequestError(
            "sites are partially occupied, and a hop needs its neighbours: draw a cell with "
            "lnmo build disordered, or whole atoms of your own"
        )
    if images_only and dry_run:
        raise RequestError("--images-only calculates nothing: leave out --dry-run")
    if images_only:
        return _images(recipe, structure, output, json)
    return run_parts(recipe, bulk, ("migration",), dry_run, json)


def _images(recipe: Recipe, structure: Path | None, folder: Path, json: bool) -> int:
    """Write the images of every hop."""
    section, bulk = recipe.migration, load(structure, facets=False)
    hops, cell = section.hops(bulk), defect_cell(bulk, section.separation)
    write_images(cell, hops, parse_mode(section.mode, section.seed), section.images, folder)
    if json:
        print_json({"folder": str(folder), "hops": len(hops), "atoms": len(cell.structure)})
    else:
        note(
            f"{counted(len(hops), 'hop')} in {folder}: a folder each with {section.images} "
            "images, 00/POSCAR and on, and hop.json, which says what moves in them"
        )
    return 0
