"""Results of surfaces and hops on disk: JSON, read back bit for bit.

A file is one object: ``format`` and ``schema`` say what it is, ``bulks`` holds every distinct bulk
once, ``records`` one result per line, with the unit in the name of every number that has one.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.slabs import Certificate, Flip
from lnmo_atoms.results import DisorderedSurfaceResult, HopResult, SurfaceResult

SCHEMA = 1
"""Raised whenever a file of the old shape could be misread."""

SURFACES = "lnmo_atoms surfaces"
DISORDERED_SURFACES = "lnmo_atoms disordered surfaces"
HOPS = "lnmo_atoms hops"

SURFACES_FILE = "surfaces.json"
DISORDERED_SURFACES_FILE = "disordered_surfaces.json"
HOPS_FILE = "hops.json"
"""Where a study's folder keeps what its last workflows gave."""

NAMES: Mapping[type, Mapping[str, str]] = types.MappingProxyType(
    {
        SurfaceResult: {
            "energy_unrelaxed": "energy_unrelaxed_eV",
            "energy": "energy_eV",
            "bulk_energy": "bulk_energy_eV_per_formula_unit",
            "gamma_unrelaxed": "gamma_unrelaxed_J_per_m2",
            "gamma": "gamma_J_per_m2",
        },
        DisorderedSurfaceResult: {
            "gamma_unrelaxed": "gamma_unrelaxed_J_per_m2",
            "standard_error_unrelaxed": "standard_error_unrelaxed_J_per_m2",
            "gamma": "gamma_J_per_m2",
            "standard_error": "standard_error_J_per_m2",
            "bulk_energy": "bulk_energy_eV_per_formula_unit",
            "bulk_standard_error": "bulk_standard_error_eV_per_formula_unit",
        },
        Certificate: {
            "total_charge": "total_charge_e",
            "dipole": "dipole_e_per_A",
            "area": "area_A2",
            "thickness_asked": "thickness_asked_A",
            "thickness": "thickness_A",
            "vacuum": "vacuum_A",
        },
        Flip: {"residual": "residual_A"},
        HopResult: {
            "barrier": "barrier_eV",
            "barrier_reverse": "barrier_reverse_eV",
            "octahedron_energy": "octahedron_energy_eV",
            "path": "path_A",
            "energies": "energies_eV",
        },
        Hop: {"length": "length_A"},
    }
)
"""Field of a dataclass → its name in the file, where the two differ."""


def save_surfaces(results: Sequence[SurfaceResult], path: str | Path) -> None:
    """Write surface results, whole or not at all.

    Args:
        results: any number of them.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    records = [_pack(result) for result in results]
    _write(Path(path), SURFACES, _set_apart_bulks(records), records)


def load_surfaces(path: str | Path) -> list[SurfaceResult]:
    """Read what :func:`save_surfaces` wrote; results of one bulk share one ``Structure``.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    document = _read(Path(path), SURFACES)
    with _Reading(Path(path)):
        bulks = [Structure.from_dict(bulk) for bulk in document["bulks"]]
        return _unpack_surfaces(document["records"], bulks)


def save_disordered_surfaces(results: Sequence[DisorderedSurfaceResult], path: str | Path) -> None:
    """Write results of disordered surfaces with all their samples, whole or not at all.

    Args:
        results: any number of them.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    records = [_pack(result) for result in results]
    samples = [sample for record in records for sample in record["samples"]]
    _write(Path(path), DISORDERED_SURFACES, _set_apart_bulks(samples), records)


def load_disordered_surfaces(path: str | Path) -> list[DisorderedSurfaceResult]:
    """Read what :func:`save_disordered_surfaces` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    document = _read(Path(path), DISORDERED_SURFACES)
    with _Reading(Path(path)):
        bulks = [Structure.from_dict(bulk) for bulk in document["bulks"]]
        return [
            _unpack(
                DisorderedSurfaceResult,
                record,
                samples=tuple(_unpack_surfaces(record["samples"], bulks)),
            )
            for record in document["records"]
        ]


def save_hops(results: Sequence[HopResult], path: str | Path) -> None:
    """Write hop results, whole or not at all.

    Args:
        results: any number of them.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    _write(Path(path), HOPS, [], [_pack(result) for result in results])


def load_hops(path: str | Path) -> list[HopResult]:
    """Read what :func:`save_hops` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    document = _read(Path(path), HOPS)
    with _Reading(Path(path)):
        return [_unpack(HopResult, record) for record in document["records"]]


