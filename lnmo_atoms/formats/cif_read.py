"""Reading CIF: our own exactly as it was written, any other by applying its symmetry."""

import logging
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Species, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.cif_sites import Site, symmetric_sites
from lnmo_atoms.formats.cif_symmetry import operations_of
from lnmo_atoms.formats.cif_syntax import Block, parse_blocks
from lnmo_atoms.formats.cif_write import COLUMN_NAMES, COLUMN_TYPES, PROPERTY, SITE
from lnmo_atoms.formats.sites import ion

log = logging.getLogger(__name__)

OVERFULL = 1.02
"""Occupancies may add up to this because of rounding; they are then scaled to 1."""

CELL = tuple(
    f"_cell_{name}"
    for name in ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
)
FRACT = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
MOMENT = tuple(f"_atom_site_moment_crystalaxis_{axis}" for axis in "xyz")
ION = re.compile(r"([A-Za-z]{1,2})(?:(\d*\.?\d*)([+-])|([+-])(\d+\.?\d*))?")
"""``Mn4+``, ``O2-``, ``Li+`` and also ``Mn+4``."""


def parse_cif(text: str) -> Structure:
    """The structure of the first block that has one.

    Raises:
        RequestError: saying what is missing or wrong.
    """
    blocks = parse_blocks(text)
    complete = [b for b in blocks if CELL[0] in b and FRACT[0] in b]
    if not complete:
        lacks_cell = not any(CELL[0] in block for block in blocks)
        raise RequestError(
            "there is no lattice (_cell_length_a … _cell_angle_gamma): a crystal needs one"
            if lacks_cell
            else "there are no atoms with fractional coordinates (_atom_site_fract_x …)"
        )
    if len(complete) > 1:
        log.warning("the file holds %d structures: the first is read", len(complete))
    return _structure(complete[0])


def _structure(block: Block) -> Structure:
    lattice = _lattice(block)
    operations = operations_of(block)
    if operations is None:
        log.warning("the file names no symmetry: it is read as P1")
    coordinates = np.array([_numbers(block, tag) for tag in FRACT]).T
    explicit = operations is None or len(operations) == 1
    if explicit and SITE in block:
        sites = _numbered_sites(block, coordinates)
        properties = _properties(block, sites)
    else:
        sites = symmetric_sites(coordinates, operations, lattice)
        properties = {}
    if "magmom" not in properties:
        properties |= _moments(block, sites, lattice, explicit)
    return Structure(
        lattice,
        _occupants(block, sites),
        [site.position for site in sites],
        site_properties=properties,
    )


def _number(value: str, tag: str) -> float:
    """A number with or without its uncertainty, such as ``0.2626(1)``."""
    try:
        number = float(re.sub(r"\(\d*\)?$", "", value))
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise RequestError(f"{tag} is {value[:40]!r}, which is no number")
    return number


def _values(block: Block, tag: str) -> list[str]:
    """A column of the loop of atom sites."""
    values, rows = block.get(tag, []), len(block[FRACT[0]])
    if len(values) != rows:
        raise RequestError(f"{tag} has {len(values)} values for {rows} atoms")
    return values


def _numbers(block: Block, tag: str) -> list[float]:
    return [_number(value, tag) for value in _values(block, tag)]


def _lattice(block: Block) -> Lattice:
    missing = [tag for tag in CELL if tag not in block]
    if missing:
        raise RequestError(f"the lattice is incomplete: {missing[0]} is missing")
    lengths_angles = [_number(block[tag][0], tag) for tag in CELL]
    alpha, beta, gamma = np.cos(np.radians(lengths_angles[3:]))
    volume = 1 + 2 * alpha * beta * gamma - alpha**2 - beta**2 - gamma**2
    if min(lengths_angles) <= 0 or max(lengths_angles[3:]) >= 180 or volume < 1e-6:
        raise RequestError(
            f"no cell has the lengths and angles {', '.join(f'{x:g}' for x in lengths_angles)}"
        )
    return Lattice.from_parameters(*lengths_angles)


def _numbered_sites(block: Block, coordinates: NDArray[np.float64]) -> list[Site]:
    """The sites as our writer numbered them, coordinates untouched."""
    rows: dict[str, list[int]] = {}
    for row, number in enumerate(_values(block, SITE)):
        rows.setdefault(number, []).append(row)
    return [Site(coordinates[members[0]], tuple(members)) for members in rows.values()]


