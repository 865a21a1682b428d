"""Whether a run of VASP is relaxed as far as it was exported to be."""

import numpy as np

from lnmo_atoms.vasp.manifest import Kind
from lnmo_atoms.vasp.run import Run

DOWNHILL = (1, 2, 3)
"""IBRION of relaxations; those of the VTST tools are 3."""
CELL_AND_ATOMS = 3
"""ISIF."""
ROUNDING = 1.01
"""By which a force may exceed the criterion: files round it."""


def shortfall(run: Run, kind: Kind, criterion: float) -> str | None:
    """What a run lacks to be relaxed; None where it lacks nothing.

    In a fixed cell the forces decide, whatever ended the run. They do not tell of the stress on a
    cell, and a path is relaxed where the forces across it are small, with those of its springs:
    there VASP must have ended by its own criterion, EDIFFG, at least as strict as exported.

    Args:
        run: to be judged.
        kind: of its calculation.
        criterion: eV/Å, the largest force that was to be left, as exported.
    """
    if kind in {"cell", "hop"} and (line := _ended_otherwise(run, kind, criterion)):
        return line
    if kind == "hop":
        return None
    if kind == "slab" and not run.free.any():
        return "all its atoms were held in place by selective dynamics"
    if (left := largest_force(run, kind)) > ROUNDING * criterion:
        return f"forces up to {left:.3g} eV/Å are left, {criterion:g} was asked"
    return None


def largest_force(run: Run, kind: Kind) -> float:
    """EV/Å, on any atom; in a slab along the lattice vectors that it may move along.

    A slab may hold its middle in place. Anything else is compared where all its atoms are free.
    """
    if kind != "slab":
        return float(np.linalg.norm(run.forces, axis=1).max())
    along = (run.forces @ np.linalg.inv(run.lattice)) * run.free
    return float(np.linalg.norm(along @ run.lattice, axis=1).max())


def _ended_otherwise(run: Run, kind: Kind, criterion: float) -> str | None:
    """What ended a run if not the exported criterion."""
    ending = run.ending
    if ending.stopped:
        return "a STOPCAR ended it"
    if ending.method not in DOWNHILL:
        return f"it ran with IBRION = {ending.method}, which relaxes nothing"
    if kind == "cell" and ending.freedom != CELL_AND_ATOMS:
        return f"it ran with ISIF = {ending.freedom}, exported {CELL_AND_ATOMS}"
    in_outcar = float(f"{criterion:.0e}")  # which tells EDIFFG to one digit
    if not -ROUNDING * max(criterion, in_outcar) <= ending.limit < 0:
        return f"it ran with EDIFFG = {ending.limit:g}, exported {-criterion:g}"
    if run.steps >= ending.most:
        return f"its NSW = {ending.most} steps were not enough"
    return None
