"""Writing CIF: P1, every site explicit, in the structure's order.

Oxidation states are in the loop of atom types and moments in magCIF's loop, for other programs.
Columns that begin with ``_lnmo_atoms_`` hold, for our own reader, which rows form one site and
the site properties.
"""

import logging
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.cif_syntax import loop, quoted
from lnmo_atoms.formats.sites import plain, property_names, report_loss, spins, whole

log = logging.getLogger(__name__)

SITE = "_lnmo_atoms_site"
"""Column that numbers the sites: the species of a shared site have the same number."""
PROPERTY = "_lnmo_atoms_property_"
"""Columns of site properties, which go on with the property's name."""
COLUMN_NAMES, COLUMN_TYPES = "_lnmo_atoms_column_name", "_lnmo_atoms_column_type"
"""Loop that names the site properties and their types."""

HEAD = "# lnmo_atoms: every site of the cell is listed, symmetry P1"
DISORDERED = """\
# Some sites are partially occupied: several rows share one site. Programs that keep one species
# per site, ASE among them, lose the other species of these sites."""


def format_cif(structure: Structure, comments: Sequence[str] = ()) -> str:
    """The text of a CIF, which begins with the comments; what it cannot hold is logged.

    A left-handed cell is written as the right-handed one with all three vectors reversed, since
    lengths and angles alone would turn the crystal into its mirror image.

    Raises:
        RequestError: where a species is no element.
    """
    columns = {
        name: column for name in property_names(structure) if (column := _column(structure, name))
    }
    _report(structure, columns)
    lines = [HEAD, *(f"# {line}" for comment in comments for line in comment.splitlines())]
    if not structure.is_ordered:
        log.warning(
            "partially occupied sites: programs that keep one species per site, ASE among them, "
            "will lose the others when they read this CIF"
        )
        lines.append(DISORDERED)
    formula = _formula(structure)
    lines += [
        f"data_{formula.replace(' ', '')}",
        f"_chemical_formula_sum '{formula}'",
        *_cell(structure),
        "_space_group_name_H-M_alt 'P 1'",
        "_space_group_IT_number 1",
        *loop({"_space_group_symop_operation_xyz": ["'x, y, z'"]}),
    ]
    if columns:
        kinds = [kind for kind, _ in columns.values()]
        lines += loop({COLUMN_NAMES: list(columns), COLUMN_TYPES: kinds})
    lines += _atom_types(structure)
    lines += _atom_sites(structure, {name: values for name, (_, values) in columns.items()})
    lines += _moments(structure)
    return "\n".join(lines) + "\n"


def _formula(structure: Structure) -> str:
    amounts: dict[str, float] = {}
    for site in structure:
        for species, occupancy in site.species.items():
            amounts[species.symbol] = amounts.get(species.symbol, 0.0) + occupancy
    return " ".join(f"{symbol}{amount:.6g}" for symbol, amount in amounts.items())


def _cell(structure: Structure) -> list[str]:
    lattice = structure.lattice
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    cell = [f"_cell_{name} {x:.10f}" for name, x in zip(names, lattice.parameters, strict=True)]
    return [*cell, f"_cell_volume {lattice.volume:.6f}"]


def _type_symbol(species: Any) -> str:
    """``Mn3.5+``: exact, unlike pymatgen's, which rounds to two decimals."""
    state = getattr(species, "oxi_state", None)
    if state is None:
        return str(species.symbol)
    return f"{species.symbol}{abs(whole(state))!r}{'-' if state < 0 else '+'}"


def _atom_types(structure: Structure) -> list[str]:
    """The loop of species with their oxidation states, absent where no species has one."""
    states = {
        _type_symbol(species): getattr(species, "oxi_state", None)
        for site in structure
        for species in site.species
    }
    if all(state is None for state in states.values()):
        return []
    numbers = ["?" if state is None else repr(whole(state)) for state in states.values()]
    return loop({"_atom_type_symbol": list(states), "_atom_type_oxidation_number": numbers})