def _occupants(block: Block, sites: list[Site]) -> list[dict[Species | Element, float]]:
    """Species and occupancies of every site."""
    species = _species(block)
    tag = "_atom_site_occupancy"
    texts = _values(block, tag) if tag in block else ["1"] * len(species)
    occupancies = [1.0 if text in (".", "?") else _number(text, tag) for text in texts]
    if min(occupancies) <= 0:
        raise RequestError("an occupancy is not above zero: correct it or delete the row")
    result = []
    for site in sites:
        occupants: dict[Species | Element, float] = {}
        for row in site.rows:
            occupants[species[row]] = occupants.get(species[row], 0.0) + occupancies[row]
        total = sum(occupants.values())
        if total > OVERFULL:
            names = " + ".join(f"{amount:g} {name}" for name, amount in occupants.items())
            raise RequestError(f"one site holds {names}, more than one atom: correct the rows")
        scale = 1.0 / max(total, 1.0)
        result.append({name: amount * scale for name, amount in occupants.items()})
    return result


def _species(block: Block) -> list[Species | Element]:
    """The species of every row, from its type symbol or else its label.

    Charges are those of the loop of atom types; without it those of the symbols.
    """
    states = {}
    if "_atom_type_oxidation_number" in block:
        tag = "_atom_type_oxidation_number"
        for symbol, state in zip(block.get("_atom_type_symbol", []), block[tag], strict=False):
            states[symbol] = None if state in (".", "?") else _number(state, tag)
    tag = "_atom_site_type_symbol"
    symbols = _values(block, tag if tag in block else "_atom_site_label")
    cache = {symbol: _ion(symbol, states, typed=tag in block) for symbol in dict.fromkeys(symbols)}
    return [cache[symbol] for symbol in symbols]


def _element(text: str) -> str:
    """The element that a type symbol or label begins with: ``Mn`` of ``MN4+`` or of ``Mn1``."""
    found = ION.match(text)
    letters = found[1].title() if found else ""
    return next((s for s in (letters, letters[:1]) if Element.is_valid_symbol(s)), "")


def _ion(text: str, states: dict[str, float | None], typed: bool) -> Species | Element:
    found = ION.match(text)
    symbol = _element(text)
    if not found or not symbol:
        raise RequestError(f"{text[:20]!r} names no element: correct the atom site")
    if text in states:
        return ion(symbol, states[text])
    same = {state for key, state in states.items() if _element(key) == symbol}
    if states or not typed or not (found[3] or found[4]):
        return ion(symbol, same.pop() if len(same) == 1 else None)
    size = found[2] or found[5] or "1"
    return ion(symbol, float(size) * (-1 if "-" in (found[3], found[4]) else 1))


PARSERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": {"True": True, "False": False}.__getitem__,
}


def _properties(block: Block, sites: list[Site]) -> dict[str, list[Any]]:
    """The site properties that our writer put into columns."""
    properties: dict[str, list[Any]] = {}
    names, kinds = block.get(COLUMN_NAMES, []), block.get(COLUMN_TYPES, [])
    for name, kind in zip(names, kinds, strict=False):
        column = _values(block, PROPERTY + name)
        try:
            values = [None if text == "." else PARSERS[kind](text) for text in column]
        except (KeyError, ValueError):
            raise RequestError(f"the column {PROPERTY}{name} is malformed") from None
        properties[name] = [values[site.rows[0]] for site in sites]
    return properties


def _moments(
    block: Block, sites: list[Site], lattice: Lattice, explicit: bool
) -> dict[str, list[float | None]]:
    """Signed moments from magCIF's loop, if all point along one axis; else logged and left out.

    A moment is positive along that axis, whose own largest Cartesian component is positive.
    """
    labels = block.get("_atom_site_moment_label", [])
    if not labels or any(len(block.get(tag, [])) != len(labels) for tag in MOMENT):
        return {}
    components = np.array([[_number(v, tag) for v in block[tag]] for tag in MOMENT]).T
    vectors = components @ (lattice.matrix / np.array(lattice.abc)[:, None])
    sizes = np.linalg.norm(vectors, axis=1)
    axis = vectors[sizes.argmax()] / max(sizes.max(), 1e-12)
    axis *= np.sign(axis[np.abs(axis).argmax()]) or 1.0
    along = vectors @ axis
    if not explicit or not np.allclose(np.abs(along), sizes, atol=0.01):
        log.warning("moments are not read: only collinear moments without symmetry are")
        return {}
    moment = dict(zip(labels, along.tolist(), strict=True))
    names = _values(block, "_atom_site_label")
    return {"magmom": [moment.get(names[site.rows[0]]) for site in sites]}
