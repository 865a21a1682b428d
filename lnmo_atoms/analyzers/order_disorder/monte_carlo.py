"""Canonical Monte Carlo of nickel and manganese along a ladder of temperatures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.analyzers.kinetics.monte_carlo import Estimate
from lnmo_atoms.analyzers.kinetics.rates import BOLTZMANN
from lnmo_atoms.analyzers.order_disorder.bonds import bonds_of
from lnmo_atoms.analyzers.order_disorder.composition import (
    NICKEL_SHARE,
    Supercell,
    formula_units,
    whole_supercell,
)
from lnmo_atoms.analyzers.order_disorder.estimates import BLOCKS, jackknife
from lnmo_atoms.analyzers.order_disorder.kernel import (
    TURNS,
    Moves,
    Probes,
    Samples,
    state_of,
    sweep,
)
from lnmo_atoms.analyzers.order_disorder.lattice_model import LatticeModel
from lnmo_atoms.analyzers.order_disorder.variants import (
    VARIANTS,
    order_parameters,
    squared_length,
    variants_of_sites,
)
from lnmo_atoms.builders.clusters import cluster_orbits, metal_sites
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.pyrochlore import rings
from lnmo_atoms.builders.seeds import generator

SHELLS = 4
"""Orbits of pairs whose short-range order is measured: those up to the third neighbours."""
EQUILIBRATION = 0.25
"""Sweeps before the measured ones at every temperature, as a share of those."""
MEAN_SPIN = 2 * NICKEL_SHARE - 1


@dataclass(frozen=True)
class OrderingPoint:
    """Averages at one temperature; errors are standard errors.

    Attributes:
        temperature: K.
        energy: eV per LiNi0.5Mn1.5O4.
        fluctuation: N⟨δE²⟩ of the energy per formula unit, in eV² per LiNi0.5Mn1.5O4: −dE/dβ.
        order: S = (f − x)/(1 − x) of the variant of P4_332 with the largest one.
        binder: U₄ = 1 − ⟨η⁴⟩/3⟨η²⟩² of the six-component order parameter: 2/3 in order, 5/9 where
            its components are normally distributed about zero, less where two phases coexist; 2/3
            too where η never changes, as in another kind of order.
        short_range: Warren–Cowley α = (⟨σσ⟩ − m²)/(1 − m²), m = −1/2, by pair: 0 at random,
            −1/3 where every nickel has only manganese there.
        acceptance: share of attempted moves that happened.
    """

    temperature: float
    energy: Estimate
    fluctuation: Estimate
    order: Estimate
    binder: Estimate
    short_range: dict[str, Estimate]
    acceptance: float

    @property
    def heat_capacity(self) -> Estimate:
        """Configurational heat capacity in k_B per LiNi0.5Mn1.5O4, N⟨δE²⟩/(kT)²."""
        square = (BOLTZMANN * self.temperature) ** 2
        return Estimate(self.fluctuation.value / square, self.fluctuation.error / square)


@dataclass(frozen=True)
class Ladder:
    """A run through temperatures, one after the other, each from the state that the last one left.

    Attributes:
        supercell: repeats of the cubic cell.
        points: in the order of the run.
        spins: σ at its end, shape (16 · cells,), numbered as in ``metal_sites``.
        moves_per_second: attempted, by computing time.
    """

    supercell: Supercell
    points: tuple[OrderingPoint, ...]
    spins: NDArray[np.int8]
    moves_per_second: float


def canonical_monte_carlo(
    model: LatticeModel,
    supercell: Sequence[int],
    temperatures: Sequence[float],
    *,
    sweeps: int = 2000,
    seed: int = 0,
    start: NDArray[np.int8] | None = None,
    progress: Callable[[], None] | None = None,
) -> Ladder:
    """Averages over arrangements of a quarter nickel on 16d.

    A sweep is one attempted move per metal site, of the kinds of
    :mod:`~lnmo_atoms.analyzers.order_disorder.kernel` by turns; after each one everything is
    measured. A quarter as many sweeps go by at every temperature before the first measurement.

    Args:
        model: the energies.
        supercell: repeats of the cubic cell.
        temperatures: K, in the order of the run; ``inf`` is complete disorder.
        sweeps: measured at each temperature.
        seed: same numbers, same result.
        start: σ to begin with; at random by default.
        progress: called after every temperature.

    Raises:
        RequestError: for a temperature not above zero, too few sweeps, or a wrong supercell.
    """
    cell = whole_supercell(supercell)
    if not all(t > 0 for t in temperatures):
        raise RequestError("temperatures must lie above 0 K")
    if sweeps < BLOCKS:
        raise RequestError(f"{sweeps} sweeps are too few: {BLOCKS} are the least")
    rng = generator(seed)
    simulation = _Simulation(model, cell, rng, random_spins(cell, rng) if start is None else start)
    points = []
    begin = time.thread_time()
    for temperature in temperatures:
        points.append(simulation.at(temperature, sweeps))
        if progress:
            progress()
    seconds = time.thread_time() - begin
    return Ladder(cell, tuple(points), simulation.state.spin, simulation.attempts / seconds)


def random_spins(supercell: Supercell, rng: np.random.Generator) -> NDArray[np.int8]:
    """σ with a quarter of nickel, drawn at random."""
    sites = len(metal_sites(supercell))
    spins = np.full(sites, -1, dtype=np.int8)
    spins[rng.permutation(sites)[: round(NICKEL_SHARE * sites)]] = 1
    return spins


class _Simulation:
    """One arrangement of one model, brought from temperature to temperature."""

    def __init__(
        self,
        model: LatticeModel,
        supercell: Supercell,
        rng: np.random.Generator,
        spins: NDArray[np.int8],
    ) -> None:
        orbits = model.orbits(supercell)
        energies = [model.interactions[orbit.name] for orbit in orbits]
        self._bonds = bonds_of(len(spins), orbits, energies)
        self._moves = Moves(TURNS, rings(supercell).astype(np.int32))
        self._constant, self._rng, self._formulas = model.constant, rng, formula_units(supercell)
        self._shells = cluster_orbits(supercell, pairs=SHELLS, triplets=0)
        self._probes = Probes(
            variants=variants_of_sites(supercell),
            pairs=np.concatenate([orbit.members for orbit in self._shells]).astype(np.int32),
            last=np.cumsum([len(orbit.members) for orbit in self._shells]),
        )
        self.state = state_of(self._bonds, spins)
        self.attempts = 0

    def at(self, temperature: float, sweeps: int) -> OrderingPoint:
        """Equilibrate and measure."""
        self._run(temperature, round(EQUILIBRATION * sweeps))
        samples, moves = self._run(temperature, sweeps)
        energy = samples.energy * (self._bonds.unit / self._formulas)
        offset = energy.mean()
        parameters = order_parameters(samples.nickel, len(self.state.spin))
        square = squared_length(parameters)
        correlations = samples.products / [len(orbit.members) for orbit in self._shells]
        columns = [
            energy - offset, (energy - offset) ** 2, parameters.max(axis=1), square, square**2,
            *correlations.T,
        ]  # fmt: skip
        deviation, fluctuation, order, binder, *alphas = jackknife(
            np.column_stack(columns), self._averages
        )
        return OrderingPoint(
            temperature=float(temperature),
            energy=Estimate(float(self._constant + offset + deviation.value), deviation.error),
            fluctuation=fluctuation,
            order=order,
            binder=binder,
            short_range={
                orbit.name: alpha for orbit, alpha in zip(self._shells, alphas, strict=True)
            },
            acceptance=moves / (sweeps * len(self.state.spin)),
        )

    def _averages(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of what is reported, from means of what is measured."""
        e, e2, s, n2, n4, *products = np.moveaxis(means, -1, 0)
        ratio = np.divide(n4, n2**2, out=np.ones_like(n4), where=n2 > 0)
        alphas = [(product - MEAN_SPIN**2) / (1 - MEAN_SPIN**2) for product in products]
        return np.stack([e, self._formulas * (e2 - e**2), s, 1 - ratio / 3, *alphas], axis=-1)

    def _run(self, temperature: float, sweeps: int) -> tuple[Samples, int]:
        """Sweeps with their samples, and the moves that happened."""
        samples = Samples(
            energy=np.empty(sweeps, dtype=np.int64),
            nickel=np.zeros((sweeps, VARIANTS), dtype=np.int32),
            products=np.zeros((sweeps, SHELLS), dtype=np.int32),
        )
        attempts = len(self.state.spin)
        beta = self._bonds.unit / (BOLTZMANN * temperature)
        self.attempts += sweeps * attempts
        moves = sweep(
            self._bonds, self._moves, self.state, attempts, beta, self._rng, self._probes, samples
        )
        return samples, moves
