"""Networks made by hand, and what tests of the kinetics compare with."""

from dataclasses import dataclass, replace

import numpy as np

from lnmo_atoms.analyzers.kinetics import BOLTZMANN, HopNetwork

A = 4.0
"""Å, of every cubic cell here."""

FCC = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
BASES = {
    "simple cubic": np.zeros((1, 3)),
    "bcc": np.array([[0, 0, 0], [0.5, 0.5, 0.5]]),
    "diamond": np.concatenate([FCC, FCC + 0.25]),
}
NEIGHBOURS = {"simple cubic": (6, 1.0), "bcc": (8, np.sqrt(3) / 2), "diamond": (4, np.sqrt(3) / 4)}
"""Number and distance in A."""


def lattice(name, barrier=0.3):
    """All sites equal, all nearest neighbours joined."""
    sites, distance = BASES[name], NEIGHBOURS[name][1]
    cells = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T
    edges = {}
    for i, a in enumerate(sites):
        for j, b in enumerate(sites):
            for cell in cells:
                if abs(np.linalg.norm(b + cell - a) - distance) < 1e-6:
                    forth, back = (i, j, *map(int, cell)), (j, i, *map(int, -cell))
                    edges[min(forth, back)] = None
    return network(np.eye(3) * A, sites, list(edges), np.zeros(len(sites)), barrier)


def network(vectors, sites, edges, energies, saddles):
    table = np.array(edges)
    return HopNetwork(
        lattice=np.array(vectors, dtype=float),
        sites=np.array(sites, dtype=float),
        site_energies=np.array(energies, dtype=float),
        start=table[:, 0],
        end=table[:, 1],
        image=table[:, 2:],
        saddle_energies=np.broadcast_to(np.array(saddles, dtype=float), len(table)).copy(),
    )


def disordered(regular, seed, width=0.1, lowest=0.2):
    """The same hops with energies drawn at random."""
    rng = np.random.default_rng(seed)
    return replace(
        regular,
        site_energies=width * rng.random(len(regular)),
        saddle_energies=lowest + 2 * width * rng.random(len(regular.start)),
    )


def by_pseudoinverse(walk, temperature, frequency=1e13):
    """D in cm²/s from Boltzmann weights and the pseudoinverse of the rate matrix, as textbooks do:
    Haus and Kehr, Phys. Rep. 150, 263 (1987)."""
    beta = 1 / (BOLTZMANN * temperature)
    weight = np.exp(-beta * walk.site_energies)
    weight /= weight.sum()
    n = len(walk)
    flux, drift, bare = np.zeros((n, n)), np.zeros((n, 3)), np.zeros((3, 3))
    for e, step in enumerate(walk.steps):
        for i, j, d in ((walk.start[e], walk.end[e], step), (walk.end[e], walk.start[e], -step)):
            barrier = walk.saddle_energies[e] - walk.site_energies[i]
            c = weight[i] * frequency * np.exp(-beta * barrier)
            flux[i, j] += c
            flux[i, i] -= c
            drift[i] += c * d
            bare += 0.5 * c * np.outer(d, d)
    return 1e-16 * (bare + drift.T @ np.linalg.pinv(flux) @ drift)


@dataclass(frozen=True)
class ToyEquivalent:
    start: int
    end: int
    end_image: np.ndarray
