"""Relaxation of a crystal, a slab, or a defect's cell."""

import warnings
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.filters import FrechetCellFilter
from pymatgen.core import Lattice, Structure

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import TaskResult
from lnmo_atoms.tasks.descent import descend
from lnmo_atoms.tasks.gauge import Gauge
from lnmo_atoms.tasks.journal import Journal


def relax(
    structure: Structure,
    spec: CalculatorSpec,
    *,
    fmax: float = 0.05,
    steps: int = 500,
    cell: bool = False,
    checkpoint: Path | None = None,
) -> TaskResult:
    """Relax the atoms, and the cell if asked.

    The cell's strain is weighed so that its curvature is like that of the atoms: converged means
    that volume times stress is below ``fmax`` times the square root of the number of atoms.

    Args:
        structure: with whole atoms; ``selective_dynamics`` holds atoms in place.
        spec: the engine.
        fmax: eV/Å.
        steps: at most, those before a restart included.
        cell: relax the cell too.
        checkpoint: file to continue from and to keep up to date, the engine's files beside it;
            None keeps none.

    Returns:
        the last geometry, converged or not.

    Raises:
        CalculationFailed: where the engine gives no finite numbers.
    """
    atoms = to_atoms(structure)
    atoms.calc = gauge = Gauge(spec.calculator(checkpoint and checkpoint.parent))
    journal = Journal(checkpoint, [atoms])
    # asks for the stress before the forces: an engine then computes both in one go
    target = FrechetCellFilter(atoms, exp_cell_factor=np.sqrt(len(atoms))) if cell else atoms
    with warnings.catch_warnings():
        # SciPy warns of a relative error of 1e-13 in the logarithm of the cell's strain
        warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
        converged = descend(target, journal, fmax=fmax, steps=steps)
    forces = np.array(atoms.get_forces(apply_constraint=False))
    energy = float(atoms.get_potential_energy())
    moments = gauge.moments(atoms)
    effort = journal.effort
    return TaskResult(
        energy=energy,
        structure=moved(structure, atoms),
        forces=forces,
        moments=moments,
        converged=converged,
        steps=effort.steps,
        force_calls=effort.force_calls,
        seconds=effort.seconds,
    )


def moved(structure: Structure, atoms: Atoms) -> Structure:
    """The structure, all its charges, moments and labels included, where the atoms now are."""
    return Structure(
        Lattice(atoms.cell.array, pbc=structure.lattice.pbc),
        structure.species,
        atoms.positions,
        coords_are_cartesian=True,
        site_properties=structure.site_properties,
        labels=structure.labels,
        properties=structure.properties,
    )
