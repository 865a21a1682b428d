"""What the workflow of orderings keeps."""

from collections.abc import Sequence
from pathlib import Path

from lnmo_atoms.records.files import reading, write
from lnmo_atoms.records.packing import pack, unpack
from lnmo_atoms.results import OrderingResult

ORDERINGS = "lnmo_atoms orderings"
ORDERINGS_FILE = "orderings.json"


def save_orderings(results: Sequence[OrderingResult], path: str | Path) -> None:
    """Write energies of orderings with their structures, whole or not at all.

    Args:
        results: any number of them.
        path: the file, replaced if it exists; its folder must exist.

    Raises:
        RequestError: where the file cannot be written.
    """
    write(Path(path), ORDERINGS, [], [pack(result) for result in results])


def load_orderings(path: str | Path) -> list[OrderingResult]:
    """Read what :func:`save_orderings` wrote.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), ORDERINGS) as document:
        return [unpack(OrderingResult, record) for record in document["records"]]
