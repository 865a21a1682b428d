"""What a study's folder and the screen show of formation energies."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from lnmo_atoms.analyzers.chemical_potentials import ChemicalPotentials
from lnmo_atoms.analyzers.formation import FormationRow, formation_notes
from lnmo_atoms.analyzers.rows import csv_text
from lnmo_atoms.builders.files import file_name, write_json, write_text_atomically
from lnmo_atoms.cli.defects import IN_FILE_NAMES
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.screen import note, table
from lnmo_atoms.formats import write
from lnmo_atoms.results import DefectResult, PhaseResult

FORMAT = "lnmo_atoms formation"
SCHEMA = 1


def write_formation(
    folder: Path, rows: Sequence[FormationRow], potentials: ChemicalPotentials, trust: str
) -> dict[str, Any]:
    """Write ``formation.csv`` and ``formation.json`` into the study's folder.

    Args:
        folder: of the study; it exists.
        rows: at least one.
        potentials: of the same temperature and pressure.
        trust: how far the engine can be trusted, in words.

    Returns:
        the JSON file's object.
    """
    lines = [row.as_row() for row in rows]
    document = {
        "format": FORMAT,
        "schema": SCHEMA,
        "temperature_K": potentials.temperature,
        "pressure_O2_bar": potentials.pressure,
        "chemical_potentials_eV": dict(potentials.values),
        "manganese_reduction_error_eV_per_O": potentials.reduction_error,
        "defects": lines,
        "notes": formation_notes(rows, potentials),
        "trust": trust,
    }
    write_text_atomically(folder / "formation.csv", csv_text(lines))
    write_json(folder / "formation.json", document)
    return document


def write_structures(
    folder: Path, results: Sequence[DefectResult], phases: Sequence[PhaseResult]
) -> None:
    """Write the relaxed bulk, defects and reference phases, each under its name."""
    structures = make_folder(folder / "structures")
    write(results[0].bulk, structures / "bulk.cif")
    for result in results:
        name = file_name(result.defect.name.translate(IN_FILE_NAMES))
        write(result.relaxed, structures / f"{name}-relaxed.vasp")
    for phase in phases:
        write(phase.relaxed, structures / f"{phase.formula}.cif")


def show_formation(
    rows: Sequence[FormationRow], potentials: ChemicalPotentials, folder: Path, trust: str
) -> None:
    """Table of defects, one line for each calculation, and what the numbers rest on."""
    groups = [
        list(group) for _, group in groupby(rows, key=lambda row: (row.kind, row.formation_energy))
    ]
    table(
        f"Defects by {rows[0].engine}; oxygen at {potentials.temperature:g} K, "
        f"{potentials.pressure:g} bar",
        ("defect", "×\nper cell", "exchanged", "E − E bulk\neV", "formation\neV"),
        [_cells(group) for group in groups],
    )
    for first, *_ in groups:
        if first.flags:
            note(f"{first.name}: {'; '.join(first.flags)}")
    for text in (*formation_notes(rows, potentials), trust):
        note(text)
    note(f"tables and structures in {folder}")


def _cells(group: Sequence[FormationRow]) -> tuple[object, ...]:
    """Defects of one calculation differ in their charge order alone."""
    first = group[0]
    return (
        first.name,
        sum(row.multiplicity for row in group),
        first.exchange or None,
        first.energy_difference,
        first.formation_energy,
    )
