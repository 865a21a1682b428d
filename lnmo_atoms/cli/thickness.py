"""Command that adds layers to slabs until their surface energy is certain: converge."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lnmo_atoms import plots
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.engines import Calculator
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.options import DEFAULT_STUDY, DryRun, Json, StructureFile, StudyFolder, Workers
from lnmo_atoms.cli.plan import show_plan
from lnmo_atoms.cli.progress import ProgressBars
from lnmo_atoms.cli.recipe import parse_facet
from lnmo_atoms.cli.screen import complain, note, print_json, table
from lnmo_atoms.cli.structures import load
from lnmo_atoms.executors import make_executor
from lnmo_atoms.results import ThicknessResult
from lnmo_atoms.store import Study
from lnmo_atoms.thickness import converge_thickness, plan_thickness


def converge(
    facet: Annotated[str, typer.Option(help="Miller indices.", show_default=False)],
    structure: StructureFile = None,
    termination: Annotated[
        str | None,
        typer.Option(help="As lnmo slabs names it; default: the lowest in energy as cut."),
    ] = None,
    calculator: Calculator = "chgnet",
    study: StudyFolder = DEFAULT_STUDY,
    tolerance: Annotated[float, typer.Option(help="J/m², 95 % error at which to stop.")] = 0.02,
    start: Annotated[float, typer.Option(help="Å, thinnest slab.")] = 8.0,
    thickest: Annotated[float, typer.Option(help="Å, thickest slab.")] = 40.0,
    vacuum: Annotated[float, typer.Option(help="Å.")] = 15.0,
    fmax: Annotated[float, typer.Option(help="eV/Å at which a slab counts as relaxed.")] = 0.05,
    unrelaxed: Annotated[
        bool, typer.Option("--unrelaxed", help="Take the slabs as cut; relax none.")
    ] = False,
    workers: Workers = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Surface energy of one termination with its error: add layers until that is small enough.

    Example: lnmo converge lnmo.cif --facet 111 --study my-study
    """
    spec, indices = CalculatorSpec.parse(calculator), parse_facet(facet)
    bulk = load(structure)
    options: dict[str, Any] = {
        "start": start,
        "tolerance": tolerance,
        "thickest": thickest,
        "vacuum": vacuum,
        "relax": not unrelaxed,
        "fmax": fmax,
    }
    if dry_run:
        show_plan(
            plan_thickness(bulk, indices, termination, spec, **options),
            "these three slabs come first, two thicker ones at a time follow as needed",
            study,
            json,
        )
        return 0
    with make_executor("processes", workers) as pool, ProgressBars(hidden=json) as progress:
        result = converge_thickness(
            bulk, indices, termination, spec, study, pool, **options, progress=progress
        )
    failures = Study(study).failures()
    figures = make_folder(study / "figures")
    plots.save(plots.plot_thickness(result), figures / f"thickness-{result.name}.png")
    _show(result, study, spec.trust("surface energies"), json)
    for failure in failures:
        complain(f"{failure.name} failed: {failure.cause}")
    return 0 if result.converged and not failures else 1


def _show(result: ThicknessResult, folder: Path, trust: str, json: bool) -> None:
    """A table for people or JSON for programs."""
    rows = _rows(result)
    if json:
        print_json(_summary(result) | {"slabs": rows})
        return
    fit = result.fit
    difference = round(1000 * result.bulk_difference, 1) + 0.0
    shift = round(result.bulk_shift, 4) + 0.0
    table(
        f"{result.name} by {result.slabs[0].engine}",
        ("thick\nÅ", "formula\nunits", "atoms", "γ by bulk\nJ/m²", "from fit\nmeV", "in fit"),
        [tuple(row.values()) for row in rows],
    )
    note(
        f"γ = {fit.gamma:.4f} ± {fit.error:.4f} J/m² (95 %; scatter {fit.standard_error:.4f}, "
        f"drift {fit.drift:.4f}), bulk {fit.bulk_energy:.4f} ± "
        f"{fit.bulk_energy_standard_error:.4f} eV per formula unit from the slabs, "
        f"{difference:+.1f} meV from the relaxed bulk, with which γ would "
        f"change by {shift:+.4f} J/m²"
    )
    if not result.converged:
        note(f"not converged to {result.tolerance:g} J/m²: allow thicker slabs with --thickest")
    for line in (*result.flags, *_slab_flags(result), trust):
        if line:
            note(line)
    note(f"table and figure in {folder}")


def _rows(result: ThicknessResult) -> list[dict[str, Any]]:
    """One slab each."""
    slabs = zip(result.slabs, result.gammas, result.fit.residuals, strict=True)
    return [
        {
            "thickness_A": surface.slab.certificate.thickness,
            "formula_units": surface.slab.certificate.formula_units,
            "atoms": len(surface.slab.structure),
            "gamma_by_bulk_J_per_m2": float(gamma),
            "residual_meV": 1000 * float(residual),
            "in_fit": i >= result.fit.dropped,
        }
        for i, (surface, gamma, residual) in enumerate(slabs)
    ]


def _summary(result: ThicknessResult) -> dict[str, Any]:
    fit = result.fit
    return {
        "slab": result.name,
        "gamma_J_per_m2": fit.gamma,
        "error_J_per_m2": fit.error,
        "standard_error_J_per_m2": fit.standard_error,
        "drift_J_per_m2": fit.drift,
        "tolerance_J_per_m2": result.tolerance,
        "converged": result.converged,
        "relaxed": result.relaxed,
        "bulk_energy_eV_per_formula_unit": fit.bulk_energy,
        "bulk_energy_standard_error_eV_per_formula_unit": fit.bulk_energy_standard_error,
        "bulk_difference_eV_per_formula_unit": result.bulk_difference,
        "bulk_shift_J_per_m2": result.bulk_shift,
        "flags": [*result.flags, *_slab_flags(result)],
    }


def _slab_flags(result: ThicknessResult) -> list[str]:
    return [
        f"slab of {surface.slab.certificate.thickness:.1f} Å: {flag}"
        for surface in result.slabs
        for flag in surface.flags
    ]
