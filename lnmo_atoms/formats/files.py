"""Reading and writing structure files, whatever their format."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.formats.cif_read import parse_cif
from lnmo_atoms.formats.cif_write import format_cif
from lnmo_atoms.formats.extxyz import format_extxyz, parse_extxyz
from lnmo_atoms.formats.json_files import format_ase, format_pymatgen, parse_json
from lnmo_atoms.formats.poscar import format_poscar, parse_poscar

READERS: Mapping[str, Callable[[str], Structure]] = MappingProxyType(
    {
        "cif": parse_cif,
        "poscar": parse_poscar,
        "extxyz": parse_extxyz,
        "json": parse_json,
        "ase-json": parse_json,
    }
)
WRITERS: Mapping[str, Callable[[Structure], str]] = MappingProxyType(
    {
        "cif": format_cif,
        "poscar": format_poscar,
        "extxyz": format_extxyz,
        "json": format_pymatgen,
        "ase-json": format_ase,
    }
)
SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".cif": "cif",
        ".vasp": "poscar",
        ".poscar": "poscar",
        ".contcar": "poscar",
        ".extxyz": "extxyz",
        ".xyz": "extxyz",
        ".json": "json",
    }
)

LARGEST_FILE = 100_000_000
"""Bytes."""
MOST_ATOMS = 1_000_000
LONGEST_EDGE = 10_000.0
"""Å."""
SMALLEST_VOLUME = 0.01
"""Å³ of the whole cell."""
FARTHEST = 1_000.0
"""Lattice vectors from the origin at which a coordinate is taken for a mistake."""


def read(path: str | os.PathLike[str]) -> Structure:
    """Read a crystal or slab from a file; suffix or name tell the format.

    ``.cif``; ``POSCAR…``, ``CONTCAR…``, ``.vasp``, ``.poscar``; ``.extxyz``, ``.xyz``; and
    ``.json``, of pymatgen or of ASE. Of several structures in one file the first is read, and a
    warning is logged. Coordinates are not wrapped, except those that a CIF's symmetry generates.

    Returns:
        with oxidation states, moments (``magmom``, μB) and site properties as far as the file
        has them.

    Raises:
        RequestError: one line saying what is wrong with the file.
    """
    path = Path(path)
    kind = _format(path)
    text = _text(path)
    try:
        structure = READERS[kind](text)
        _check(structure)
    except RequestError as exc:
        raise RequestError(f"{path}: {exc}") from exc
    except Exception as exc:  # other packages' parsers raise anything on a malformed file
        cause = " ".join(f"{type(exc).__name__} {exc}".split())[:120]
        raise RequestError(
            f"{path} cannot be read as {kind} ({cause}): check that the file is whole"
        ) from exc
    return structure


def write(
    structure: Structure,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    comments: Sequence[str] = (),
) -> None:
    """Write a structure to a file; an existing file is replaced only once the new one is whole.

    What the format cannot hold is logged: species, charges and moments as a warning, labels such
    as ``role`` in a POSCAR as information.

    Args:
        structure: sites in the order to be written (a POSCAR sorts them into blocks, see
            :func:`~lnmo_atoms.formats.poscar_order`).
        path: its suffix or name tells the format, as for :func:`read`; ``.ase.json`` is ASE's.
        format: ``"cif"``, ``"poscar"``, ``"extxyz"``, ``"json"`` (pymatgen's) or ``"ase-json"``,
            where the name does not tell.
        comments: put at the head of a CIF; the other formats have no room for them.

    Raises:
        RequestError: where the format is unknown, cannot hold the structure, or the file cannot
            be written.
    """
    _replace(Path(path), _written(structure, Path(path), format, comments))


def write_all(
    structure: Structure, paths: Sequence[str | os.PathLike[str]], comments: Sequence[str] = ()
) -> None:
    """Write a structure to several files, none of them unless each can hold it.

    Args:
        structure: see :func:`write`.
        paths: suffix or name tell the format of each.
        comments: put at the head of a CIF.

    Raises:
        RequestError: as :func:`write`, before anything is written.
    """
    texts = {Path(path): _written(structure, Path(path), None, comments) for path in paths}
    for path in texts:
        _require_place(path)
    for path, text in texts.items():
        _replace(path, text)


def _written(structure: Structure, path: Path, kind: str | None, comments: Sequence[str]) -> str:
    """The text of the file that this path names."""
    kind = _format(path) if kind is None else kind
    if kind not in WRITERS:
        raise RequestError(f"format {kind!r} is not known: use one of {', '.join(WRITERS)}")
    try:
        _check(structure)
        return format_cif(structure, comments) if kind == "cif" else WRITERS[kind](structure)
    except RequestError as exc:
        raise RequestError(f"{path} is not written: {exc}") from exc


def _format(path: Path) -> str:
    name = path.name.lower()
    if name.endswith(".ase.json"):
        return "ase-json"
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    if name.startswith(("poscar", "contcar")):
        return "poscar"
    raise RequestError(
        f"{path}: the name does not tell the format: use {', '.join(SUFFIXES)} or POSCAR"
    )


def _text(path: Path) -> str:
    """The text of a file, as UTF-8 or else Latin-1, with plain line ends."""
    if path.is_dir():
        raise RequestError(f"{path} is a folder: name a file in it")
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_FILE else b""
    except FileNotFoundError:
        raise RequestError(f"{path} does not exist: check the name") from None
    except (OSError, ValueError) as exc:
        raise RequestError(f"{path} cannot be read: {getattr(exc, 'strerror', exc)}") from exc
    if size > LARGEST_FILE:
        raise RequestError(f"{path} has {size:,} bytes: at most {LARGEST_FILE:,} are read")
    if not content.strip():
        raise RequestError(f"{path} is empty")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _require_place(path: Path) -> None:
    """Refuse a path whose folder is not there, or that is a folder itself."""
    try:
        has_folder = path.parent.is_dir()
    except OSError:
        has_folder = False
    if not has_folder:
        raise RequestError(f"cannot write {path}: there is no folder {path.parent}: make it first")
    if path.is_dir():
        raise RequestError(f"cannot write {path}: it is a folder: name a file in it")


def _replace(path: Path, text: str) -> None:
    """Put a whole file in place of what there was."""
    _require_place(path)
    try:
        write_text_atomically(path, text)
    except OSError as exc:
        raise RequestError(f"cannot write {path}: {exc.strerror or exc}") from exc


def _check(structure: Structure) -> None:
    """Refuse what is no crystal: no atoms, numbers that are not finite, absurd sizes."""
    if len(structure) == 0:
        raise RequestError("there are no atoms")
    if len(structure) > MOST_ATOMS:
        raise RequestError(f"{len(structure):,} atoms are more than {MOST_ATOMS:,}")
    matrix = structure.lattice.matrix
    if not np.isfinite(matrix).all():
        raise RequestError("the lattice has numbers that are not finite")
    edges = np.linalg.norm(matrix, axis=1)
    if edges.max() > LONGEST_EDGE or abs(np.linalg.det(matrix)) < SMALLEST_VOLUME:
        raise RequestError(
            f"the lattice vectors ({', '.join(f'{edge:.4g}' for edge in edges)} Å) "
            "span no crystal: check the cell"
        )
    coordinates = structure.frac_coords
    if not np.isfinite(coordinates).all() or np.abs(coordinates).max() > FARTHEST:
        raise RequestError("a coordinate is not finite or lies far outside the cell")
    charges = [getattr(s, "oxi_state", None) or 0.0 for s in structure.composition]
    if not np.isfinite(charges).all():
        raise RequestError("a charge is not finite")
    moments = [site.properties.get("magmom") for site in structure]
    if any(m is not None and not np.isfinite(np.asarray(m, float)).all() for m in moments):
        raise RequestError("a moment is not finite")
