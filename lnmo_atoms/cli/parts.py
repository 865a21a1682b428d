"""Runs the parts of a study, surfaces and migration, and shows what came of them."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.analyzers.facets import FacetComparison
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.executor import open_executor
from lnmo_atoms.cli.outputs import (
    held_hops,
    held_surfaces,
    show_comparison,
    write_comparison,
)
from lnmo_atoms.cli.plan import BEST_UNKNOWN, SYMMETRY_UNKNOWN, show_plan
from lnmo_atoms.cli.progress import ProgressBars
from lnmo_atoms.cli.recipe import Recipe
from lnmo_atoms.cli.screen import complain, note, print_json
from lnmo_atoms.migration import attempt_frequencies, migration_barriers, plan_migration
from lnmo_atoms.reference import check_bulk
from lnmo_atoms.refinement import refine_hops, refine_surfaces
from lnmo_atoms.results import Failure, HopResult, SurfaceResult
from lnmo_atoms.store import Study
from lnmo_atoms.surfaces import plan_surfaces, surface_energies
from lnmo_atoms.tasks import Task


def run_parts(
    recipe: Recipe, bulk: Structure, parts: Sequence[str], dry_run: bool, json: bool
) -> int:
    """Run the parts of a study; 0, or 1 if a calculation failed."""
    spec = CalculatorSpec.parse(recipe.calculator, **recipe.calculator_options)
    check_bulk(bulk, spec)
    second = _second_engine(recipe, bulk)
    found = recipe.migration.hops(bulk) if "migration" in parts else []
    folder = Path(recipe.study)
    if dry_run:
        plan, remark = _plan(recipe, parts, bulk, found, spec), _remark(recipe, parts, second)
        show_plan(plan, remark, folder, json)
        return 0
    ranks = max(engine.ranks for engine in (spec, second) if engine is not None)
    surfaces, hops = [], []
    with (
        Study(folder) as open_study,
        open_executor(recipe, ranks) as pool,
        ProgressBars(hidden=json) as progress,
    ):
        run = _Run(recipe, spec, second, open_study, pool, progress)
        if "surface" in parts:
            surfaces = run.surfaces(bulk)
        if "migration" in parts:
            hops = run.hops(bulk, found)
        failures = open_study.failed
    if surfaces or hops:
        trust = Study.trust_of(folder, "surface energies", "barriers")
        surfaces, hops = surfaces or held_surfaces(folder), hops or held_hops(folder)
        comparison = write_comparison(folder, surfaces, hops, trust)
        show(comparison, folder, json)
    return told(failures)


def told(failures: Sequence[Failure]) -> int:
    """The exit code, after a line for each calculation that failed."""
    for failure in failures:
        complain(f"{failure.name} failed: {failure.cause}")
    return 1 if failures else 0


def _second_engine(recipe: Recipe, bulk: Structure) -> CalculatorSpec | None:
    if recipe.refine is None:
        return None
    second = CalculatorSpec.parse(recipe.refine, **recipe.refine_options)
    check_bulk(bulk, second)
    return second


def _remark(recipe: Recipe, parts: Sequence[str], second: CalculatorSpec | None) -> str:
    """What a plan cannot know."""
    remarks = [BEST_UNKNOWN if "surface" in parts else SYMMETRY_UNKNOWN]
    if recipe.migration.attempt_frequencies:
        remarks.append("Hessians, up to 6 evaluations for each atom, are not listed")
    if second is not None:
        remarks.append(f"single points by {second.engine()} on what is relaxed are not listed")
    return "; ".join(remarks)


@dataclass(frozen=True)
class _Run:
    """The workflows of a recipe, with what they share."""

    recipe: Recipe
    spec: CalculatorSpec
    second: CalculatorSpec | None
    study: Study
    executor: Executor
    progress: ProgressBars

    def surfaces(self, bulk: Structure) -> list[SurfaceResult]:
        """Surface energies, refined if asked."""
        section, place = self.recipe.surface, (self.study, self.executor)
        facets, options = section.miller_indices(), section.options()
        found = surface_energies(bulk, facets, self.spec, *place, **options, progress=self.progress)
        if self.second is None:
            return found
        return refine_surfaces(found, self.second, *place, progress=self.progress)

    def hops(self, bulk: Structure, hops: Sequence[Hop]) -> list[HopResult]:
        """Barriers, with attempt frequencies and refined if asked."""
        section, place = self.recipe.migration, (self.study, self.executor)
        found = migration_barriers(
            bulk, hops, self.spec, *place, **section.options(), progress=self.progress
        )
        if section.attempt_frequencies:
            found = attempt_frequencies(found, self.spec, *place, progress=self.progress)
        if self.second is None:
            return found
        return refine_hops(found, self.second, *place, progress=self.progress)


def show(comparison: FacetComparison, folder: Path | None, json: bool) -> None:
    """Tables for people or JSON for programs, and the folder that they were written to, if any."""
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
    if folder is not None:
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
    study = Study(recipe.study)
    if "surface" in parts:
        section = recipe.surface
        tasks += plan_surfaces(bulk, section.miller_indices(), spec, study, **section.options())
    if "migration" in parts:
        tasks += plan_migration(bulk, spec, found, study, **recipe.migration.options())
    return tasks
