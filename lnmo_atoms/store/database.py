"""``results.db``, an ASE database on SQLite with one row per task."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ase.db
from ase import Atoms

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_atomically

MARK = {"lnmo_atoms": {"schema": 1}}
"""Metadata by which the file is known as ours."""


class ResultsFile:
    """The database; a file that is not ours is refused by every method."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self.path = path

    def check(self) -> None:
        """Refuse a file that is not ours."""
        self.data(status="none")

    def create(self) -> None:
        """Make an empty database where there is none."""
        if not self.path.exists():
            # made aside: SQLite makes it in many steps, and a kill may come between any two
            with self._errors_in_words():
                write_atomically(self.path, _fill)

    def data(self, **where: str) -> list[dict[str, Any]]:
        """Data of the rows whose columns have these values, in order of writing."""
        if not self.path.exists():
            return []
        with self._open() as database:
            return [dict(row.data) for row in database.select(**where)]

    def columns(self) -> list[dict[str, Any]]:
        """Columns of every row, in order of writing: far faster than the rows themselves."""
        if not self.path.exists():
            return []
        with self._open(), contextlib.closing(_read_only(self.path)) as database:
            found = database.execute("SELECT key_value_pairs FROM systems ORDER BY id").fetchall()
        return [json.loads(text) for (text,) in found]

    def write(
        self, key: str, atoms: Atoms, columns: Mapping[str, Any], data: Mapping[str, Any]
    ) -> None:
        """Write the row of one task; an earlier row with its key is replaced in one step."""
        self.create()
        with self._open() as database:
            old = next(database.select(key=key), None)
            database.write(
                atoms, {"key": key, **columns}, dict(data), id=None if old is None else old.id
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        """An open connection, committed at the end.

        Raises:
            RequestError: where the file is not ours or cannot be read or written.
        """
        with self._errors_in_words():
            ours = _is_ours(self.path)
        if not ours:
            raise RequestError(
                f"{self.path} is damaged or not ours: move it away to calculate anew, or take "
                "another folder for the study"
            )
        with self._errors_in_words(), _connect(self.path) as database:
            yield database

    @contextlib.contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        """Whatever SQLite, the disk, or a row that cannot be decoded raises, as one line."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, LookupError, TypeError) as error:
            raise RequestError(
                f"cannot use {self.path}: {error}; if it is damaged, move it away to calculate anew"
            ) from error


def _is_ours(path: Path) -> bool:
    """Look for our mark; ASE would add its tables to a stranger's database on looking at it."""
    with contextlib.closing(_read_only(path)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE name = 'information'").fetchall()
        if not tables:
            return False
        marks = db.execute("SELECT value FROM information WHERE name = 'metadata'").fetchall()
    return any(json.loads(mark) == MARK for (mark,) in marks)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _connect(path: Path) -> Any:
    return ase.db.connect(path, type="db", use_lock_file=False)


def _fill(path: Path) -> None:
    with _connect(path) as database:
        database.metadata = MARK
    with contextlib.closing(sqlite3.connect(path)) as tables:  # ASE looks through every row's key
        tables.execute("CREATE INDEX by_value ON text_key_values (key, value)")
        tables.commit()
