"""One driver at a time."""

import contextlib
import sqlite3
from pathlib import Path

from lnmo_atoms.builders.errors import RequestError

GLANCE = 0.5
"""Seconds to wait for one who only looks whether the lock is held."""


class Lock:
    """Held by one process; it falls when that process ends, in whatever way.

    SQLite's own lock does it, on every platform. A file with a process number would survive a
    kill, and that number may belong to another process by then.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Args:
            path: file for this lock alone; its folder must exist.

        Raises:
            RequestError: where another driver holds it, or the file cannot be written.
        """
        try:
            self._connection = sqlite3.connect(path, timeout=GLANCE, isolation_level=None)
        except sqlite3.Error as error:
            raise RequestError(f"cannot write {path}: {error}") from error
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
            path.touch()
        except sqlite3.Error as error:
            self._connection.close()
            if "locked" in str(error):
                raise RequestError(
                    f"another run is at work on the study {path.parent}: wait until it ends, or "
                    "take another folder"
                ) from error
            raise RequestError(f"cannot use {path}: {error}") from error

    def release(self) -> None:
        """Let the next driver in."""
        self._connection.close()


def held_since(path: Path) -> float | None:
    """When the lock was taken that a run holds, as a file's time; None where no run is at work."""
    with contextlib.suppress(OSError):
        since = path.stat().st_mtime
        address = f"{path.absolute().as_uri()}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
                connection.execute("SELECT name FROM sqlite_master").fetchall()
        except sqlite3.Error as error:
            return since if "locked" in str(error) else None
    return None
