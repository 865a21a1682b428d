"""What the workflow of defect energies keeps: ``defect_energies.json``."""

import json
from collections.abc import Sequence
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.records.files import reading, write
from lnmo_atoms.records.packing import pack, plain, unpack
from lnmo_atoms.results import DefectResult

DEFECTS = "lnmo_atoms defect energies"
DEFECTS_FILE = "defect_energies.json"
"""Where a study's folder keeps what its last workflow gave."""


def save_defects(results: Sequence[DefectResult], path: str | Path) -> None:
    """Write results of defects in one bulk, whole or not at all.

    Raises:
        RequestError: where the file cannot be written.
    """
    records = [pack(result) for result in results]
    bulks = {json.dumps(record.pop("bulk"), default=plain) for record in records}
    write(Path(path), DEFECTS, list(bulks), records)


def load_defects(path: str | Path) -> list[DefectResult]:
    """Read what :func:`save_defects` wrote; the results share one ``Structure`` of the bulk.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    with reading(Path(path), DEFECTS) as document:
        bulks = [Structure.from_dict(bulk) for bulk in document["bulks"]]
        return [unpack(DefectResult, record, bulk=bulks[0]) for record in document["records"]]
