"""``study.json``: how each run of a study was started, and with what."""

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json
from lnmo_atoms.calculators import CalculatorSpec

FORMAT = "lnmo_atoms study"
SCHEMA = 1
REFINEMENT = "refinement"
"""Workflow of a run whose engine is a second one, on geometries of the first."""
WRITTEN_ANEW = {"surface energies": "surfaces", "migration barriers": "hops"}
"""Results by the workflow that writes them anew, without what a refinement had added to them."""
COLLECTION = "collect"
"""Workflow of a run that reads what an engine has done elsewhere, in the folder it names."""
ENGINES = ("chgnet", "torch", "gpaw")
PACKAGES = ("lnmo_atoms", "ase", "pymatgen", "spglib", "numpy", "scipy", *ENGINES)


def read_runs(path: Path) -> list[dict[str, Any]]:
    """The runs that a study.json tells of; none where there is no such file.

    Raises:
        RequestError: where the file is not ours.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError):
        document = None
    ours = isinstance(document, dict) and isinstance(document.get("runs"), list)
    if not ours or (document.get("format"), document.get("schema")) != (FORMAT, SCHEMA):
        raise RequestError(
            f"{path} is damaged or not ours: delete it to keep the results beside it, or take "
            "another folder for the study"
        )
    runs: list[dict[str, Any]] = document["runs"]
    return runs


def engines_of(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the engines whose numbers a study shows: that of its geometries, then refining ones.

    Args:
        runs: of :func:`read_runs`; of another shape they raise LookupError and its like.
    """
    first: list[str] = []
    second: dict[str, str] = {}
    for run in runs:
        recipe, engine = run["recipe"] or {}, str(run["engine"]["engine"])
        workflow = str(recipe.get("workflow"))
        if workflow == REFINEMENT:
            second[recipe.get("of", "")] = engine
        else:
            first = [engine]
            second.pop(WRITTEN_ANEW.get(workflow, ""), None)
    return [*first, *second.values()]


def append_run(
    path: Path,
    spec: CalculatorSpec,
    recipe: Mapping[str, Any] | None,
    command: Sequence[str],
    seeds: Mapping[str, int] | None,
) -> None:
    """Add one run to study.json, atomically."""
    run = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "recipe": recipe,
        "seeds": seeds,
        "engine": {
            "name": spec.engine(),
            **spec.fingerprint(),
            "options": dict(spec.options),
            "files": spec.files,
        },
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    document = {"format": FORMAT, "schema": SCHEMA, "runs": [*read_runs(path), run]}
    write_json(path, document)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
