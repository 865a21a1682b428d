"""Quasi-random LNMO of 448 atoms: seconds and what is left of the deviations, ours and the peers'.

The 128 metal sites of a 2×2×2 cell, a quarter nickel; four orbits of pairs and the triangle of
nearest neighbours. All are judged by one function, the sum of the deviations' sizes. icet anneals
the same orbits for 3,000 steps; sqsgenerator tries a million random draws of three shells of pairs,
it has no triangles and cannot tell the two kinds of third neighbours apart. Set-up, such as a
cluster space or what is compiled, is not timed. Run by hand:

    pip install icet sqsgenerator && python tests/benchmarks/quasirandom.py
"""

import logging
import time
from importlib.util import find_spec
from statistics import median

import numpy as np
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.clusters import metal_sites
from lnmo_atoms.builders.quasirandom import arrange_nickel, disorder_figures
from lnmo_atoms.builders.quasirandom.long_range import SITES_4B

A = 8.1726
CELL = (2, 2, 2)
SITES = metal_sites(CELL) * A / 4
NICKEL = len(SITES) // 4
SEEDS = {"ours": 50, "icet": 20, "sqsgenerator": 8}
ICET_STEPS = 3_000
SQSGENERATOR_DRAWS = 1_000_000


def ours(seed):
    """Seconds, nickel's places."""
    begin = time.perf_counter()
    order = arrange_nickel(CELL, NICKEL, "sqs", 0.0, np.random.default_rng(seed))
    return time.perf_counter() - begin, SITES[order[:NICKEL]]


def icets(seed):
    """Seconds, nickel's places: annealed towards the random cluster vector, the cell as ours."""
    from ase import Atoms
    from icet import ClusterSpace
    from icet.tools.structure_generation import generate_sqs_from_supercells

    faces = (np.ones((3, 3)) - np.eye(3)) * A / 2
    primitive = Atoms("Mn4", positions=np.array(SITES_4B) * A / 4, cell=faces, pbc=True)
    space = ClusterSpace(primitive, [0.72 * A, 0.36 * A], ["Mn", "Ni"])
    cell = Atoms(f"Mn{len(SITES)}", positions=SITES, cell=[2 * A] * 3, pbc=True)
    shares = {"Ni": 1 / 4, "Mn": 3 / 4}
    begin = time.perf_counter()
    found = generate_sqs_from_supercells(
        space, [cell], shares, n_steps=ICET_STEPS, random_seed=seed + 1
    )
    seconds = time.perf_counter() - begin
    return seconds, found.positions[found.symbols == "Ni"]


def sqsgenerators(seed):
    """Seconds, nickel's places: the best of random draws, from its own random numbers."""
    import sqsgenerator

    del seed
    settings = sqsgenerator.parse_config(
        {
            "structure": {
                "lattice": (np.eye(3) * 2 * A).tolist(),
                "coords": (SITES / (2 * A)).tolist(),
                "species": ["Ni"] * NICKEL + ["Mn"] * (len(SITES) - NICKEL),
            },
            "composition": [{"Ni": NICKEL, "Mn": len(SITES) - NICKEL}],
            "shell_weights": {1: 1.0, 2: 1.0, 3: 1.0},
            "iterations": SQSGENERATOR_DRAWS,
        }
    )
    begin = time.perf_counter()
    found = sqsgenerator.optimize(settings).best().structure()
    seconds = time.perf_counter() - begin
    nickel = np.array([symbol == "Ni" for symbol in found.symbols])
    return seconds, np.array(found.frac_coords)[nickel] * 2 * A


def left_over(nickel):
    """Sum of the sizes of all five deviations, and the order parameter S."""
    on_nickel = np.abs((SITES[:, None] - nickel + A) % (2 * A) - A).max(axis=2).min(axis=1) < 0.1
    species = np.where(on_nickel, "Ni", "Mn").tolist()
    cell = Structure(Lattice.cubic(2 * A), species, SITES, coords_are_cartesian=True)
    figures = disorder_figures(cell)
    assert on_nickel.sum() == NICKEL
    correlations = np.array([orbit.correlation for orbit in figures.orbits])
    target = np.array([1 / 4] * 4 + [-1 / 8])
    return np.abs(correlations - target).sum(), figures.order


def main():
    """Print the table."""
    logging.disable(logging.WARNING)
    ours(0)
    peers = {"ours": ours, "icet": icets, "sqsgenerator": sqsgenerators}
    titles = "seconds", "slowest", "ratio", "exact", "left over", "S"
    print(f"{'':14}" + "".join(f"{title:>10}" for title in titles))
    mine = None
    for name, method in peers.items():
        if name != "ours" and not find_spec(name):
            continue
        seconds, places = zip(*(method(seed) for seed in range(SEEDS[name])), strict=True)
        left, orders = zip(*map(left_over, places), strict=True)
        mine = mine or median(seconds)
        exact = f"{sum(deviation < 1e-9 for deviation in left)}/{len(left)}"
        print(
            f"{name:14}{median(seconds):10.4f}{max(seconds):10.4f}{median(seconds) / mine:10.0f}"
            f"{exact:>10}{np.mean(left):10.4f}{np.mean(orders):10.3f}"
        )


if __name__ == "__main__":
    main()
