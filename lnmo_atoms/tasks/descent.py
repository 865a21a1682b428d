"""Downhill with as few evaluations as possible: what relaxations and bands share."""

from typing import Any

from ase.optimize import LBFGS

from lnmo_atoms.tasks.journal import Journal

CURVATURE = 20.0
"""eV/Å², first guess of the energy's curvature.

That of the stiffest mode of LNMO, the A1g stretch of Mn–O at 633 cm⁻¹: mass of oxygen times its
angular frequency squared is 24 eV/Å². ASE's default of 70 takes about twice as many steps.
"""


def descend(target: Any, journal: Journal, *, fmax: float, steps: int) -> bool:
    """Move a target of ASE's optimizers downhill until its largest force is below ``fmax``.

    Args:
        target: atoms, a cell filter, or a band.
        journal: counts steps and writes the checkpoint.
        fmax: eV/Å.
        steps: at most, those before a restart included.

    Returns:
        whether the forces fell below ``fmax``.
    """
    optimizer = LBFGS(target, alpha=CURVATURE, logfile=None)  # type: ignore[arg-type]
    converged = False
    for i, state in enumerate(
        optimizer.irun(fmax=fmax, steps=max(0, steps - journal.effort.steps))
    ):
        converged = bool(state)
        if i > 0:
            journal.step()
    journal.write()
    return converged
