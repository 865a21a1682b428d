"""Files that are there whole or not at all."""

import json
import os
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from lnmo_atoms.builders.errors import RequestError


def file_name(text: str) -> str:
    """A text as part of a file's name: signs that could lead into another folder become dashes."""
    return re.sub(r"[^\w.+-]+", "-", text)


def legible(text: str) -> bool:
    """Whether it is free of signs that command a terminal or turn the line's direction."""
    return not any(unicodedata.category(sign) in {"Cc", "Cf"} for sign in text)


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a new file beside ``path``, then put it in place in one step.

    A reader, or a run killed half-way, sees the old file or the new one, never a part.

    Args:
        path: where the file shall be; its folder must exist.
        write: creates the file whose path it is given; the suffix is that of ``path``.

    Raises:
        RequestError: where the folder is missing or cannot be written.
    """
    new = path.with_name(f".{path.stem}-{uuid4().hex[:8]}{path.suffix}")
    try:
        write(new)
        new.replace(path)
    except OSError as error:
        raise RequestError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, whole or not at all, see :func:`write_atomically`."""

    def fill(new: Path) -> None:
        with new.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())

    write_atomically(path, fill)


def write_json(path: Path, content: object) -> None:
    """Write what people may want to read as JSON, whole or not at all.

    Raises:
        RequestError: where the folder is missing or cannot be written.
        ValueError: for numbers that are not finite.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_text_atomically(path, text + "\n")