# --- the file ---------------------------------------------------------------------------------


def _write(path: Path, kind: str, bulks: list[str], records: list[dict[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(r, ensure_ascii=False, default=_plain) for r in records)
    head = json.dumps({"format": kind, "schema": SCHEMA})[:-1]
    text = f'{head},\n"bulks": [{", ".join(bulks)}],\n"records": [\n{lines}\n]}}\n'
    write_text_atomically(path, text)


def _set_apart_bulks(records: list[dict[str, Any]]) -> list[str]:
    """Every distinct bulk once, as JSON; in the records, its place in that list stays."""
    bulks: list[str] = []
    for record in records:
        bulk = json.dumps(record["bulk"], default=_plain)
        if bulk not in bulks:
            bulks.append(bulk)
        record["bulk"] = bulks.index(bulk)
    return bulks


def _unpack_surfaces(
    records: Sequence[Mapping[str, Any]], bulks: Sequence[Structure]
) -> list[SurfaceResult]:
    return [_unpack(SurfaceResult, record, bulk=bulks[record["bulk"]]) for record in records]


def _plain(value: object) -> object:
    """NumPy scalars and arrays inside a Structure's properties, as JSON knows them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written to a result file")


def _read(path: Path, kind: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RequestError(f"there is no file {path}") from error
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise RequestError(
            f"{path} is damaged or not ours: repeat the command that made it, which calculates "
            "nothing twice"
        ) from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != kind:
        raise RequestError(f"{path} is not a file of {kind.replace('lnmo_atoms ', '')}")
    if document.get("schema") != SCHEMA:
        raise RequestError(
            f"{path} has schema {document.get('schema')}, this lnmo_atoms reads {SCHEMA}: "
            "use the version that wrote it, or compute anew"
        )
    return typing.cast("dict[str, Any]", document)


class _Reading:
    """Turns any misfit between file and dataclass into one clear line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        if isinstance(error, KeyError | IndexError | TypeError | ValueError | AttributeError):
            raise RequestError(f"{self.path} is damaged: {error}") from error


# --- one record -------------------------------------------------------------------------------


def _pack(record: Any) -> dict[str, Any]:
    """Fields of a dataclass under their names in the file, structures last."""
    names = NAMES.get(type(record), {})
    packed = {
        names.get(field.name, field.name): _pack_value(getattr(record, field.name))
        for field in dataclasses.fields(record)
    }
    return dict(sorted(packed.items(), key=lambda item: isinstance(item[1], dict | list)))


def _pack_value(value: Any) -> Any:
    if isinstance(value, Structure):
        return value.as_dict()
    if dataclasses.is_dataclass(value):
        return _pack(value)
    if isinstance(value, np.ndarray | np.generic):
        return _pack_value(value.tolist())
    if isinstance(value, tuple | list):
        return [_pack_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _unpack(kind: type, packed: Mapping[str, Any], **given: object) -> Any:
    """A dataclass from its packed fields; ``given`` ones are taken as they are."""
    hints, names = typing.get_type_hints(kind), NAMES.get(kind, {})
    values: dict[str, object] = dict(given)
    for field in dataclasses.fields(kind):
        if field.name not in given:
            name = names.get(field.name, field.name)
            values[field.name] = _unpack_value(hints[field.name], packed[name])
    return kind(**values)


def _unpack_value(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _unpack_value(inner[0], value)
    if hint is Structure:
        return Structure.from_dict(value)
    if dataclasses.is_dataclass(hint):
        return _unpack(typing.cast("type", hint), value)
    if origin is np.ndarray:
        dtype = typing.get_args(inner[1])[0]
        return np.array(value, dtype=int if dtype is np.integer else dtype)
    if origin is tuple:
        hints = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_unpack_value(h, v) for h, v in zip(hints, value, strict=True))
    return _unpack_scalar(hint, value)


def _unpack_scalar(hint: type, value: Any) -> Any:
    if hint is float:
        return float(value)
    if not isinstance(value, hint):
        raise TypeError(f"{value!r} stands where a {hint.__name__} is expected")
    return value
