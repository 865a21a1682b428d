"""Energy of a geometry as it stands."""

import time
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import TaskResult
from lnmo_atoms.tasks.gauge import Gauge


def static(
    structure: Structure,
    spec: CalculatorSpec,
    *,
    forces: bool = False,
    moments: bool = True,
    folder: Path | None = None,
) -> TaskResult:
    """Energy of a geometry as it stands.

    Args:
        structure: with whole atoms.
        spec: the engine.
        forces: compute them too.
        moments: compute them too, where the engine has any.
        folder: for the engine's files, from which it goes on after a stop; None keeps none.

    Raises:
        CalculationFailed: where the engine gives no finite numbers.
    """
    started = time.perf_counter()
    atoms = to_atoms(structure)
    atoms.calc = gauge = Gauge(spec.calculator(folder))
    # what costs most comes first: an engine that has computed it knows the rest
    on_atoms = np.array(atoms.get_forces(apply_constraint=False)) if forces else None
    of_atoms = gauge.moments(atoms) if moments else None
    return TaskResult(
        energy=float(atoms.get_potential_energy()),
        structure=structure.copy(),
        forces=on_atoms,
        moments=of_atoms,
        converged=True,
        steps=0,
        force_calls=gauge.evaluations,
        seconds=time.perf_counter() - started,
    )
