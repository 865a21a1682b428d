"""Command collect: what an engine that runs elsewhere has finished."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lnmo_atoms.cli.options import DEFAULT_STUDY, Json, StudyFolder
from lnmo_atoms.cli.screen import complain, counted, note, print_json, table
from lnmo_atoms.vasp import collect_vasp


def collect(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of lnmo export.")],
    study: StudyFolder = DEFAULT_STUDY,
    json: Json = False,
) -> int:
    """Read finished VASP runs into a study, and write the folders that follow from them.

    Exit code 1 as long as something is unfinished or does not match; what is finished is kept.
    lnmo compare then works on the study as on any other.

    Example: lnmo collect vasp --study my-study
    """
    found = collect_vasp(folder, study)
    if json:
        print_json(
            {
                "folders": [asdict(finding) for finding in found.findings],
                "written": list(found.written),
                "surfaces": len(found.surfaces),
                "hops": len(found.hops),
            }
        )
    else:
        table(
            f"{folder}: {counted(len(found.findings), 'calculation')}",
            ("folder", "kind", "energy\neV", "steps", "finished"),
            [(f.folder, f.kind, f.energy, f.steps, not f.troubles) for f in found.findings],
        )
    for finding in found.findings:
        for trouble in finding.troubles:
            complain(f"{finding.folder}: {trouble}")
    if found.written:
        note(f"written, to run now: {', '.join(found.written)}")
    if found.surfaces or found.hops:
        note(
            f"{counted(len(found.surfaces), 'slab')} and {counted(len(found.hops), 'hop')} in "
            f"{study}: lnmo compare {study}"
        )
    return 0 if found.complete else 1
