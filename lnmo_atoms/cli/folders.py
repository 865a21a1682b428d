"""Folders that commands write to."""

from pathlib import Path

from lnmo_atoms.builders.errors import RequestError


def make_folder(path: Path) -> Path:
    """The folder for a command's files, made if need be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"cannot make the folder {path}: {error.strerror}") from error
    return path
