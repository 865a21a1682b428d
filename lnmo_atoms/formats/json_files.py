"""JSON as pymatgen writes it, and as ASE does (its JSON database, of which the first row counts).

A file may name any class to be built on reading. Before either package sees it, it is searched
for such names and for arrays larger than their data: only data are let through.
"""

import json
import logging
import math
import re
import tempfile
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.db import connect
from ase.db.row import AtomsRow
from ase.io.jsonio import decode
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.atoms import site_array, to_atoms, to_structure
from lnmo_atoms.formats.sites import plain, warnings_to

log = logging.getLogger(__name__)

SAFE_MODULES = re.compile(r"pymatgen\.(core|electronic_structure)\.|numpy$")
SAFE_TYPES = re.compile(r"bool|u?int\d+|float\d+|object|<U\d{1,3}")
ROW_ARRAYS = {"tags", "masses", "momenta", "initial_charges", "initial_magmoms"}
"""Arrays for which a row of ASE's database has a place of its own."""


def format_pymatgen(structure: Structure) -> str:
    """The JSON of pymatgen: everything is kept."""
    return str(structure.to_json())


def format_ase(structure: Structure) -> str:
    """ASE's JSON database of one row; site properties beyond ASE's own go into the row's data.

    Raises:
        RequestError: for a partially occupied site, or charges or moments on some sites only.
    """
    atoms = to_atoms(structure)
    data = {
        "site_properties": {
            name: plain(array)
            for name, array in atoms.arrays.items()
            if name not in ROW_ARRAYS | {"numbers", "positions"}
        },
        "properties": plain_tree(structure.properties),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "row.json")
        connect(path, use_lock_file=False).write(atoms, data=data)
        return path.read_text(encoding="utf-8")


def plain_tree(tree: Any) -> Any:
    """Dictionaries of NumPy objects, at any depth, as plain Python objects."""
    if isinstance(tree, dict):
        return {key: plain_tree(value) for key, value in tree.items()}
    return plain(tree)


def parse_json(text: str) -> Structure:
    """The structure of a JSON file of pymatgen or of ASE; its content tells which.

    Raises:
        RequestError: where it is neither, or is no JSON.
    """
    try:
        tree = json.loads(text)
    except ValueError as exc:
        raise RequestError(f"it is no JSON ({exc}): it may be cut off") from exc
    if not isinstance(tree, dict):
        raise RequestError("it holds no structure of pymatgen or ASE")
    refuse_unsafe(tree)
    with warnings_to(log):
        if "lattice" in tree and "sites" in tree:
            return Structure.from_dict(tree)
        if tree.get("__ase_objtype__") == "atoms":
            return to_structure(decode(text))
        if "ids" in tree or "1" in tree:
            return to_structure(_first_row(decode(text)))
    raise RequestError("it holds no structure of pymatgen or ASE")


def refuse_unsafe(tree: Any) -> None:
    """Refuse names of foreign classes and arrays that claim more values than they list.

    Raises:
        RequestError: naming the class.
    """
    if isinstance(tree, dict):
        module = tree.get("@module", "numpy")
        if not (isinstance(module, str) and SAFE_MODULES.match(module)):
            raise RequestError(f"it asks for an object of {str(module)[:40]!r}: not built")
        if "__ndarray__" in tree:
            shape, kind, values = tree["__ndarray__"]
            if math.prod(shape) != len(values) or not SAFE_TYPES.fullmatch(kind):
                raise RequestError(f"it has a malformed array of shape {str(shape)[:40]}")
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        refuse_unsafe(item)


def _first_row(database: dict[Any, Any]) -> Atoms:
    ids = plain(database.get("ids", [1]))
    if not ids:
        raise RequestError("the database is empty")
    if len(ids) > 1:
        log.warning("the file holds %d structures: the first is read", len(ids))
    row = AtomsRow(database[ids[0]])
    atoms: Atoms = row.toatoms()
    atoms.calc = None
    for name, values in row.data.get("site_properties", {}).items():
        atoms.arrays[name] = site_array(plain(values))
    atoms.info = dict(row.data.get("properties", {}))
    return atoms
