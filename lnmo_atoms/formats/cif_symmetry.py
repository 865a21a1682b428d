"""Symmetry operations of a CIF: as listed, else from its Hall or Hermann–Mauguin symbol.

A symbol such as ``F d -3 m`` leaves the origin open, and the wrong one turns LiMn2O4 into
Li2MnO4; such a file is refused unless it says which origin it means.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache

import numpy as np
import spglib

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.symmetry import SymmetryOperations
from lnmo_atoms.formats.cif_syntax import Block

LISTS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
MAGNETIC_LIST = "_space_group_symop_magn_operation_xyz"
HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
NAMES = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m",
)
NUMBERS = ("_space_group_it_number", "_symmetry_int_tables_number")
SETTING = "_space_group_it_coordinate_system_code"

TERM = re.compile(r"([+-]?)(?:(\d+(?:\.\d*)?(?:/\d+)?|\.\d+)|([xyz]))")
SUFFIX = re.compile(r"(?::\s*([12SZHR])|\s([SZHR]))\s*$", re.IGNORECASE)
"""``:1``, ``:2``, ``:H``, ``:R``; ICSD writes S and Z for the origins 1 and 2."""


def operations_of(block: Block) -> SymmetryOperations | None:
    """The operations a CIF block describes, None where it says nothing about symmetry.

    Raises:
        RequestError: where an operation is malformed, a symbol is unknown, or the origin is open.
    """
    if len(block.get(MAGNETIC_LIST, [])) > 1 and not any(tag in block for tag in LISTS):
        raise RequestError(
            "its symmetry is given by magnetic operations, which are not applied: "
            "expand it to P1 first"
        )
    for tag in LISTS:
        if tag in block:
            return _from_list(block[tag])
    if hall := _value(block, HALL):
        found = [t.hall_number for t in _types() if _squeezed(t.hall_symbol) == _squeezed(hall)]
        if found:
            return _of_hall(found[0])
    name, number = _value(block, NAMES), _value(block, NUMBERS)
    if name or number:
        return _of_hall(_hall_number(block, name, number))
    return None


def _value(block: Block, tags: tuple[str, ...]) -> str:
    values = (block[tag][0].strip() for tag in tags if tag in block)
    return next((value for value in values if value not in ("", ".", "?")), "")


def _from_list(listed: list[str]) -> SymmetryOperations:
    parsed = [_operation(xyz) for xyz in listed]
    rotations = np.array([rotation for rotation, _ in parsed])
    if (np.abs(np.rint(np.linalg.det(rotations))) != 1).any():
        raise RequestError("a listed symmetry operation is no rotation: correct it")
    return SymmetryOperations(rotations, np.array([translation for _, translation in parsed]))


def _operation(xyz: str) -> tuple[list[list[int]], list[float]]:
    """Rotation and translation of ``-x+1/2, y, z``; decimals such as 0.3333 become fractions."""
    parts = re.sub(r"\s", "", xyz.lower()).split(",")
    rotation, translation = np.zeros((3, 3), dtype=int), np.zeros(3)
    for row, part in enumerate(parts[:3]):
        if len(parts) != 3 or not part or TERM.sub("", part):
            raise RequestError(f"{xyz[:40]!r} is no symmetry operation such as '-x+1/2, y, z'")
        for sign, number, axis in TERM.findall(part):
            factor = -1 if sign == "-" else 1
            if axis:
                rotation[row, "xyz".index(axis)] += factor
            else:
                translation[row] += factor * float(Fraction(number).limit_denominator(24))
    return rotation.tolist(), translation.tolist()


@contextmanager
def _no_deprecation() -> Iterator[None]:
    """Spglib 2.7 and newer warn on every call that errors will be exceptions one day."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Set OLD_ERROR_HANDLING", DeprecationWarning)
        yield


@cache
def _types() -> tuple[spglib.SpaceGroupType, ...]:
    """The 530 settings of the 230 space groups, in the order of Hall numbers."""
    with _no_deprecation():
        types = [spglib.get_spacegroup_type(number) for number in range(1, 531)]
    return tuple(found for found in types if found is not None)


def _squeezed(symbol: str) -> str:
    return re.sub(r"[\s_]", "", symbol).lower()


def _names(kind: spglib.SpaceGroupType) -> set[str]:
    """The symbols a setting goes by, squeezed; ``P21/n`` for the monoclinic ``P 1 21/n 1``."""
    names = {kind.international_short, kind.international_full, *kind.international.split("=")}
    if 3 <= kind.number <= 15:
        names |= {" ".join(w for w in kind.international_full.split() if w != "1")}
    return {_squeezed(name) for name in names}


def _hall_number(block: Block, name: str, number: str) -> int:
    """The setting meant by a Hermann–Mauguin symbol or else by a number."""
    suffix = SUFFIX.search(name)
    setting = (suffix[1] or suffix[2] if suffix else _value(block, (SETTING,))).upper()
    choice = {"S": "1", "Z": "2"}.get(setting, setting)
    symbol = _squeezed(SUFFIX.sub("", name))
    candidates = [kind for kind in _types() if symbol in _names(kind)] or [
        kind for kind in _types() if str(kind.number) == number
    ]
    if not candidates:
        raise RequestError(f"space group {name or number!r} is not known: list its operations")
    chosen = [kind for kind in candidates if kind.choice == choice] if choice else []
    choices = {kind.choice for kind in candidates}
    if not chosen and choices >= {"1", "2"}:
        raise RequestError(
            f"space group {name or number!r} has two origins and the file lists no operations: "
            "write the symbol with :1 or :2 at its end"
        )
    if not chosen and choices >= {"H", "R"}:
        hexagonal = abs(float(re.sub(r"\(.*", "", block["_cell_angle_gamma"][0])) - 120) < 1
        chosen = [kind for kind in candidates if kind.choice == ("H" if hexagonal else "R")]
    return int((chosen or candidates)[0].hall_number)


def _of_hall(hall_number: int) -> SymmetryOperations:
    with _no_deprecation():
        data = spglib.get_symmetry_from_database(hall_number)
    if data is None:
        raise RequestError(f"Hall number {hall_number} is not known: list the operations")
    return SymmetryOperations(data["rotations"], data["translations"])
