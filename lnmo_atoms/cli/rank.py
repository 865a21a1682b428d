"""Command rank: orderings of nickel and manganese by energy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pymatgen.core import Structure

from lnmo_atoms import plots
from lnmo_atoms.analyzers.ranking import OrderingRanking, rank_orderings
from lnmo_atoms.analyzers.rows import csv_text
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json, write_text_atomically
from lnmo_atoms.builders.orderings import enumerate_orderings, sample_orderings
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.engines import Calculator
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.options import DEFAULT_STUDY, DryRun, Json, StudyFolder, Workers
from lnmo_atoms.cli.plan import show_plan
from lnmo_atoms.cli.progress import ProgressBars
from lnmo_atoms.cli.screen import complain, note, print_json, table
from lnmo_atoms.executors import make_executor
from lnmo_atoms.formats import write
from lnmo_atoms.ordering_energies import ordering_energies, plan_orderings
from lnmo_atoms.records import ORDERINGS_FILE, load_orderings
from lnmo_atoms.results import OrderingResult
from lnmo_atoms.store import Study

FORMAT = "lnmo_atoms ranking"
SCHEMA = 1
LONGEST_TABLE = 30
"""Of more orderings than these the lowest are shown."""
SAMPLED_CELL = (1, 1, 2)
REMARK = "each ordering is calculated in its smallest cell"


def rank(
    samples: Annotated[
        int,
        typer.Option(
            min=0, help="Orderings of a larger cell to add, drawn in proportion to degeneracy."
        ),
    ] = 0,
    cell: Annotated[
        tuple[int, int, int] | None,
        typer.Option(help="Repeats of the cubic cell that samples are of; default: 1 1 2."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of that draw.")] = 0,
    calculator: Calculator = "chgnet",
    study: StudyFolder = DEFAULT_STUDY,
    fmax: Annotated[
        float, typer.Option(help="eV/Å at which an ordering counts as relaxed.")
    ] = 0.05,
    workers: Workers = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Energies of nickel–manganese orderings: all 22 of the cubic cell, relaxed and ranked.

    Cell and atoms are relaxed, each ordering in its smallest cell. A study
    gathers the orderings of all its runs, ranks them together and calculates
    none twice.

    Example: lnmo rank --study my-study

    Example: lnmo rank --samples 24 --study my-study

    Example: lnmo rank --cell 2 2 1 --samples 12 --study my-study
    """
    spec = CalculatorSpec.parse(calculator)
    orderings = _orderings(samples, cell, seed)
    if dry_run:
        show_plan(plan_orderings(orderings, spec, fmax=fmax), REMARK, study, json)
        return 0
    with make_executor("processes", workers) as pool, ProgressBars(hidden=json) as progress:
        ordering_energies(orderings, spec, study, pool, fmax=fmax, progress=progress)
    results = load_orderings(study / ORDERINGS_FILE)
    failures = Study(study).failures()
    if results:
        ranking = rank_orderings(results, spec.trust("differences between orderings"))
        _write(study, results, ranking)
        _show(ranking, study, json)
    for failure in failures:
        complain(f"{failure.name} failed: {failure.cause}")
    return 1 if failures else 0


def _orderings(
    samples: int, cell: tuple[int, int, int] | None, seed: int
) -> list[tuple[Structure, int]]:
    """All of the cubic cell, and samples of a larger one."""
    if cell is not None and not samples:
        raise RequestError("--cell is the cell that samples are drawn of: say how many, --samples")
    found = list(enumerate_orderings())
    if samples:
        found += sample_orderings(samples, cell or SAMPLED_CELL, seed=seed)
    return found


def _document(ranking: OrderingRanking) -> dict[str, Any]:
    return {
        "engine": ranking.engine,
        "orderings": [row.as_row() for row in ranking.rows],
        "notes": list(ranking.notes),
        "trust": ranking.trust,
    }


def _write(study: Path, results: Sequence[OrderingResult], ranking: OrderingRanking) -> None:
    """Write ``ranking.csv``, ``ranking.json``, the figure and the relaxed structures."""
    write_text_atomically(study / "ranking.csv", csv_text([row.as_row() for row in ranking.rows]))
    document = {"format": FORMAT, "schema": SCHEMA} | _document(ranking)
    write_json(study / "ranking.json", document)
    plots.save(plots.plot_orderings(ranking), make_folder(study / "figures") / "orderings.png")
    structures = make_folder(study / "structures")
    for result in results:
        write(result.relaxed, structures / f"ordering-{result.number}.cif")


def _show(ranking: OrderingRanking, study: Path, json: bool) -> None:
    """A table for people or JSON for programs."""
    if json:
        print_json(_document(ranking))
        return
    shown = ranking.rows[:LONGEST_TABLE]
    table(
        f"Orderings by {ranking.engine}: meV per formula unit above the lowest",
        ("rank", "rank\nas built", "no.", "space group", "×", "atoms", "relaxed\nmeV",
         "as built\nmeV", "volume\nÅ³", "conv."),
        [
            (row.rank, row.rank_unrelaxed, row.number, row.space_group, row.degeneracy, row.atoms,
             row.energy, row.energy_unrelaxed, row.volume, row.converged)
            for row in shown
        ],
    )  # fmt: skip
    if len(shown) < len(ranking.rows):
        note(f"the lowest {len(shown)} of {len(ranking.rows)}; the CSV table holds all")
    flagged = [row for row in ranking.rows if row.flags]
    if flagged:
        first = f"rank {flagged[0].rank}, {flagged[0].space_group}: {'; '.join(flagged[0].flags)}"
        note(f"{len(flagged)} of {len(ranking.rows)} orderings have flags, such as {first}")
    for line in (*ranking.notes, ranking.trust):
        if line:
            note(line)
    note(f"table, figure and relaxed structures in {study}")
