"""Canonical Monte Carlo of Ni and Mn on 16d: attempted moves per second, ours, icet's and smol's.

A cube of 6×6×6 cells (12,096 atoms, of which 3,456 are metals), four orbits of pairs and the
triangle of nearest neighbours, at 1000 K on one core; the peers get the metal sublattice alone,
which is less work for them. Ours measures energy, order and correlations after every 3,456
attempts: a quarter swaps, as all of the peers' are, half nearest neighbours, a quarter rings.
Set-up is all that comes before the first move. Run by hand:

    pip install icet smol && python tests/benchmarks/ordering_monte_carlo.py
"""

import time
from importlib.util import find_spec

import numpy as np
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from lnmo_atoms.analyzers.order_disorder import LatticeModel, canonical_monte_carlo

A = 8.1726
CELLS = 6
TEMPERATURE = 1000.0
PAIRS, TRIANGLES = 0.73 * A, 0.36 * A
"""Å: cutoffs that keep the same five orbits."""
SWEEPS = 2_000
STEPS = {"icet": 10_000, "smol": 20_000}
MODEL = LatticeModel(
    0.0,
    {"pair 1": 0.095, "pair 2": 0.007, "pair 3a": 0.006, "pair 3b": 0.006, "triangle 1": 0.0137},
)


def metals():
    """The sixteen metal sites of the cubic cell."""
    return Structure.from_spacegroup("Fd-3m:2", Lattice.cubic(A), ["Mn"], [[0.5] * 3])


def nickel_sites(sites):
    """A quarter, at random."""
    return np.random.default_rng(0).permutation(sites)[: sites // 4]


def ours():
    """Seconds of set-up, attempted moves per second."""
    cell = (CELLS,) * 3
    canonical_monte_carlo(MODEL, (1, 1, 1), [TEMPERATURE], sweeps=20)  # compiled, once and for all
    begin = time.perf_counter()
    canonical_monte_carlo(MODEL, cell, ())
    set_up = time.perf_counter() - begin
    run = canonical_monte_carlo(MODEL, cell, [TEMPERATURE], sweeps=SWEEPS)
    return set_up, run.moves_per_second


def icets():
    """The same of icet's mchammer."""
    from icet import ClusterExpansion, ClusterSpace
    from mchammer.calculators import ClusterExpansionCalculator
    from mchammer.ensembles import CanonicalEnsemble

    begin = time.perf_counter()
    primitive = AseAtomsAdaptor.get_atoms(metals().get_primitive_structure())
    space = ClusterSpace(primitive, [PAIRS, TRIANGLES], ["Mn", "Ni"])
    weights = [orbit["multiplicity"] for orbit in space.as_list]
    energies = np.array([0.0, 0.0, *MODEL.interactions.values()])
    expansion = ClusterExpansion(space, np.array(weights) * energies)
    large = AseAtomsAdaptor.get_atoms(metals()).repeat(CELLS)
    symbols = np.full(len(large), "Mn")
    symbols[nickel_sites(len(large))] = "Ni"
    large.set_chemical_symbols(list(symbols))
    calculator = ClusterExpansionCalculator(large, expansion)
    ensemble = CanonicalEnsemble(large, calculator, TEMPERATURE, random_seed=1)
    set_up = time.perf_counter() - begin
    begin = time.perf_counter()
    ensemble.run(STEPS["icet"])
    return set_up, STEPS["icet"] / (time.perf_counter() - begin)


def smols():
    """The same of smol."""
    from smol.cofe import ClusterExpansion, ClusterSubspace
    from smol.moca import Ensemble, Sampler

    begin = time.perf_counter()
    primitive = metals().get_primitive_structure()
    primitive.replace_species({"Mn": {"Ni": 0.25, "Mn": 0.75}})
    space = ClusterSubspace.from_cutoffs(primitive, {2: PAIRS, 3: TRIANGLES}, basis="sinusoid")
    expansion = ClusterExpansion(space, np.array([0.0, 0.0, *MODEL.interactions.values()]))
    matrix = np.linalg.solve(primitive.lattice.matrix.T, CELLS * A * np.eye(3)).T
    ensemble = Ensemble.from_cluster_expansion(expansion, np.rint(matrix).astype(int))
    sampler = Sampler.from_ensemble(ensemble, temperature=TEMPERATURE, step_type="swap", seeds=[1])
    set_up = time.perf_counter() - begin
    occupancy = np.zeros(ensemble.num_sites, dtype=int)
    occupancy[nickel_sites(len(occupancy))] = 1
    sampler.run(100, occupancy)
    begin = time.perf_counter()
    sampler.run(STEPS["smol"], occupancy, thin_by=STEPS["smol"] // 10)
    return set_up, STEPS["smol"] / (time.perf_counter() - begin)


def main():
    """Print the table."""
    own_set_up, own_rate = ours()
    print(f"{'':8} {'set-up / s':>10} {'attempts/s':>12} {'ratio':>8}")
    print(f"{'ours':8} {own_set_up:10.2f} {own_rate:12.3g}")
    for name, run in (("icet", icets), ("smol", smols)):
        if find_spec(name):
            set_up, rate = run()
            print(f"{name:8} {set_up:10.2f} {rate:12.3g} {own_rate / rate:8.0f}")


if __name__ == "__main__":
    main()
