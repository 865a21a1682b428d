"""Command orderings: the distinct arrangements of nickel and manganese on 16d."""

from collections.abc import Sequence
from math import comb
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from lnmo_atoms.analyzers.rows import Row, csv_text
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.builders.orderings import (
    build_ordering,
    count_orderings,
    nickel_atoms,
    nickel_pairs,
    ordering_occupations,
    ordering_space_groups,
    sample_occupations,
)
from lnmo_atoms.builders.spinel import valid_lattice_parameter
from lnmo_atoms.builders.subsets import Subsets, joined
from lnmo_atoms.builders.symmetry import SpaceGroup
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.options import Json
from lnmo_atoms.cli.screen import err, note, print_json, table
from lnmo_atoms.formats import write

MOST_ROWS = 100_000
"""Orderings, beyond which they are drawn instead of listed."""
MOST_FILES = 1000
"""Orderings, beyond which no structures are written."""
LONGEST_TABLE = 30
"""Orderings, beyond which the table has a line for each space group instead."""


def orderings(
    cell: Annotated[
        tuple[int, int, int], typer.Option(help="Repeats of the 56-atom cubic cell.")
    ] = (1, 1, 1),
    nickel: Annotated[float, typer.Option(help="x in LiNixMn2-xO4: 0 to 0.5.")] = 0.5,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Draw so many distinct ones, in proportion to their degeneracies, instead of "
            "listing all.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the random generator (--samples).")] = 0,
    a: Annotated[
        float | None, typer.Option("-a", help="Cubic lattice parameter in Å; default: experiment.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help=f"Folder for orderings.csv and, of up to {MOST_FILES:,} orderings, CIF and POSCAR "
            "files.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List every symmetry-distinct Ni/Mn ordering of a cell, or draw some of them.

    The degeneracy is the number of equivalent arrangements in the cell; in a
    chiral ordering, half of them are mirror images of the other half.

    Example: lnmo orderings -o orderings

    Example: lnmo orderings --cell 2 2 2 --samples 20 -o random
    """
    sites, n_nickel = 16 * int(np.prod(cell)), nickel_atoms(cell, nickel)
    distinct, ways = count_orderings(cell, nickel), comb(sites, n_nickel)
    estimate = f"{_number(distinct)} distinct of {_number(ways)} orderings"
    if samples is None and distinct > MOST_ROWS:
        raise RequestError(f"{estimate} are too many for a table: draw some with --samples")
    if a is not None:
        valid_lattice_parameter(a)
    found = (
        joined(ordering_occupations(cell, nickel))
        if samples is None
        else sample_occupations(samples, cell, nickel, seed)
    )
    folder = None if output is None else make_folder(output)
    note(f"{estimate}, {n_nickel} nickel on {sites} sites")
    pairs = nickel_pairs(found, cell)
    told = ordering_space_groups(found, cell)
    groups = list(track(told, "finding space groups", len(found), console=err, transient=True))
    rows = _rows(found, groups, pairs, ways)
    if folder is not None:
        if len(rows) <= MOST_FILES:
            _write_structures(found, rows, cell, a, folder)
        write_text_atomically(folder / "orderings.csv", csv_text(rows))
    if json:
        asked = {"cell": cell, "nickel": nickel, "seed": None if samples is None else seed}
        print_json(asked | {"distinct": distinct, "ways": ways, "orderings": rows})
        return
    if len(rows) <= LONGEST_TABLE:
        _show_orderings(rows)
    else:
        _show_groups(found, groups, pairs, ways)
    if folder is not None:
        files = "CIF and POSCAR files and " if len(rows) <= MOST_FILES else ""
        note(f"{files}orderings.csv in {folder}")
        if not files:
            note(f"structures are written for up to {MOST_FILES:,}: draw some with --samples")


def _rows(
    found: Subsets, groups: Sequence[SpaceGroup], pairs: NDArray[np.int_], ways: int
) -> list[Row]:
    """A line for every ordering."""
    return [
        {
            "ordering": number,
            "degeneracy": int(degeneracy),
            "share_percent": 100 * int(degeneracy) / ways,
            "space_group": group.symbol,
            "space_group_number": group.number,
            "chiral": group.chiral,
            "nickel_pairs": int(n_pairs),
            "nickel_sites": sites.tolist(),
        }
        for number, (sites, degeneracy, n_pairs, group) in enumerate(
            zip(found.members, found.degeneracies, pairs, groups, strict=True), start=1
        )
    ]


def _write_structures(
    found: Subsets, rows: Sequence[Row], cell: Sequence[int], a: float | None, folder: Path
) -> None:
    """Every ordering as CIF and POSCAR; the names of the files go into the rows."""
    width = len(str(len(rows)))
    numbered = track(rows, "writing structures", console=err, transient=True)
    for row, sites in zip(numbered, found.members, strict=True):
        structure = build_ordering(sites, cell, a)
        for column, suffix in (("cif", "cif"), ("poscar", "vasp")):
            name = f"ordering-{row['ordering']:0{width}}.{suffix}"
            write(structure, folder / name)
            row[column] = name


def _show_orderings(rows: Sequence[Row]) -> None:
    """A line for every ordering."""
    columns = ("ordering", "degeneracy", "share_percent", "space_group", "chiral", "nickel_pairs")
    table(
        "Orderings",
        ("ordering", "degeneracy", "share %", "space group", "chiral", "Ni–Ni\nneighbours"),
        [[row[name] for name in columns] for row in rows],
    )


def _show_groups(
    found: Subsets, groups: Sequence[SpaceGroup], pairs: NDArray[np.int_], ways: int
) -> None:
    """A line for every space group, the highest first."""
    by_number = {group.number: group for group in groups}
    numbers = np.array([group.number for group in groups])
    table(
        f"{len(groups):,} orderings by space group",
        ("space group", "orderings", "share %", "chiral", "fewest Ni–Ni\nneighbours"),
        [
            (
                by_number[number].symbol,
                int((numbers == number).sum()),
                100 * int(found.degeneracies[numbers == number].sum()) / ways,
                by_number[number].chiral,
                int(pairs[numbers == number].min()),
            )
            for number in sorted(by_number, reverse=True)
        ],
    )


def _number(count: int) -> str:
    """Whole up to a million million, then 9.62e26."""
    return f"{count:,}" if count < 10**12 else f"{count:.3g}".replace("e+", "e")
