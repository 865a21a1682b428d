"""Relax the 14-atom ordering with PBE+U, two minutes on a core: python structures/gpaw/relax.py.

Γ alone, plane waves to 500 eV, in the fixed cell of experiment: a geometry to try DFT on, not one
to quote.
"""

import sys
from pathlib import Path

import lnmo_atoms as la
from lnmo_atoms.tasks import relax

start = la.read(Path(__file__).parents[1] / "ordered-R-3m-primitive.vasp")
found = relax(start, la.CalculatorSpec.parse("gpaw", kpts=[1, 1, 1]), fmax=0.02)
for suffix in ("cif", "vasp"):
    la.write(found.structure, f"{sys.argv[1] if len(sys.argv) > 1 else 'made'}.{suffix}")
