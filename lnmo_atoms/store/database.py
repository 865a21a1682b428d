"""``results.db``, an ASE database on SQLite with one row per task."""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ase.db
from ase import Atoms

from lnmo_atoms.builders.files import write_atomically
from lnmo_atoms.store.sqlite import MARK, errors_in_words, require_ours


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
            with errors_in_words(self.path):
                write_atomically(self.path, _create)

    def data(self, **where: str) -> list[dict[str, Any]]:
        """Data of the rows whose columns have these values, in order of writing."""
        if not self.path.exists():
            return []
        with self._open() as database:
            return [dict(row.data) for row in database.select(**where)]

    def write(
        self, key: str, atoms: Atoms, columns: Mapping[str, Any], data: Mapping[str, Any]
    ) -> None:
        """Write the row of one task; an earlier row with its key is replaced in one step."""
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
        require_ours(self.path)
        with errors_in_words(self.path), _connect(self.path) as database:
            yield database


def _connect(path: Path) -> Any:
    return ase.db.connect(path, type="db", use_lock_file=False)


def _create(path: Path) -> None:
    with _connect(path) as database:
        database.metadata = MARK
    with contextlib.closing(sqlite3.connect(path)) as tables:  # ASE looks through every row's key
        tables.execute("CREATE INDEX by_value ON text_key_values (key, value)")
        tables.commit()
