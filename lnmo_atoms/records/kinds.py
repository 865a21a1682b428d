"""What each workflow of a study keeps: surfaces, disordered surfaces, hops, growing slabs."""

import json
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from lnmo_atoms.records.files import reading, write
from lnmo_atoms.records.packing import pack, plain, unpack
from lnmo_atoms.results import (
    DisorderedSurfaceResult,
    HopResult,
    SurfaceResult,
    ThicknessResult,
)

SURFACES = "lnmo_atoms surfaces"
DISORDERED_SURFACES = "lnmo_atoms disordered surfaces"
HOPS = "lnmo_atoms hops"
THICKNESS = "lnmo_atoms thickness"

SURFACES_FILE = "surfaces.json"
DISORDERED_SURFACES_FILE = "disordered_surfaces.json"
HOPS_FILE = "hops.json"
THICKNESS_FILE = "thickness.json"
"""Where a study's folder keeps what its last workflows gave."""


def save_surfaces(results: Sequence[SurfaceResult], path: str | Path) -> None:
    """Write surface results, whole or not at all.

    Args:
        results: any number of them.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    records = [pack(result) for result in results]
    write(Path(path), SURFACES, _set_apart_bulks(records), records)


def load_surfaces(path: str | Path) -> list[SurfaceResult]:
    """Read what :func:`save_surfaces` wrote; results of one bulk share one ``Structure``.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), SURFACES) as document:
        return _unpack_surfaces(document["records"], _bulks(document))


def save_disordered_surfaces(results: Sequence[DisorderedSurfaceResult], path: str | Path) -> None:
    """Write results of disordered surfaces with all their samples, whole or not at all.

    Args:
        results: any number of them.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    records = [pack(result) for result in results]
    samples = [sample for record in records for sample in record["samples"]]
    write(Path(path), DISORDERED_SURFACES, _set_apart_bulks(samples), records)


def load_disordered_surfaces(path: str | Path) -> list[DisorderedSurfaceResult]:
    """Read what :func:`save_disordered_surfaces` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), DISORDERED_SURFACES) as document:
        bulks = _bulks(document)
        return [
            unpack(
                DisorderedSurfaceResult,
                record,
                samples=tuple(_unpack_surfaces(record["samples"], bulks)),
            )
            for record in document["records"]
        ]


def save_hops(results: Sequence[HopResult], bulk: Structure, path: str | Path) -> None:
    """Write hop results with the bulk that they are hops of, whole or not at all.

    Args:
        results: any number of them.
        bulk: relaxed; the hops' sites are its sites.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    bulks = [json.dumps(bulk.as_dict(), default=plain)]
    write(Path(path), HOPS, bulks, [pack(result) for result in results])


def load_hops(path: str | Path) -> list[HopResult]:
    """Read what :func:`save_hops` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), HOPS) as document:
        return [unpack(HopResult, record) for record in document["records"]]


def load_hop_bulk(path: str | Path) -> Structure:
    """Read the bulk whose hops :func:`save_hops` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), HOPS) as document:
        (bulk,) = _bulks(document)
        return bulk


def save_thickness(result: ThicknessResult, path: str | Path) -> None:
    """Write the result of a series of slabs of growing thickness, whole or not at all.

    Raises:
        RequestError: where the file cannot be written.
    """
    record = pack(result)
    write(Path(path), THICKNESS, _set_apart_bulks(record["slabs"]), [record])


def load_thickness(path: str | Path) -> ThicknessResult:
    """Read what :func:`save_thickness` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), THICKNESS) as document:
        (record,) = document["records"]
        slabs = tuple(_unpack_surfaces(record["slabs"], _bulks(document)))
        return typing.cast("ThicknessResult", unpack(ThicknessResult, record, slabs=slabs))


def _set_apart_bulks(records: list[dict[str, Any]]) -> list[str]:
    """Every distinct bulk once, as JSON; in the records, its place in that list stays."""
    bulks: list[str] = []
    for record in records:
        bulk = json.dumps(record["bulk"], default=plain)
        if bulk not in bulks:
            bulks.append(bulk)
        record["bulk"] = bulks.index(bulk)
    return bulks


def _bulks(document: Mapping[str, Any]) -> list[Structure]:
    return [Structure.from_dict(bulk) for bulk in document["bulks"]]


def _unpack_surfaces(
    records: Sequence[Mapping[str, Any]], bulks: Sequence[Structure]
) -> list[SurfaceResult]:
    return [unpack(SurfaceResult, record, bulk=bulks[record["bulk"]]) for record in records]
