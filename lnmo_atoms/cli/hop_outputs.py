"""What a study's folder and the screen show of hops."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from lnmo_atoms import plots
from lnmo_atoms.analyzers.hop_rows import HopRow, hop_notes, hop_row
from lnmo_atoms.analyzers.rings import RingGroup, ring_groups, ring_ions
from lnmo_atoms.analyzers.rows import csv_text
from lnmo_atoms.builders.files import write_json, write_text_atomically
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.screen import note, table
from lnmo_atoms.formats import write
from lnmo_atoms.results import HopResult

FORMAT = "lnmo_atoms migration"
SCHEMA = 1
LONGEST_TABLE = 20
"""More hops than these are shown by the composition of their rings."""
OCTAHEDRON_WORDS = MappingProxyType({"intermediate": "minimum"})
"""What is said shorter on the screen."""


def write_hops(folder: Path, results: Sequence[HopResult], trust: str) -> list[HopRow]:
    """Write ``migration.csv``, ``migration.json``, figures and the images of every path.

    Args:
        folder: of the study; it exists.
        results: at least one.
        trust: how far the engine can be trusted, in words.

    Returns:
        the table's rows, for :func:`show_hops`.
    """
    rows = [hop_row(result) for result in results]
    lines = [row.as_row() for row in rows]
    write_text_atomically(folder / "migration.csv", csv_text(lines))
    document = {
        "format": FORMAT,
        "schema": SCHEMA,
        "hops": lines,
        "notes": hop_notes(rows),
        "trust": trust,
    }
    write_json(folder / "migration.json", document)
    _draw_hops(folder, results)
    return rows


def _draw_hops(folder: Path, results: Sequence[HopResult]) -> None:
    """Draw the profiles and the barriers by ring; write the images of every path as POSCARs."""
    figures = make_folder(folder / "figures")
    plots.save(plots.plot_hops(results), figures / "hops.png")
    plots.save(plots.plot_rings(results), figures / "rings.png")
    structures = make_folder(folder / "structures")
    for number, result in enumerate(results, start=1):
        hop = result.hop
        place = make_folder(structures / f"hop-{number}-{hop.name}-{hop.start}-{hop.end}")
        for i, image in enumerate(result.images):
            write(image, place / f"{i:02d}.vasp")


def show_hops(rows: Sequence[HopRow]) -> None:
    """Table of hops, of their rings where there are many, and what is to be known of each."""
    engines = ", ".join(dict.fromkeys(row.engine for row in rows))
    modes = ", ".join(dict.fromkeys(row.mode for row in rows))
    title = f"Hops by {engines}: {modes}"
    if len(rows) > LONGEST_TABLE:
        _show_rings(title, rows)
        return
    names = _ion_names(rows)
    refined = any(row.barrier_refined is not None for row in rows)
    table(
        title,
        ("hop ×\nper cell", "ring", "barrier\neV", "back\neV",
         *(["refined\neV", "back\neV"] if refined else []),
         "octa-\nhedron", "proved\neV/Å²", "calls", "conv."),
        [_cells(row, names, refined) for row in rows],
    )  # fmt: skip
    for row in rows:
        passed = row.segments if len(row.segments) > 1 else ()
        if words := "; ".join((*passed, *row.flags)):
            note(f"{row.label}: {words}")


def _cells(row: HopRow, names: Mapping[str, str], refined: bool) -> tuple[object, ...]:
    return (
        f"{row.label} ×{row.multiplicity}",
        _ring(row.ring_ions, names),
        row.barrier,
        row.barrier_reverse,
        *((row.barrier_refined, row.barrier_reverse_refined) if refined else ()),
        _octahedron(row),
        _proof(row),
        row.path_calls + row.proof_calls,
        row.converged,
    )


def _ion_names(rows: Sequence[HopRow]) -> dict[str, str]:
    """What each ion in a ring is called: its element where that has one charge."""
    ions = ring_ions(rows)
    elements = {ion: ion.rstrip("+-.0123456789") for ion in ions}
    charges = Counter(elements.values())
    return {ion: element if charges[element] == 1 else ion for ion, element in elements.items()}


def _ring(ions: Sequence[str], names: Mapping[str, str]) -> str:
    """Such as ``"1Ni 5Mn"``."""
    return " ".join(f"{ions.count(ion)}{name}" for ion, name in names.items() if ion in ions)


def _octahedron(row: HopRow) -> str:
    """What it is on the path, with its energy where that is not the barrier."""
    if row.octahedron == "saddle" or row.octahedron_energy is None:
        return row.octahedron
    return f"{row.octahedron_energy:.3f}\n{OCTAHEDRON_WORDS.get(row.octahedron, row.octahedron)}"


def _proof(row: HopRow) -> str:
    """Lowest curvature of a proved saddle; both where they are no saddle's."""
    if row.curvatures is None:
        return "no"
    lowest, second = (f"{value:.1f}".replace("-", "−") for value in row.curvatures)
    return f"yes {lowest}" if row.proved else f"no {lowest}\n{second}"


def _show_rings(title: str, rows: Sequence[HopRow]) -> None:
    """One line for each composition of the ring."""
    names = _ion_names(rows)
    table(
        title,
        ("ring", "hops", "lowest\neV", "median\neV", "highest\neV", "proved", "calls",
         "converged"),
        [_ring_cells(group, names) for group in ring_groups(rows)],
    )  # fmt: skip
    note(
        f"{len(rows)} hops, a line for each composition of the ring; barriers are means of both "
        "ways; every hop stands in the CSV table"
    )
    doubtful = [row for row in rows if row.flags]
    if doubtful:
        first = "; ".join(doubtful[0].flags)
        note(f"{len(doubtful)} of {len(rows)} hops have flags, such as: {first}")


def _ring_cells(group: RingGroup, names: Mapping[str, str]) -> tuple[object, ...]:
    known = len(group.barriers) > 0
    return (
        _ring(group.hops[0].ring_ions, names),
        len(group.hops),
        float(group.barriers.min()) if known else None,
        group.median if known else None,
        float(group.barriers.max()) if known else None,
        f"{sum(row.proved for row in group.hops)} of {len(group.hops)}",
        sum(row.path_calls + row.proof_calls for row in group.hops),
        f"{sum(row.converged for row in group.hops)} of {len(group.hops)}",
    )
