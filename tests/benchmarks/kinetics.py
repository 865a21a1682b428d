"""Kinetic Monte Carlo on the diamond lattice of lithium: events per second, ours and kMCpy's.

Half of the sites filled, barriers drawn at random, one core; memory is what the process has grown
by. kMCpy is timed in its own event library, state and loop (selection, update, no trackers), with
the cheapest model there is: a rate that is read from a table. Run by hand:

    pip install kmcpy && python tests/benchmarks/kinetics.py
"""

import itertools
import logging
import resource
import time
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np

from lnmo_atoms.analyzers.kinetics import BOLTZMANN, HopNetwork, monte_carlo

A = 8.17
TEMPERATURE = 300.0
FREQUENCY = 1e13
LARGEST = 8
"""Repeats that kMCpy is asked for: its matrix of dependent events compares all with all."""
EVENTS = {"ours": 2_000_000, "kMCpy": 2_000}


def diamond(repeats):
    """Eight sites a cell, repeated, with random saddles."""
    faces = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    sites = np.concatenate([faces, faces + 0.25])
    edges = [
        (i, j, *cell)
        for i, j in itertools.product(range(4), range(4, 8))
        for cell in itertools.product((-1, 0), repeat=3)
        if np.linalg.norm(sites[j] + cell - sites[i]) < 0.44
    ]
    table = np.array(edges)
    flat = HopNetwork(
        np.eye(3) * A, sites, np.zeros(8), table[:, 0], table[:, 1], table[:, 2:], np.full(16, 0.3)
    )
    large = flat.repeated((repeats,) * 3)
    saddles = np.random.default_rng(0).uniform(0.2, 0.4, len(large.start))
    return HopNetwork(
        large.lattice,
        large.sites,
        large.site_energies,
        large.start,
        large.end,
        large.image,
        saddles,
    )


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(network, pair_energies=()):
    """Events per second."""
    options = {"seed": 1, "pair_energies": pair_energies}
    return monte_carlo(
        network, 0.5, TEMPERATURE, events=EVENTS["ours"], **options
    ).events_per_second


def kmcpys(network):
    """Events per second of kMCpy's own loop: propose, then update."""
    from kmcpy.event import Event, EventLib
    from kmcpy.simulator.kmc import KMC
    from kmcpy.simulator.state import State

    logging.disable(logging.CRITICAL)
    rates = FREQUENCY * np.exp(-network.saddle_energies / (BOLTZMANN * TEMPERATURE))

    class Table:
        """A rate for each event where exactly one of its two sites is filled."""

        def compute_probability(self, event, runtime_config=None, simulation_state=None):
            del runtime_config
            i, j = event.mobile_ion_indices
            filled = simulation_state.occupations
            return rates[event.number] if filled[i] != filled[j] else 0.0

    library = EventLib()
    for e, (i, j) in enumerate(zip(network.start, network.end, strict=True)):
        event = Event(mobile_ion_indices=(int(i), int(j)), local_env_indices=[int(i), int(j)])
        event.number = e
        library.add_event(event)
    library.generate_event_dependencies()
    half = np.random.default_rng(1).permutation(len(network)) < len(network) // 2
    state = State(occupations=np.where(half, 1, -1).tolist())
    loop = KMC.__new__(KMC)  # its own set-up wants files of a cluster expansion
    loop.model, loop.event_lib, loop.simulation_state = Table(), library, state
    loop.config = SimpleNamespace(runtime_config=None)
    loop.rng = np.random.default_rng(1)
    loop.prob_list = np.array([loop.model.compute_probability(event, None, state)
                               for event in library.events])  # fmt: skip
    loop.prob_cum_list = np.cumsum(loop.prob_list)
    loop.update(*loop.propose(library.events))
    begin = time.perf_counter()
    for _ in range(EVENTS["kMCpy"]):
        loop.update(*loop.propose(library.events))
    return EVENTS["kMCpy"] / (time.perf_counter() - begin)


def main():
    """Print the table."""
    ours(diamond(2))
    ours(diamond(2), (0.02,))
    print(
        f"{'sites':>7} {'exclusion only':>15} {'with pairs':>12} {'MB':>6}"
        f" {'kMCpy':>9} {'ratio':>8}"
    )
    for repeats in (4, 8, 16):
        before = megabytes()
        network = diamond(repeats)
        plain, paired = ours(network), ours(network, (0.02,))
        grown = megabytes() - before
        peer = kmcpys(network) if find_spec("kmcpy") and repeats <= LARGEST else np.nan
        print(
            f"{len(network):7} {plain:15.3g} {paired:12.3g} {grown:6.0f} {peer:9.3g} "
            f"{plain / peer:8.0f}"
        )


if __name__ == "__main__":
    main()
