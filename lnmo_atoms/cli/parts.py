"""Runs the parts of a study, surfaces and migration, and shows what came of them."""

from collections.abc import Sequence
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.analyzers.facets import FacetComparison
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.executor import open_executor
from lnmo_atoms.cli.outputs import load_results, show_comparison, write_comparison
from lnmo_atoms.cli.plan import BEST_UNKNOWN, SYMMETRY_UNKNOWN, show_plan
from lnmo_atoms.cli.recipe import Recipe
from lnmo_atoms.cli.screen import ProgressBars, complain, note, print_json
from lnmo_atoms.migration import attempt_frequencies, migration_barriers, plan_migration
from lnmo_atoms.reference import check_bulk
from lnmo_atoms.store import Study
from lnmo_atoms.surfaces import plan_surfaces, surface_energies
from lnmo_atoms.tasks import Task


def run_parts(
    recipe: Recipe, bulk: Structure, parts: Sequence[str], dry_run: bool, json: bool
) -> int:
    """Run the parts of a study; 0, or 1 if a calculation failed."""
    spec = CalculatorSpec.parse(recipe.calculator, **recipe.calculator_options)
    check_bulk(bulk, spec)
    found = recipe.migration.hops(bulk) if "migration" in parts else []
    if dry_run:
        remark = BEST_UNKNOWN if "surface" in parts else SYMMETRY_UNKNOWN
        if recipe.migration.attempt_frequencies:
            remark += "; Hessians, up to 6 evaluations for each atom, are not listed"
        show_plan(_plan(recipe, parts, bulk, found, spec), remark, json)
        return 0
    folder = Path(recipe.study)
    surfaces, hops = [], []
    with (
        Study(folder) as open_study,
        open_executor(recipe) as pool,
        ProgressBars(hidden=json) as progress,
    ):
        if "surface" in parts:
            surfaces = surface_energies(
                bulk,
                recipe.surface.miller_indices(),
                spec,
                open_study,
                pool,
                **recipe.surface.options(),
                progress=progress,
            )
        if "migration" in parts:
            hops = migration_barriers(
                bulk,
                found,
                spec,
                open_study,
                pool,
                **recipe.migration.options(),
                progress=progress,
            )
            if recipe.migration.attempt_frequencies:
                hops = attempt_frequencies(hops, spec, open_study, pool, progress=progress)
        failures = open_study.failures()
    if surfaces or hops:
        comparison = write_comparison(folder, *load_results(folder), spec.trust())
        show(comparison, folder, json)
    for failure in failures:
        complain(f"{failure.name} failed: {failure.cause}")
    return 1 if failures else 0


def show(comparison: FacetComparison, folder: Path, json: bool) -> None:
    """Tables for people or JSON for programs."""
    if json:
        print_json(
            {
                "facets": comparison.rows(),
                "hops": comparison.hop_rows(),
                "terminations": comparison.termination_rows(),
            }
        )
        return
    show_comparison(comparison)
    note(f"tables and figures in {folder}")


def _plan(
    recipe: Recipe,
    parts: Sequence[str],
    bulk: Structure,
    found: Sequence[Hop],
    spec: CalculatorSpec,
) -> list[Task]:
    """The calculations of the parts of a study."""
    tasks: list[Task] = []
    if "surface" in parts:
        section = recipe.surface
        tasks += plan_surfaces(bulk, section.miller_indices(), spec, **section.options())
    if "migration" in parts:
        tasks += plan_migration(bulk, spec, found, **recipe.migration.options())
    return tasks
