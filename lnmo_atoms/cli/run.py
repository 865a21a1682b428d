"""Commands that calculate, surface and study; and compare, which looks at what they did."""

import os
from pathlib import Path
from typing import Annotated

import typer

from lnmo_atoms.analyzers.facets import compare_facets
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.cli.disordered import run_disordered
from lnmo_atoms.cli.engines import Calculator, Refine, known_engine
from lnmo_atoms.cli.options import DEFAULT_STUDY, DryRun, Json, StructureFile, StudyFolder, Workers
from lnmo_atoms.cli.outputs import load_results, write_comparison
from lnmo_atoms.cli.parts import run_parts, show, told
from lnmo_atoms.cli.recipe import read_recipe, recipe_of_options
from lnmo_atoms.cli.screen import note
from lnmo_atoms.cli.structures import load
from lnmo_atoms.store import Study


def surface(
    structure: StructureFile = None,
    facets: Annotated[
        str, typer.Option(help="Miller indices, separated by commas.")
    ] = "111,100,110",
    calculator: Calculator = "chgnet",
    study: StudyFolder = DEFAULT_STUDY,
    thickness: Annotated[float, typer.Option(help="Å between outermost atoms, at least.")] = 12.0,
    vacuum: Annotated[float, typer.Option(help="Å.")] = 15.0,
    fmax: Annotated[float, typer.Option(help="eV/Å at which a slab counts as relaxed.")] = 0.05,
    all_terminations: Annotated[
        bool, typer.Option("--all-terminations", help="Relax all, not the best two of each facet.")
    ] = False,
    reconstruct: Annotated[
        list[str],
        typer.Option(
            "--reconstruct",
            metavar="KIND",
            help="Calculated beside the slabs as cut: exchanged, rock-salt, nickel-rich, "
            "nickel-poor, half-lithium. Repeatable.",
        ),
    ] = ["exchanged"],  # noqa: B006 - typer copies it
    samples: Annotated[
        int,
        typer.Option(min=2, help="Bulk cells and slabs drawn where sites are partially occupied."),
    ] = 4,
    refine: Refine = None,
    workers: Workers = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Surface energies: relax the bulk, cut every termination, relax the best of each facet.

    Of a structure with partially occupied sites, random samples are calculated: γ is their mean
    and comes with its standard error.

    Example: lnmo surface lnmo.cif --facets 111,100 --study my-study
    """
    recipe = recipe_of_options(
        structure=None if structure is None else str(structure),
        calculator=calculator,
        study=str(study),
        refine=refine,
        workers=workers,
        surface={
            "facets": facets.split(","),
            "thickness": thickness,
            "vacuum": vacuum,
            "fmax": fmax,
            "relax_best": "all" if all_terminations else 2,
            "reconstructions": reconstruct,
        },
    )
    bulk = load(structure)
    if bulk.is_ordered:
        return run_parts(recipe, bulk, ("surface",), dry_run, json)
    if refine is not None:
        raise RequestError("--refine needs whole atoms: draw a cell with lnmo build disordered")
    return run_disordered(recipe, bulk, samples, dry_run, json)


def study(
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="[RECIPE.toml]", help="Without it: ordered LNMO, CHGNet."),
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", help="Folder that keeps every result.")
    ] = None,
    calculator: Annotated[
        str | None,
        typer.Option(
            "--calculator",
            help="Instead of the recipe's: chgnet, gpaw, module:factory.",
            callback=known_engine,
        ),
    ] = None,
    refine: Refine = None,
    workers: Workers = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """The main job: surface energies, migration barriers and their comparison.

    Start it again after an interruption: finished calculations are not repeated, unfinished
    relaxations go on from their last geometry.

    Example: lnmo study workflows/local.toml --study my-study
    """
    asked = {
        "study": None if study is None else str(study),
        "calculator": calculator,
        "refine": refine,
        "workers": workers,
    }
    changes = {name: value for name, value in asked.items() if value is not None}
    given = recipe_of_options(**changes) if recipe is None else read_recipe(recipe, **changes)
    for engine in filter(None, (given.calculator, given.refine)):
        if recipe is not None and ":" in engine:
            note(f"{recipe} runs code of your own: {engine}")
    path = None if given.structure is None else Path(given.structure)
    bulk = load(path, facets="surface" in given.parts)
    return run_parts(given, bulk, given.parts, dry_run, json)


def compare(
    study: Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")] = DEFAULT_STUDY,
    json: Json = False,
) -> int:
    """Compare the facets of a finished study: tables, CSV, JSON and figures in its folder.

    Of a study that may not be written to, the tables are shown alone.

    Example: lnmo compare my-study
    """
    surfaces, hops = load_results(study)
    trust = Study.trust_of(study, "surface energies", "barriers")
    if os.access(study, os.W_OK):
        show(write_comparison(study, surfaces, hops, trust), study, json)
    else:
        show(compare_facets(surfaces, hops, trust=trust), None, json)
    return told(Study(study).failures())
