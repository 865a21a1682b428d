"""Force calls and barrier of both hops of ordered LNMO: our band against ASE's usual CI-NEB.

ASE's: improved tangent, climbing, IDPP guess, BFGS, spring 0.1 eV/Å², the same 7 images, limit
and end points. Run by hand: python tests/benchmarks/band.py
"""

import warnings

import numpy as np
from ase.mep.neb import NEB
from ase.optimize import BFGS

import lnmo_atoms as la
from lnmo_atoms.builders.paths import StateSymmetry, displacements, path_images, state_cell
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.tasks import band, relax
from lnmo_atoms.tasks.gauge import Gauge

FMAX = 0.05


def guess(bulk, hop, spec):
    """Path between relaxed end points."""
    before, after = frozenset({hop.end}), frozenset({hop.start})
    relaxed = relax(state_cell(bulk, before), spec, fmax=0.02).structure
    around_before = displacements(bulk, relaxed, before)
    ((around_after, _), *_) = StateSymmetry(bulk).carried(around_before, before, after)
    return path_images(bulk, hop, before, around_before, around_after, 7)


def usual(images, spec):
    """Barrier and force calls of ASE's way."""
    chain = [la.to_atoms(image) for image in images]
    for atoms in chain:
        atoms.calc = Gauge(spec.calculator())
    path = NEB(chain, climb=True, method="improvedtangent")
    path.interpolate("idpp")
    converged = BFGS(path, logfile=None).run(fmax=FMAX, steps=300)
    energies = np.array([atoms.get_potential_energy() for atoms in chain])
    return energies.max() - energies[0], sum(a.calc.evaluations for a in chain), converged


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    spec = CalculatorSpec.parse("chgnet")
    bulk = relax(la.ordered_spinel(), spec, fmax=0.01, cell=True).structure
    for hop in la.find_hops(bulk):
        images = guess(bulk, hop, spec)
        ours = band(images, spec, fmax=FMAX)
        barrier, calls, converged = usual(images, spec)
        print(
            f"{hop.label}: ours {np.ptp(ours.energies):.3f} eV, {ours.force_calls} calls; "
            f"ASE {barrier:.3f} eV, {calls} calls{'' if converged else ' (not converged)'}; "
            f"ratio {calls / ours.force_calls:.1f}"
        )
