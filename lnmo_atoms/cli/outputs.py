"""What a study's folder shows: tables, figures and structures, made from its results."""

from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from lnmo_atoms import plots
from lnmo_atoms.analyzers.facets import FacetComparison, compare_facets
from lnmo_atoms.analyzers.rows import FacetRow
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import Slab
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.hop_outputs import show_hops, write_hops
from lnmo_atoms.cli.screen import err, note, table
from lnmo_atoms.formats import write
from lnmo_atoms.records import HOPS_FILE, SURFACES_FILE, load_hops, load_surfaces
from lnmo_atoms.results import HopResult, SurfaceResult
from lnmo_atoms.store.files import PROVENANCE
from lnmo_atoms.store.provenance import COLLECTION, read_runs

IONS = ("Mn", "Ni", "Li")


def load_results(study: Path) -> tuple[list[SurfaceResult], list[HopResult]]:
    """The results that a study's folder holds.

    Raises:
        RequestError: where the folder holds none.
    """
    if not study.is_dir():
        raise RequestError(
            f"there is no study in {study}: lnmo study, surface, migrate and collect make one"
        )
    surfaces, hops = held_surfaces(study), held_hops(study)
    if not surfaces and not hops:
        raise RequestError(f"{study} holds no finished workflow: {_what_finishes(study)}")
    return surfaces, hops


def held_surfaces(study: Path) -> list[SurfaceResult]:
    """What the last surfaces of a study gave; none where there were none."""
    return load_surfaces(study / SURFACES_FILE) if (study / SURFACES_FILE).exists() else []


def held_hops(study: Path) -> list[HopResult]:
    """What the last migration of a study gave; none where there was none."""
    return load_hops(study / HOPS_FILE) if (study / HOPS_FILE).exists() else []


def _what_finishes(study: Path) -> str:
    """The command that goes on with a study, by how it came about."""
    recipes = [run["recipe"] or {} for run in read_runs(study / PROVENANCE)]
    if recipes and recipes[-1].get("workflow") == COLLECTION:
        return f"lnmo collect {recipes[-1]['folder']} --study {study} says what is left to run"
    return "run lnmo study, surface or migrate to its end"


def write_comparison(
    study: Path, surfaces: Sequence[SurfaceResult], hops: Sequence[HopResult], trust: str
) -> FacetComparison:
    """Compare, and write tables, figures and relaxed structures into the study's folder."""
    comparison = compare_facets(surfaces, hops, trust=trust)
    comparison.write_csv(study / "comparison.csv")
    comparison.write_json(study / "comparison.json")
    figures = make_folder(study / "figures")
    if surfaces:
        plots.save(plots.plot_gammas(surfaces), figures / "surface-energies.png")
        plots.save(plots.plot_comparison(surfaces, hops), figures / "comparison.png")
        relaxed = [result.slab for result in surfaces if result.gamma is not None]
        draw_slabs(relaxed, make_folder(figures / "slabs"))
    if comparison.wulff:
        plots.save(plots.plot_wulff(comparison.wulff), figures / "wulff.png")
    if hops:
        write_hops(study, hops, trust)
    if surfaces:
        _write_structures(study, surfaces)
    return comparison


def draw_slabs(slabs: Sequence[Slab], folder: Path) -> None:
    """A picture of each slab seen from the side."""
    for slab in track(slabs, "drawing slabs", console=err, transient=True):
        plots.save(plots.plot_slab(slab), folder / f"{slab.name}.png")


def _write_structures(study: Path, surfaces: Sequence[SurfaceResult]) -> None:
    folder = make_folder(study / "structures")
    write(surfaces[0].bulk, folder / "bulk.cif")
    for result in surfaces:
        if result.relaxed is not None:
            write(result.slab.structure, folder / f"slab-{result.slab.name}-built.vasp")
            write(result.relaxed, folder / f"slab-{result.slab.name}-relaxed.vasp")


def show_surfaces(comparison: FacetComparison) -> None:
    """Tables of facets, of what they expose, and of all relaxed terminations."""
    table(
        f"Facets by {comparison.engine}",
        (
            "slab",
            "γ as cut\nJ/m²",
            "γ relaxed\nJ/m²",
            "Wulff\nshare %",
            "thick\nÅ",
            "atoms",
            "relaxed",
        ),
        [
            (
                row.best.termination,
                row.best.gamma_unrelaxed,
                row.best.gamma,
                None if row.wulff_share is None else 100 * row.wulff_share,
                row.best.thickness,
                row.best.atoms,
                f"{row.terminations_relaxed} of {row.terminations_computed}",
            )
            for row in comparison.facets
        ],
    )
    _show_exposed(comparison.facets)
    relaxed = [row for row in comparison.terminations if row.gamma is not None]
    if not relaxed:
        return
    refined = any(row.gamma_refined is not None for row in relaxed)
    table(
        "Relaxed terminations",
        (
            "slab",
            "γ as cut\nJ/m²",
            "γ relaxed\nJ/m²",
            *(["γ refined\nJ/m²"] if refined else []),
            "atoms",
            "converged",
        ),
        [
            (
                row.termination,
                row.gamma_unrelaxed,
                row.gamma,
                *([row.gamma_refined] if refined else []),
                row.atoms,
                row.converged,
            )
            for row in relaxed
        ],
    )
    for row in relaxed:
        if words := "; ".join(filter(None, (row.changed, *row.flags))):
            note(f"{row.termination}: {words}")


def _show_exposed(rows: Sequence[FacetRow]) -> None:
    """Table of the ions that each facet exposes; nothing for metals."""
    ions = [ion for ion in IONS if any(row.best.top.density.get(ion) for row in rows)]
    if not ions:
        return
    table(
        "Exposed on one face (fewer oxygen neighbours than in the bulk, slab as cut)",
        (
            "slab",
            *(head for ion in ions for head in (f"{ion}\n/nm²", f"O lost\nper {ion}")),
        ),
        [
            (
                row.best.termination,
                *(
                    value
                    for ion in ions
                    for value in (row.best.top.density.get(ion), row.best.top.missing.get(ion))
                ),
            )
            for row in rows
        ],
    )


def show_comparison(comparison: FacetComparison) -> None:
    """All tables, then what the numbers rest on."""
    if comparison.facets:
        show_surfaces(comparison)
    if comparison.hops:
        show_hops(comparison.hops)
    for line in (*comparison.notes, comparison.trust):
        if line:
            note(line)