def _labels(structure: Structure) -> list[list[str]]:
    """Labels of the rows of every site: ``Mn13``, or ``Ni9a`` and ``Mn9b`` on a shared site."""
    return [
        [
            f"{species.symbol}{i}{chr(97 + k) if len(site.species) > 1 else ''}"
            for k, species in enumerate(site.species)
        ]
        for i, site in enumerate(structure, start=1)
    ]


def _atom_sites(structure: Structure, columns: dict[str, list[str]]) -> list[str]:
    sign = -1.0 if np.linalg.det(structure.lattice.matrix) < 0 else 1.0
    rows = [(i, k) for i, site in enumerate(structure) for k in range(len(site.species))]
    species = [list(site.species.items()) for site in structure]
    labels = _labels(structure)
    coordinates = sign * structure.frac_coords + 0.0
    table = {
        "_atom_site_type_symbol": [_type_symbol(species[i][k][0]) for i, k in rows],
        "_atom_site_label": [labels[i][k] for i, k in rows],
    }
    for axis, letter in enumerate("xyz"):
        table[f"_atom_site_fract_{letter}"] = [f"{coordinates[i, axis]:.10f}" for i, _ in rows]
    table["_atom_site_occupancy"] = [f"{species[i][k][1]:.10g}" for i, k in rows]
    table[SITE] = [str(i) for i, _ in rows]
    for name, values in columns.items():
        table[PROPERTY + name] = [values[i] for i, _ in rows]
    return loop(table)


def _moments(structure: Structure) -> list[str]:
    """Moments along c in the loop of magCIF; absent for disorder, where other readers refuse it."""
    if not structure.is_ordered:
        return []
    rows = [
        (label, repr(float(moment)))
        for (label,), site in zip(_labels(structure), structure, strict=True)
        if isinstance(moment := plain(site.properties.get("magmom")), int | float)
    ]
    if not rows:
        return []
    axes = {f"_atom_site_moment_crystalaxis_{letter}": ["0"] * len(rows) for letter in "xy"}
    return [
        *loop({"_space_group_symop_magn_operation_xyz": ["'x, y, z, +1'"]}),
        *loop(
            {"_atom_site_moment_label": [label for label, _ in rows]}
            | axes
            | {"_atom_site_moment_crystalaxis_z": [moment for _, moment in rows]}
        ),
    ]


def _column(structure: Structure, name: str) -> tuple[str, list[str]] | None:
    """Type and values of a site property as CIF tokens, None where a CIF cannot hold them."""
    values = [plain(site.properties.get(name)) for site in structure]
    types = {type(value) for value in values if value is not None}
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return None
    if types == {str}:
        held = all(v is None or _is_safe(v) for v in values)
        return ("str", ["." if v is None else quoted(v) for v in values]) if held else None
    if types in ({bool}, {int}):
        kind = types.pop().__name__
        return kind, ["." if v is None else str(v) for v in values]
    if types <= {int, float} and all(v is None or math.isfinite(v) for v in values):
        return "float", ["." if v is None else repr(float(v)) for v in values]
    return None


def _is_safe(value: str) -> bool:
    """Whether every CIF reader gives this string back: one line, no quotes, no ``.`` or ``?``."""
    return value not in (".", "?") and bool(re.fullmatch(r"[^\s'\"#;][^\n'\"#]*(?<!\s)", value))


def _report(structure: Structure, columns: dict[str, Any]) -> None:
    lost = [name for name in property_names(structure) if name not in columns]
    report_loss(log, "a CIF", lost + spins(structure), logging.WARNING)
    extras = list(structure.properties)
    extras += [] if all(structure.lattice.pbc) else ["directions without periodicity"]
    report_loss(log, "a CIF", extras, logging.INFO)
    for site in structure:
        for species in site.species:
            if getattr(species, "Z", 0) < 1:
                raise RequestError(f"{species} is no element: a CIF cannot hold it")
