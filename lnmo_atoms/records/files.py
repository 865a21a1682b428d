"""The JSON file that holds records: named, versioned, written whole or not at all."""

import json
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.formats.json_files import refuse_unsafe
from lnmo_atoms.records.packing import plain

SCHEMA = 3
"""Raised whenever a file of the old shape could be misread."""


def write(path: Path, kind: str, bulks: list[str], records: list[dict[str, Any]]) -> None:
    """Write records of one kind with the bulks that they refer to."""
    lines = ",\n".join(json.dumps(r, ensure_ascii=False, default=plain) for r in records)
    head = json.dumps({"format": kind, "schema": SCHEMA})[:-1]
    text = f'{head},\n"bulks": [{", ".join(bulks)}],\n"records": [\n{lines}\n]}}\n'
    write_text_atomically(path, text)


@contextmanager
def reading(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """For ``with``: the file's object; any misfit between it and a dataclass is one clear line.

    It is data alone, whatever class the file may name.

    Raises:
        RequestError: where the file is missing, damaged, or of another kind or schema, or asks for
            an object of a foreign class.
    """
    document = _read(path, kind)
    try:
        refuse_unsafe(document)
        yield document
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RequestError(f"{path} is damaged: {error}") from error


def _read(path: Path, kind: str) -> dict[str, Any]:
    """The file's object.

    Raises:
        RequestError: where the file is missing, damaged, or of another kind or schema.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RequestError(f"there is no file {path}") from error
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"{path} is damaged or not ours: move it away and repeat the command that made it, "
            "which calculates nothing twice"
        ) from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != kind:
        raise RequestError(f"{path} is not a file of {kind.replace('lnmo_atoms ', '')}")
    if document.get("schema") != SCHEMA:
        raise RequestError(
            f"{path} has schema {document.get('schema')}, this lnmo_atoms reads {SCHEMA}: "
            "use the version that wrote it, or move it away and compute anew"
        )
    return typing.cast("dict[str, Any]", document)
