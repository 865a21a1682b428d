"""What lnmo build did: beside the files, in the comments of a CIF, and on the screen."""

import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from lnmo_atoms.builders.charges import total_charge
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json
from lnmo_atoms.builders.quasirandom import DisorderFigures, disorder_figures
from lnmo_atoms.builders.symmetry import space_group
from lnmo_atoms.cli.screen import line, table
from lnmo_atoms.formats import write_all

FORMAT = "lnmo_atoms build"
SCHEMA = 1
SUFFIX = ".build.json"


def record(structure: Structure, output: Sequence[Path], seed: int | None) -> dict[str, Any]:
    """What was built and how, ready for JSON.

    Args:
        structure: that was built.
        output: files that will hold it.
        seed: of the random generator; None where nothing was drawn.
    """
    group, figures = space_group(structure), _figures(structure)
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "version": version("lnmo_atoms"),
        "command": shlex.join(["lnmo", *sys.argv[1:]]),
        "seed": seed,
        "formula": structure.composition.element_composition.formula,
        "atoms": len(structure),
        "space_group": group.symbol,
        "space_group_number": group.number,
        "a_A": structure.lattice.a,
        "b_A": structure.lattice.b,
        "c_A": structure.lattice.c,
        "ions": {str(ion): round(n, 6) for ion, n in structure.composition.items()},
        "charge_e": round(total_charge(structure), 6) + 0.0,
        "moment_muB": float(sum(structure.site_properties["magmom"])),
        "disorder": None if figures is None else figures.as_dict(),
        "files": [str(path) for path in output],
    }


def _figures(structure: Structure) -> DisorderFigures | None:
    """How nickel and manganese are mixed; None where one is missing or sites are shared."""
    elements = {element.symbol for element in structure.elements}
    if not structure.is_ordered or not {"Ni", "Mn"} <= elements:
        return None
    try:
        return disorder_figures(structure)
    except RequestError:
        return None  # not whole cubic cells, as a primitive one


def write_files(structure: Structure, output: Sequence[Path], made: dict[str, Any]) -> None:
    """Write the structure, and beside each file, under its name, the record of its making."""
    write_all(structure, output, _comments(made))
    for path in dict.fromkeys(path.with_suffix(SUFFIX) for path in output):
        write_json(path, made)


def _comments(made: dict[str, Any]) -> list[str]:
    """The record in the lines of a CIF's head."""
    lines = [
        f"made by lnmo_atoms {made['version']}: {made['command']}",
        f"{made['formula']}, {made['space_group']} ({made['space_group_number']})",
        f"charge {made['charge_e']:g} e, moment {made['moment_muB']:g} μB, {_ions(made)}",
    ]
    if made["seed"] is not None:
        lines.append(f"seed {made['seed']}")
    if disorder := made["disorder"]:
        lines.append(f"long-range order S = {disorder['order_parameter']:.4f}")
        lines += [
            f"{orbit['orbit']}, {orbit['radius_A']:.2f} Å: correlation {orbit['correlation']:.4f}, "
            f"at random {orbit['target']:.4f}"
            for orbit in disorder["orbits"]
        ]
    return lines


def _ions(made: dict[str, Any]) -> str:
    """Such as ``"8 Li+, 4 Ni2+"``."""
    return ", ".join(f"{n:g} {ion}" for ion, n in made["ions"].items())


def show(made: dict[str, Any], figures: bool) -> None:
    """Tables of what was built.

    Args:
        made: its record.
        figures: with the short-range order of nickel and manganese.
    """
    table(
        made["formula"],
        ("atoms", "space group", "a / Å", "b / Å", "c / Å", "moment / μB", "files"),
        [
            (
                made["atoms"],
                f"{made['space_group']} ({made['space_group_number']})",
                *(made[f"{edge}_A"] for edge in "abc"),
                made["moment_muB"],
                ", ".join(made["files"]),
            )
        ],
    )
    line(f"Ions: {_ions(made)}")
    if figures and (disorder := made["disorder"]):
        line(f"Long-range order S = {disorder['order_parameter']:.4f}")
        table(
            "Short-range order of Ni (+1) and Mn (−1)",
            ("clusters", "longest\nedge Å", "in cell", "correlation", "at random"),
            [
                (
                    orbit["orbit"],
                    orbit["radius_A"],
                    orbit["clusters"],
                    orbit["correlation"],
                    orbit["target"],
                )
                for orbit in disorder["orbits"]
            ],
        )
