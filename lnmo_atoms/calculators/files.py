"""Files and folders that the options of an engine name: potentials, pseudopotentials."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lnmo_atoms.builders.errors import RequestError

LIKE_A_FILE = re.compile(r"[^\s:]+\.[A-Za-z]\w*")
"""Text with the ending of a file: ``mine.model``, but neither ``0.3.0`` nor ``cuda:1``."""

MOST_FILES, MOST_BYTES = 10_000, 10e9
"""Of a folder whose content counts: the weights of a large model, but no disk full of data."""


def files_named(options: Mapping[str, Any]) -> dict[str, Path]:
    """Files and folders by the texts among the options that name them.

    A text names a file of the working directory, or of a folder that another option names, such
    as that of the pseudopotentials. Such a folder is not among those found: what counts of it are
    the files that the options name.
    """
    texts = set(_texts(options))
    folders = {text: Path(text) for text in sorted(texts) if os.path.isdir(text)}  # noqa: PTH112
    holders = {
        text: folder
        for text in texts
        for folder in reversed([Path(), *folders.values()])
        if os.path.isfile(folder / text)  # noqa: PTH113  (unlike Path's, takes a text of any length)
    }
    found = {text: folder / text for text, folder in holders.items()}
    found |= {text: path for text, path in folders.items() if path not in holders.values()}
    return {text: path.resolve() for text, path in found.items()}


def by_content(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, each text that names a file or folder replaced by the hash of what is in it.

    Raises:
        RequestError: for a folder that holds too much.
    """
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
        RequestError: naming the first such file and its option, or a folder that holds too much.
    """
    found = files_named(options)
    for name, value in options.items():
        for text in _texts(value):
            if text not in found and _means_a_file(text):
                raise RequestError(
                    f"there is no file {text!r}, which {engine} takes as {name}: give its path "
                    f"from {Path.cwd()} (what only looks like a file belongs into the factory)"
                )
    for path in found.values():
        if path.is_dir():
            _files_in(path)


def sha256(path: Path) -> str:
    """Hash of the content of a file, or of the names and contents of all files in a folder.

    It is computed again only for files that have changed.

    Raises:
        RequestError: for a folder that holds too much.
    """
    if path.is_dir():
        lines = (f"{sha256(file)} {file.relative_to(path).as_posix()}" for file in _files_in(path))
        return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()
    status = path.stat()
    return _sha256(path.resolve(), status.st_mtime_ns, status.st_size)


def _files_in(folder: Path) -> list[Path]:
    """All files in a folder and below it, also by links; no hidden ones and no Python caches.

    Raises:
        RequestError: where they are more than can be looked at for every key.
    """
    files: list[Path] = []
    size = 0
    for place, below, names in os.walk(folder, followlinks=True):
        below[:] = [name for name in below if name != "__pycache__" and name[0] != "."]
        here = [Path(place, name) for name in names if name[0] != "."]
        here = [path for path in here if path.is_file()]
        files += here
        size += sum(path.stat().st_size for path in here)
        if len(files) > MOST_FILES or size > MOST_BYTES:
            raise RequestError(
                f"the options name the folder {folder}, which counts by what is in it, and that is "
                f"more than {MOST_FILES} files or {MOST_BYTES / 1e9:.0f} GB: name the files that "
                "are used, or let the factory name the folder"
            )
    return sorted(files, key=Path.as_posix)


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
