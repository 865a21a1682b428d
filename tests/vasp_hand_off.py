"""A hand-off of ordered LNMO that VASP has finished: one slab, one end point and two paths."""

import numpy as np
from pymatgen.io.vasp.inputs import Incar
from vasp_files import Shown, run_vasp

from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.results import EV_PER_A2
from lnmo_atoms.vasp import collect_vasp, export_vasp

E_BULK = -401.2
"""eV, of the 56-atom cell: four formula units."""
GAMMA_CUT, GAMMA = 1.2, 0.9
"""J/m²."""
BARRIERS = (0.25, 0.31)
"""eV."""
EDGE = 8.166


def slab_energy(gamma, edge=EDGE):
    """eV, of six formula units with two (100) faces of one cell each."""
    return 6 / 4 * E_BULK + 2 * edge**2 * gamma / EV_PER_A2


def shift(atoms, size=0.05):
    return size * np.random.default_rng(3).normal(size=(atoms, 3))


RUNS = {
    "bulk": Shown([E_BULK + 0.1, E_BULK], shift=0.0),
    "slab-100-a": Shown([slab_energy(GAMMA_CUT), slab_energy(GAMMA)], shift=shift(84)),
    "end-point-1": Shown([-390.0, -390.5], shift=shift(55, 0.02)),
}


def run_paths(root, names):
    """Every image one after the other: the octahedron is the top."""
    for name, barrier in zip(names, BARRIERS, strict=True):
        for i, share in enumerate((0.4, 1.0, 0.4), 1):
            energy = -390.5 + share * barrier
            run_vasp(root / name / f"{i:02d}", Shown([energy + 0.1, energy]), root / name)


def finish(root, edge=EDGE):
    """Export a crystal of this lattice parameter into a folder and run all."""
    bulk = ordered_spinel(edge)
    export_vasp(bulk, root, [(1, 0, 0)], find_hops(bulk), fixed_cell=True)
    for name, shown in RUNS.items():
        run_vasp(root / name, shown)
    run_paths(root, collect_vasp(root).written)


def troubles(found):
    return {f.folder: " | ".join(f.troubles) for f in found.findings if f.troubles}


def change(folder, **tags):
    incar = Incar.from_file(folder / "INCAR")
    incar.update(tags)
    incar.write_file(folder / "INCAR")
