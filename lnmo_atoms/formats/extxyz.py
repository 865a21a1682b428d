"""Extended XYZ, by way of ASE: charges, moments and site properties are columns."""

import logging
import re
from io import StringIO

from ase import Atoms
from ase.calculators.calculator import all_properties
from ase.constraints import FixScaled
from ase.io.extxyz import read_extxyz, write_extxyz
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.atoms import to_atoms, to_structure
from lnmo_atoms.formats.sites import report_loss, warnings_to

log = logging.getLogger(__name__)

MOST_COLUMNS = 1000
RESERVED = {"symbols", "species", "pos", "Z", "move_mask", *all_properties}
"""Column names that ASE reads as something else than a site property."""


def format_extxyz(structure: Structure) -> str:
    """The text of one frame; what it cannot hold is logged.

    Raises:
        RequestError: for a partially occupied site, or charges or moments on some sites only.
    """
    atoms = to_atoms(structure)
    lost = [name for name in atoms.arrays if not _is_column(atoms, name)]
    for name in lost:
        del atoms.arrays[name]
    report_loss(log, "extended XYZ", lost, logging.WARNING)
    partly = [c for c in atoms.constraints if isinstance(c, FixScaled)]
    atoms.set_constraint([c for c in atoms.constraints if c not in partly])
    report_loss(
        log, "extended XYZ", ["sites fixed along some axes"] * bool(partly), logging.WARNING
    )
    buffer = StringIO()
    with warnings_to(log):
        write_extxyz(buffer, atoms, write_results=False)
    return buffer.getvalue()


def _is_column(atoms: Atoms, name: str) -> bool:
    """Whether ASE gives this array back as it was: blanks and mixed types cannot be columns."""
    array = atoms.arrays[name]
    if name in RESERVED or not re.fullmatch(r"[A-Za-z_]\w*", name) or array.ndim > 2:
        return False
    if array.dtype.kind == "U":
        return all(re.fullmatch(r"[^\s\"']+", str(word)) for word in array.flat)
    return bool(array.dtype.kind in "bif")


def parse_extxyz(text: str) -> Structure:
    """The first frame of an extended XYZ file.

    Raises:
        RequestError: where the frame is cut off, has no lattice, or no positions.
    """
    lines = text.splitlines()
    head = lines[0].strip()
    if not re.fullmatch(r"\d{1,9}", head):
        raise RequestError(f"the first line must be the number of atoms, not {head[:40]!r}")
    count = int(head)
    if len(lines) < count + 2:
        raise RequestError(
            f"the file ends after {max(len(lines) - 2, 0)} of {count} atoms: it is cut off"
        )
    if "Lattice" not in lines[1]:
        raise RequestError(
            'there is no lattice: line 2 of a crystal\'s extended XYZ says Lattice="…"'
        )
    _check_columns(lines[1])
    rest = [i for i in range(count + 2, len(lines)) if lines[i].strip()]
    if rest and not lines[rest[0]].strip().isdigit():
        raise RequestError(
            f"line {rest[0] + 1} comes after the {count} atoms that line 1 announces: correct one"
        )
    if rest:
        log.warning("the file holds more than one frame: the first is read")
    with warnings_to(log):
        atoms = next(read_extxyz(StringIO("\n".join(lines[: count + 2]) + "\n"), index=0))
    return to_structure(atoms)


def _check_columns(comment: str) -> None:
    found = re.search(r"Properties\s*=\s*[\"']?([^\s\"']+)", comment)
    fields = found[1].split(":") if found else ["species", "S", "1", "pos", "R", "3"]
    columns = list(zip(fields[::3], fields[1::3], fields[2::3], strict=False))
    if ("pos", "R", "3") not in columns:
        raise RequestError("line 2 names no positions: its Properties must hold pos:R:3")
    widths = [width for _, _, width in columns]
    if not all(re.fullmatch(r"\d{1,4}", width) for width in widths) or (
        sum(map(int, widths)) > MOST_COLUMNS
    ):
        raise RequestError(f"line 2 has a malformed Properties={found[1][:60] if found else ''!r}")
