"""VASP's POSCAR: one block per element, with the MAGMOM line that fits its order.

The format has no place for charges and moments. They go into its first line, a free comment::

    Li8 Ni4 Mn12 O32 | MAGMOM = 8*0.0 4*-2.0 12*3.0 32*0.0 | CHARGES = 8*1 4*2 12*4 32*-2

from which :func:`parse_poscar` takes them back. VASP itself copies only the first 40 characters
into a CONTCAR; what is cut off there is reported and ignored.
"""

import logging
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.sites import (
    CONSTRAINT,
    ion,
    moments,
    plain,
    property_names,
    report_loss,
    require_ordered,
    spins,
    whole,
)

log = logging.getLogger(__name__)


def poscar_order(structure: Structure) -> list[int]:
    """Site indices in the order of a POSCAR: elements by first appearance, stable inside each.

    Raises:
        RequestError: for a partially occupied site.
    """
    require_ordered(structure, "a POSCAR")
    symbols = [site.specie.symbol for site in structure]
    block = {symbol: number for number, symbol in enumerate(dict.fromkeys(symbols))}
    return sorted(range(len(symbols)), key=lambda i: block[symbols[i]])


def magmom_line(structure: Structure) -> str:
    """The INCAR line, such as ``MAGMOM = 8*0.0 4*-2.0 12*3.0 32*0.0``, in the POSCAR's order.

    Raises:
        RequestError: for a partially occupied site, or where a site has no moment.
    """
    order, values = poscar_order(structure), moments(structure)
    if values is None:
        raise RequestError("there are no moments: set the site property magmom (μB) first")
    return "MAGMOM = " + _run_lengths([float(values[i]) for i in order])


def _run_lengths(values: Sequence[float]) -> str:
    """VASP's shorthand: ``4*-2.0`` for four equal values in a row."""
    runs = [(len(list(run)), value) for value, run in groupby(values)]
    return " ".join(f"{count}*{value!r}" if count > 1 else repr(value) for count, value in runs)


def _expanded(runs: str, count: int) -> list[float] | None:
    """The values of VASP's shorthand, None where they are not so many or no finite numbers."""
    values: list[float] = []
    try:
        for run in runs.split():
            repeats, _, value = run.rpartition("*")
            if not 1 <= int(repeats or 1) <= count - len(values):
                return None
            values += [float(value)] * int(repeats or 1)
    except ValueError:
        return None
    return values if len(values) == count and np.isfinite(values).all() else None


def format_poscar(structure: Structure) -> str:
    """The text of a POSCAR; what it cannot hold is logged.

    Raises:
        RequestError: for a partially occupied site, or moments on some sites only.
    """
    order = poscar_order(structure)
    sites = [structure[i] for i in order]
    blocks = [(s, len(list(run))) for s, run in groupby(site.specie.symbol for site in sites)]
    comment = ["".join(f"{symbol}{count} " for symbol, count in blocks).strip()]
    if moments(structure) is not None:
        comment.append(magmom_line(structure))
    states = [getattr(site.specie, "oxi_state", None) for site in sites]
    charges = [whole(state) for state in states if state is not None]
    if len(charges) == len(states):
        comment.append("CHARGES = " + _run_lengths(charges))
    _report(structure, lost_charges=0 < len(charges) < len(states))
    flags = [site.properties.get(CONSTRAINT) for site in sites]
    selective = any(flag is not None for flag in flags)
    lines = [
        " | ".join(comment),
        "1.0",
        *(_vector(row) for row in structure.lattice.matrix),
        " ".join(symbol for symbol, _ in blocks),
        " ".join(str(count) for _, count in blocks),
        *(["Selective dynamics"] if selective else []),
        "Direct",
    ]
    for site, flag in zip(sites, flags, strict=True):
        axes = [True] * 3 if flag is None else plain(flag)
        letters = "".join(" T" if axis else " F" for axis in axes) if selective else ""
        lines.append(f"{_vector(site.frac_coords)}{letters} {site.specie.symbol}")
    return "\n".join(lines) + "\n"


def _vector(row: NDArray[np.float64]) -> str:
    return " ".join(f"{x:20.16f}" for x in row)


def _report(structure: Structure, lost_charges: bool) -> None:
    if lost_charges:
        log.warning("a POSCAR holds charges of all species or of none: charges not written")
    if np.linalg.det(structure.lattice.matrix) < 0:
        log.warning("VASP refuses left-handed lattice vectors: exchange two of them")
    report_loss(log, "a POSCAR", spins(structure), logging.WARNING)
    known = ("magmom", CONSTRAINT)
    lost = [name for name in property_names(structure) if name not in known]
    lost += list(structure.properties)
    lost += [] if all(structure.lattice.pbc) else ["directions without periodicity"]
    report_loss(log, "a POSCAR", lost, logging.INFO)


