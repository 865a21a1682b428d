"""``results.db`` as SQLite sees it, far faster than ASE: whose it is, and its rows' columns."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lnmo_atoms.builders.errors import RequestError

MARK = {"lnmo_atoms": {"schema": 1}}
"""Metadata by which the file is known as ours."""
COLUMNS_AND_CAUSES = """
SELECT key_value_pairs, CASE WHEN id IN (
    SELECT id FROM text_key_values WHERE key = 'status' AND value = 'failed'
) THEN data END FROM systems ORDER BY id
"""
"""Of the data, which are long, only those that say why a task failed."""

UNREADABLE = (
    ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MemoryError
)  # fmt: skip
"""What comes of rows that we did not write."""


@contextlib.contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """Whatever SQLite, the disk, or a row that cannot be decoded raises, as one line."""
    try:
        yield
    except (sqlite3.Error, OSError, *UNREADABLE) as error:
        raise RequestError(
            f"cannot use {path}: {error}; if it is damaged, move it away to calculate anew"
        ) from error


def require_ours(path: Path) -> None:
    """Look for our mark; ASE would add its tables to a stranger's database on looking at it.

    Raises:
        RequestError: where the file is not ours or cannot be read.
    """
    with errors_in_words(path), contextlib.closing(_opened(path)) as database:
        ours = _is_ours(database)
    if not ours:
        raise RequestError(
            f"{path} is damaged or not ours: move it away to calculate anew, or take "
            "another folder for the study"
        )


def columns_and_causes(path: Path) -> list[tuple[dict[str, Any], dict[str, str] | None]]:
    """Columns of every row in order of writing; of a failed task its name and the cause as well.

    There are none before the first task has ended, and no file.

    Raises:
        RequestError: where the file is not ours or cannot be read.
    """
    if not path.exists():
        return []
    require_ours(path)
    with errors_in_words(path), contextlib.closing(_opened(path)) as database:
        found = database.execute(COLUMNS_AND_CAUSES).fetchall()
        return [(json.loads(pairs), data and _object(data)) for pairs, data in found]


def _is_ours(database: sqlite3.Connection) -> bool:
    tables = "SELECT name FROM sqlite_master WHERE name = 'information'"
    if not database.execute(tables).fetchall():
        return False
    marks = database.execute("SELECT value FROM information WHERE name = 'metadata'").fetchall()
    return any(json.loads(mark) == MARK for (mark,) in marks)


def _object(data: bytes) -> dict[str, str]:
    """What ``ase.db.core.object_to_bytes`` made of an object without arrays.

    The first eight bytes say where its JSON begins.
    """
    content: dict[str, str] = json.loads(data[int.from_bytes(data[:8], "little") :])
    return content


def _opened(path: Path) -> sqlite3.Connection:
    """For reading; never made.

    A driver killed in the midst of writing leaves a journal, which SQLite plays back on reading if
    it may write; where it may not, it opens the file for reading alone by itself.
    """
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
