"""A file that a group of processes writes together, whole or not at all."""

import contextlib
from pathlib import Path
from typing import IO, Any


class DensityFile:
    """Takes all that is written to it and raises no error of the disk, but keeps the first one.

    One process of the group holds the file: were an error to take it out of the writing, the others
    would wait for it for ever. There is no ``fileno``, so that NumPy's arrays come through here.

    Attributes:
        error: what kept the file from being written; None as long as nothing did.
    """

    def __init__(self, path: Path) -> None:
        """Open a hidden file beside the path, which is to take its place."""
        self._path, self._new = path, path.with_name(f".{path.name}")
        self._file: IO[bytes] | None = None
        self.error: OSError | None = None
        try:
            self._file = self._new.open("wb")
        except OSError as error:
            self.error = error

    def write(self, data: bytes) -> None:
        """Like those below, as of any file."""
        self._tried("write", data)

    def seek(self, offset: int, whence: int = 0) -> None:
        """Where to write next."""
        self._tried("seek", offset, whence)

    def tell(self) -> int:
        """Where that is; 0 once it does not matter any more."""
        return int(self._tried("tell") or 0)

    def flush(self) -> None:
        """Out of the buffer."""
        self._tried("flush")

    def close(self) -> None:
        """After the last word."""
        self._tried("close")

    def settle(self) -> OSError | None:
        """Put the file in its place if it is whole, leave nothing of it if not.

        Returns:
            the error, if there was one.
        """
        try:
            if self.error is None:
                self._new.replace(self._path)
        except OSError as error:
            self.error = error
        if self.error is not None:
            with contextlib.suppress(OSError):
                self._new.unlink(missing_ok=True)
        return self.error

    def _tried(self, name: str, *args: Any) -> Any:
        if self.error is not None or self._file is None:
            return None
        try:
            return getattr(self._file, name)(*args)
        except OSError as error:
            self.error = error
            with contextlib.suppress(OSError):  # what the buffer still holds finds no room, either
                self._file.close()
            return None
