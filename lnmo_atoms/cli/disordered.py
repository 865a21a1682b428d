"""``lnmo surface`` of a crystal with partially occupied sites."""

from collections.abc import Sequence
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.executor import open_executor
from lnmo_atoms.cli.plan import BEST_UNKNOWN, show_plan
from lnmo_atoms.cli.progress import ProgressBars
from lnmo_atoms.cli.recipe import Recipe
from lnmo_atoms.cli.screen import complain, note, print_json, table
from lnmo_atoms.disordered_surfaces import disordered_surface_energies, plan_disordered_surfaces
from lnmo_atoms.records import DISORDERED_SURFACES_FILE
from lnmo_atoms.results import DisorderedSurfaceResult
from lnmo_atoms.store import Study


def run_disordered(recipe: Recipe, bulk: Structure, samples: int, dry_run: bool, json: bool) -> int:
    """Calculate or list the samples of every termination; 0, or 1 if a calculation failed."""
    spec = CalculatorSpec.parse(recipe.calculator, **recipe.calculator_options)
    facets = recipe.surface.miller_indices()
    options = {"samples": samples, **recipe.surface.options()}
    del options["reconstructions"]
    folder = Path(recipe.study)
    if dry_run:
        plan = plan_disordered_surfaces(bulk, facets, spec, **options)
        show_plan(plan, BEST_UNKNOWN, folder, json)
        return 0
    with (
        Study(folder) as study,
        open_executor(recipe, spec.ranks) as pool,
        ProgressBars(hidden=json) as progress,
    ):
        results = disordered_surface_energies(
            bulk, facets, spec, study, pool, **options, progress=progress
        )
        failures = study.failed
    if json:
        print_json([_row(result) for result in results])
    else:
        _show(results, spec.trust("surface energies"))
        note(f"every sample in {folder / DISORDERED_SURFACES_FILE}")
    for failure in failures:
        complain(f"{failure.name} failed: {failure.cause}")
    return 1 if failures else 0


def _show(results: Sequence[DisorderedSurfaceResult], trust: str) -> None:
    """Table of the terminations, and what their numbers rest on."""
    columns = ("slab", "γ as cut\nJ/m²", "γ relaxed\nJ/m²", "samples", "atoms")
    rows = [
        (
            result.name,
            _with_error(result.gamma_unrelaxed, result.standard_error_unrelaxed),
            _with_error(result.gamma, result.standard_error),
            result.averaged,
            result.samples[0].slab.certificate.atoms,
        )
        for result in results
    ]
    table("Means over random samples ± standard error", columns, rows)
    for result in results:
        if result.flags:
            note(f"{result.name}: {'; '.join(result.flags)}")
    note(trust)


def _with_error(value: float | None, error: float | None) -> str | None:
    return None if value is None else f"{value:.3f} ± {error:.3f}"


def _row(result: DisorderedSurfaceResult) -> dict[str, object]:
    """A termination for JSON."""
    certificate = result.samples[0].slab.certificate
    return {
        "facet": list(result.facet),
        "termination": result.name,
        "gamma_J_per_m2": result.gamma,
        "standard_error_J_per_m2": result.standard_error,
        "gamma_unrelaxed_J_per_m2": result.gamma_unrelaxed,
        "standard_error_unrelaxed_J_per_m2": result.standard_error_unrelaxed,
        "samples": result.averaged,
        "samples_J_per_m2": [sample.gamma for sample in result.samples],
        "atoms": certificate.atoms,
        "thickness_A": certificate.thickness,
        "flags": list(result.flags),
    }
