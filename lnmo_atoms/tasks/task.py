"""A calculation as data: it can be keyed, sent to another process, and run there."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal

import numpy as np
from ase.calculators.calculator import CalculationFailed
from pymatgen.core import Structure
from typing_extensions import TypeVar

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import BandResult, HessianResult, TaskResult
from lnmo_atoms.tasks.band import band
from lnmo_atoms.tasks.evaluation import engine_changed
from lnmo_atoms.tasks.files import CHECKPOINT, NOTEBOOK, STARTED
from lnmo_atoms.tasks.hessian import hessian
from lnmo_atoms.tasks.relax import relax
from lnmo_atoms.tasks.static import static

SCHEMA = 2
"""Of what a task does; a change in it makes every finished calculation count as another one."""

ENERGY_DIGITS = 6
"""Decimals of the end points' energies in eV: the last digits vary from run to run."""

R = TypeVar("R", bound=TaskResult | BandResult | HessianResult, default=Any)


@dataclass(frozen=True, eq=False)
class Task(Generic[R]):
    """One calculation to do.

    Attributes:
        name: for people, such as ``"relax 111-a"``.
        kind: which function does it.
        structures: one, or the images of a band.
        spec: the engine.
        options: keyword arguments of that function.
    """

    name: str
    kind: Literal["static", "relax", "band", "hessian"]
    structures: tuple[Structure, ...]
    spec: CalculatorSpec
    options: Mapping[str, Any]

    @staticmethod
    def static(
        name: str,
        structure: Structure,
        spec: CalculatorSpec,
        *,
        forces: bool = False,
        moments: bool = True,
    ) -> "Task[TaskResult]":
        """See :func:`lnmo_atoms.tasks.static`."""
        options = {"forces": forces, "moments": moments}
        return Task(name, "static", (structure,), spec, options)

    @staticmethod
    def relax(
        name: str,
        structure: Structure,
        spec: CalculatorSpec,
        *,
        fmax: float = 0.05,
        steps: int = 500,
        cell: bool = False,
    ) -> "Task[TaskResult]":
        """See :func:`lnmo_atoms.tasks.relax`."""
        options = {"fmax": fmax, "steps": steps, "cell": cell}
        return Task(name, "relax", (structure,), spec, options)

    @staticmethod
    def band(
        name: str,
        images: Sequence[Structure],
        spec: CalculatorSpec,
        *,
        end_energies: Sequence[float],
        mirror: Mapping[str, Any] | None = None,
        fmax: float = 0.05,
        steps: int = 60,
    ) -> "Task[BandResult]":
        """See :func:`lnmo_atoms.tasks.band`."""
        energies = [round(float(energy), ENERGY_DIGITS) for energy in end_energies]
        options = {"end_energies": energies, "mirror": mirror, "fmax": fmax, "steps": steps}
        return Task(name, "band", tuple(images), spec, options)

    @staticmethod
    def hessian(name: str, structure: Structure, spec: CalculatorSpec) -> "Task[HessianResult]":
        """See :func:`lnmo_atoms.tasks.hessian`."""
        return Task(name, "hessian", (structure,), spec, {})

    @cached_property
    def key(self) -> str:
        """Hash of all that decides the result: two tasks with one key are one calculation."""
        document = {
            "schema": SCHEMA,
            "kind": self.kind,
            "structures": [_canonical(structure) for structure in self.structures],
            "options": dict(self.options),
            "engine": self.spec.fingerprint(),
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def require_same_engine(self) -> None:
        """Refuse an engine that is no longer the one of the key.

        Raises:
            CalculationFailed: where its source, or a file or folder that its options name, has
                changed.
        """
        if replace(self).key != self.key:
            raise engine_changed(self.spec)


def _canonical(structure: Structure) -> dict[str, Any]:
    """What an engine sees of a structure, in units of 1e-8 so that no last digit matters."""
    atoms = to_atoms(structure)
    seen = {
        "cell": atoms.cell.array,
        "positions": atoms.positions,
        "charges": atoms.get_initial_charges(),
        "moments": atoms.get_initial_magnetic_moments(),
    }
    return {
        **{name: np.rint(array * 1e8).astype(np.int64).tolist() for name, array in seen.items()},
        "numbers": atoms.numbers.tolist(),
        "pbc": atoms.pbc.tolist(),
        "fixed": structure.site_properties.get("selective_dynamics"),
    }


def execute(task: Task[R], folder: Path) -> R:
    """Do a task; this is what workers run.

    Args:
        task: what to do.
        folder: of this task alone; its checkpoint is continued from and kept up to date.

    Raises:
        CalculationFailed: where the engine gives no finite numbers, or is not the one of the key:
            its source, or a file or folder that its options name, has changed meanwhile.
    """
    (folder / STARTED).touch()
    task.require_same_engine()
    checkpoint = folder / CHECKPOINT
    options: dict[str, Any] = dict(task.options)
    result: Any
    with task.spec.renewed_on_failure():
        if task.kind == "band":
            result = band(task.structures, task.spec, checkpoint=folder / NOTEBOOK, **options)
        elif task.kind == "hessian":
            result = hessian(task.structures[0], task.spec, checkpoint=folder / NOTEBOOK)
        elif task.kind == "relax":
            result = relax(task.structures[0], task.spec, checkpoint=checkpoint, **options)
        else:
            result = static(task.structures[0], task.spec, folder=folder, **options)
    try:
        task.require_same_engine()
    except CalculationFailed:
        checkpoint.unlink(missing_ok=True)  # the geometry may come from both
        raise
    return result  # type: ignore[no-any-return]


ESTIMATED = frozenset({"chgnet", "emt"})
"""Engines that take about as long as :func:`cost` says, or less."""
STATIC_SECONDS = 0.10 / 56
"""Per atom: CHGNet's energy on one core; linear in the atoms."""
STEP_SECONDS = 0.23 / 56
"""Per atom: the same with forces; stress comes with them at no cost."""
RELAX_STEPS = {False: 20, True: 10}
"""Evaluations of a usual relaxation, without and with the cell (a bulk near its minimum)."""
BAND_STEPS = {False: 7, True: 4}
"""Evaluations of a usual path for each image between its ends, without and with a mirror."""
PROOF_STEPS = 20


def cost(task: Task[Any]) -> float:
    """Rough seconds of a task with CHGNet on one core, to compare tasks with each other."""
    atoms = len(task.structures[0])
    if task.kind == "static":
        return atoms * (STEP_SECONDS if task.options["forces"] else STATIC_SECONDS)
    if task.kind == "relax":
        return atoms * STEP_SECONDS * RELAX_STEPS[bool(task.options["cell"])]
    if task.kind == "hessian":
        return 6 * atoms**2 * STEP_SECONDS
    inner = len(task.structures) - 2
    path = BAND_STEPS[task.options["mirror"] is not None] * inner
    return atoms * STEP_SECONDS * (path + PROOF_STEPS)
