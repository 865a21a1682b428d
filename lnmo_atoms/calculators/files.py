"""Files that the options of an engine name: potentials, pseudopotentials."""

import hashlib
import os.path
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lnmo_atoms.builders.errors import RequestError

LIKE_A_FILE = re.compile(r"[^\s:]+\.[A-Za-z]\w*")
"""Text with the ending of a file: ``mine.model``, but neither ``0.3.0`` nor ``cuda:1``."""


def files_named(options: Mapping[str, Any]) -> dict[str, Path]:
    """Files by the texts among the options that name them.

    A text names a file of the working directory, or of a folder that another option names, such
    as that of the pseudopotentials.
    """
    texts = set(_texts(options))
    folders = [Path(), *(Path(text) for text in sorted(texts) if os.path.isdir(text))]  # noqa: PTH112
    return {
        text: path.resolve()
        for text in texts
        for folder in reversed(folders)
        if os.path.isfile(path := folder / text)  # noqa: PTH113  (unlike Path's, takes a text of any length)
    }


def by_content(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, each text that names a file replaced by the hash of what is in it."""
    hashes = {text: {"sha256": sha256(path)} for text, path in files_named(options).items()}

    def replaced(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: replaced(item) for name, item in value.items()}
        if isinstance(value, list):
            return [replaced(item) for item in value]
        return hashes.get(value, value) if isinstance(value, str) else value

    return {name: replaced(value) for name, value in options.items()}


def require_files(engine: str, options: Mapping[str, Any]) -> None:
    """Refuse options that name files which do not exist.

    Args:
        engine: for the message.
        options: of its factory.

    Raises:
        RequestError: naming the first such file and its option.
    """
    found = files_named(options)
    for name, value in options.items():
        for text in _texts(value):
            if text not in found and _means_a_file(text):
                raise RequestError(
                    f"there is no file {text!r}, which {engine} takes as {name}: give its path "
                    f"from {Path.cwd()} (what only looks like a file belongs into the factory)"
                )


def sha256(path: Path) -> str:
    """Hash of a file's content, computed again only when the file has changed."""
    status = path.stat()
    return _sha256(path.resolve(), status.st_mtime_ns, status.st_size)


@cache
def _sha256(path: Path, changed: int, size: int) -> str:
    del changed, size
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _means_a_file(text: str) -> bool:
    """It looks like a file's name, and is neither a folder, nor a program, nor an address."""
    return bool(
        LIKE_A_FILE.fullmatch(text)
        and not os.path.isdir(text)  # noqa: PTH112
        and "://" not in text
        and shutil.which(text) is None
    )


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of an option."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