def parse_poscar(text: str) -> Structure:
    """The structure of a POSCAR or CONTCAR (VASP 5 or newer), in the file's order.

    Velocities and what follows them are not read.

    Raises:
        RequestError: saying which line is wrong.
    """
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) < 8:
        raise RequestError(f"a POSCAR has at least 8 lines, this file has {len(lines)}")
    lattice = _lattice(lines)
    blocks = _blocks(lines[5], lines[6])
    selective = lines[7][:1] in ("S", "s")
    start = 9 if selective else 8
    rows = _position_rows(lines, start, sum(count for _, count in blocks))
    positions = np.array([_numbers(row, 3, start + 1 + i) for i, row in enumerate(rows)])
    if lines[start - 1][:1] not in ("D", "d"):
        positions = lattice.get_fractional_coords(positions * _scale(lines))
    charges = _from_comment(lines[0], "CHARGES", len(rows))
    properties: dict[str, list[Any]] = {}
    if (magmoms := _from_comment(lines[0], "MAGMOM", len(rows))) is not None:
        properties["magmom"] = magmoms
    if selective:
        properties[CONSTRAINT] = [_flags(row, start + 1 + i) for i, row in enumerate(rows)]
    symbols = [symbol for symbol, count in blocks for _ in range(count)]
    species = [ion(symbol, charges[i] if charges else None) for i, symbol in enumerate(symbols)]
    return Structure(lattice, species, positions, site_properties=properties)


def _position_rows(lines: list[str], start: int, count: int) -> list[str]:
    """The lines of the atoms; there must be as many as line 7 says."""
    kind, rows = lines[start - 1], lines[start : start + count]
    if kind[:1] not in tuple("DdCcKk"):
        raise RequestError(f"line {start} must say Direct or Cartesian, not {kind[:40]!r}")
    if len(rows) < count:
        raise RequestError(f"the file ends after {len(rows)} of {count} atoms: it is cut off")
    if count == 0:
        raise RequestError("there are no atoms")
    if any(re.match(r"[-+.\d]", line) for line in lines[start + count : start + count + 1]):
        raise RequestError(
            f"line {start + count + 1} holds one more position than the {count} atoms of line 7"
        )
    return rows


def _from_comment(comment: str, name: str, count: int) -> list[float] | None:
    """The values of ``name = …`` in the first line, None where it has none for every atom."""
    found = re.search(rf"\b{name}\s*=([^|]*)", comment)
    if found is None:
        return None
    values = _expanded(found[1], count)
    if values is None:
        log.warning("the first line's %s does not fit the %d atoms: ignored", name, count)
    return values


def _numbers(line: str, count: int, number: int) -> list[float]:
    try:
        values = [float(word) for word in line.split()[:count]]
    except ValueError:
        values = []
    if len(values) < count or not np.isfinite(values).all():
        raise RequestError(f"line {number} must begin with {count} numbers, not {line[:40]!r}")
    return values


def _scale(lines: list[str]) -> NDArray[np.float64]:
    """Factor of each Cartesian axis, shape (3,), from line 2: one, three, or minus the volume."""
    three = re.fullmatch(r"([-+.\deE]+\s+){2}[-+.\deE]+(\s.*)?", lines[1])
    factors = np.array(_numbers(lines[1], 3 if three else 1, 2))
    if len(factors) == 1 and factors[0] < 0:
        volume = abs(np.linalg.det(_vectors(lines)))
        factors = np.cbrt(-factors / volume) if volume > 0 else np.zeros(1)
    if (factors <= 0).any():
        raise RequestError(f"line 2, the scale, cannot be {lines[1][:40]!r}: write 1.0")
    return np.broadcast_to(factors, 3)


def _vectors(lines: list[str]) -> NDArray[np.float64]:
    return np.array([_numbers(line, 3, 3 + i) for i, line in enumerate(lines[2:5])])


def _lattice(lines: list[str]) -> Lattice:
    matrix = _vectors(lines) * _scale(lines)
    if abs(np.linalg.det(matrix)) < 1e-6:
        raise RequestError("lines 3 to 5 span no volume: three lattice vectors are needed")
    return Lattice(matrix)


def _blocks(names: str, counts: str) -> list[tuple[str, int]]:
    """Element and count of every block; pseudopotential suffixes such as ``Mn_pv`` are cut off."""
    if re.fullmatch(r"[\d\s]*", names):
        raise RequestError(
            "there are no element symbols (VASP 4): add a line such as 'Li Ni Mn O' above "
            "the line of counts"
        )
    symbols = [re.split(r"[_/]", name)[0] for name in names.split()]
    for symbol in symbols:
        if not Element.is_valid_symbol(symbol):
            raise RequestError(f"line 6 must hold element symbols, not {symbol[:20]!r}")
    words = counts.split()[: len(symbols)]
    if len(words) < len(symbols) or not all(re.fullmatch(r"\d{1,9}", word) for word in words):
        raise RequestError(f"line 7 must hold {len(symbols)} atom counts, not {counts[:40]!r}")
    return list(zip(symbols, map(int, words), strict=True))


def _flags(line: str, number: int) -> list[bool]:
    words = [word.upper().strip(".")[:1] for word in line.split()[3:6]]
    if len(words) < 3 or not set(words) <= {"T", "F"}:
        raise RequestError(f"line {number} must end with three flags T or F, not {line[-20:]!r}")
    return [word == "T" for word in words]
