"""Minimum-energy path between two end points by a climbing-image nudged elastic band.

Improved tangents: Henkelman and Jónsson, J. Chem. Phys. 113, 9978 (2000); climbing image:
Henkelman, Uberuaga and Jónsson, J. Chem. Phys. 113, 9901 (2000).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase.mep.neb import NEB
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import BandResult
from lnmo_atoms.tasks.descent import descend
from lnmo_atoms.tasks.gauge import Gauge
from lnmo_atoms.tasks.journal import Journal
from lnmo_atoms.tasks.relax import moved

SPRING = 5.0
"""eV/Å², as stiff as the softer modes of the crystal. ASE's default of 0.1 lets images slide off
the barrier within the forces' tolerance and took four times the evaluations on a poor path."""
CLIMB_BELOW = 0.3
"""eV/Å, the band's largest force below which its highest image climbs."""


def band(
    images: Sequence[Structure],
    spec: CalculatorSpec,
    *,
    fmax: float = 0.05,
    steps: int = 200,
    climb: bool = True,
    checkpoint: Path | None = None,
) -> BandResult:
    """Relax a path between two end points that stay as they are.

    Args:
        images: first guess, end points included, atoms in one order. Coordinates are taken as
            they stand, so an ion may leave the cell; neighbouring images lie less than half a
            cell apart.
        spec: the engine.
        fmax: eV/Å, across the band.
        steps: at most, those before a restart included.
        climb: drive the highest image to the saddle.
        checkpoint: file to continue from and to keep up to date; None keeps none.

    Returns:
        the last path, converged or not.

    Raises:
        RequestError: for fewer than three images, or images that differ in atoms or cell.
        CalculationFailed: where the engine gives no finite numbers.
    """
    _check(images)
    chain = [to_atoms(image) for image in images]
    engine = spec.calculator()
    for atoms in chain:
        atoms.calc = Gauge(engine)
    journal = Journal(checkpoint, chain)
    path = NEB(chain, k=SPRING, method="improvedtangent", climb=False)
    converged = descend(path, journal, fmax=max(fmax, CLIMB_BELOW) if climb else fmax, steps=steps)
    if climb and converged:
        path.climb = True
        converged = descend(path, journal, fmax=fmax, steps=steps)
    energies = np.array([atoms.get_potential_energy() for atoms in chain])
    moments = [atoms.calc.moments(atoms) for atoms in chain]
    inner = [moved(image, atoms) for image, atoms in zip(images, chain, strict=True)][1:-1]
    effort = journal.effort
    return BandResult(
        images=(images[0].copy(), *inner, images[-1].copy()),
        energies=energies,
        moments=None if moments[0] is None else np.array(moments),
        converged=converged,
        steps=effort.steps,
        force_calls=effort.force_calls,
        seconds=effort.seconds,
    )


def _check(images: Sequence[Structure]) -> None:
    if len(images) < 3:
        raise RequestError(
            f"a band needs at least 3 images, end points included, not {len(images)}"
        )
    first = images[0]
    for i, image in enumerate(images):
        if image.species != first.species:
            raise RequestError(f"image {i} has other atoms than image 0, or another order of them")
        if not np.allclose(image.lattice.matrix, first.lattice.matrix, rtol=0, atol=1e-8):
            raise RequestError(f"image {i} has another cell than image 0")
