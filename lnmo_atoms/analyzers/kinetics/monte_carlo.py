"""Rejection-free kinetic Monte Carlo of many ions on the sites of a network."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.analyzers.kinetics.events import State, fill, run
from lnmo_atoms.analyzers.kinetics.lattice_gas import LatticeGas, lattice_gas
from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.analyzers.kinetics.rates import CM2_PER_A2
from lnmo_atoms.builders.errors import RequestError

WINDOWS = 50
"""Into which a run is divided; their scatter gives the errors."""
FEWEST_JUMPS = 10
"""Of each ion in a window; with fewer, what they take back later is missed."""
EQUILIBRATION = 0.1
"""Events before the first window, as a share of those measured."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error.

    Attributes:
        value: the mean.
        error: one standard error.
    """

    value: float
    error: float


@dataclass(frozen=True)
class MonteCarloResult:
    """Diffusion of the ions at one content and temperature.

    Attributes:
        temperature: K.
        lithium: share of the sites filled.
        ions: number of them.
        sites: number of them.
        tracer: D* in cm²/s, of one ion: Σ|Δrᵢ|² / 6Nt.
        collective: D_J in cm²/s, jump diffusivity: |ΣΔrᵢ|² / 6Nt.
        correlation: f, Σ|Δrᵢ|² over the sum of all squared jump lengths: what of the jumps is not
            taken back.
        haven: D*/D_J; None where nothing moved.
        time: s, simulated in all windows.
        events: jumps in all windows.
        equilibration: jumps before the windows of each run.
        windows: of all runs, whose scatter gives the errors.
        events_per_second: of computing time.
        interactions: how ions feel each other, such as ``"site exclusion only"``.
        seed: of the random numbers.
        flags: what a user must know, the network's included.
    """

    temperature: float
    lithium: float
    ions: int
    sites: int
    tracer: Estimate
    collective: Estimate
    correlation: Estimate
    haven: Estimate | None
    time: float
    events: int
    equilibration: int
    windows: int
    events_per_second: float
    interactions: str
    seed: int
    flags: tuple[str, ...] = ()


def monte_carlo(
    network: HopNetwork,
    lithium: float,
    temperature: float,
    *,
    events: int = 1_000_000,
    seed: int = 0,
    repeats: tuple[int, int, int] = (1, 1, 1),
    pair_energies: Sequence[float] = (),
    attempt_frequency: ArrayLike | None = None,
    runs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> MonteCarloResult:
    """Diffusivities of ions that hop among the network's sites, at any content.

    No site holds two ions; barriers are those of :func:`~.lattice_gas.lattice_gas`. A network of
    vacancies is read as that of its ions. Ions begin at random; a tenth of the events goes by
    before anything is measured. An event takes its mean time, one over the sum of all rates: the
    averages are those of random times, with less noise. Diffusivities are ratios of sums over 50
    windows a run, their errors from the windows' scatter; ways within windows shorter than the
    memory of the jumps count too far.

    Args:
        network: sites and hops.
        lithium: share of the sites filled, or number of ions if it is an ``int``.
        temperature: K.
        events: jumps measured in all runs, at least 50 a run.
        seed: same numbers, same result.
        repeats: of the network's cell along its vectors.
        pair_energies: eV, of two ions in the nearest shell of neighbours, in the next, ….
        attempt_frequency: of the network's edges, see :meth:`HopNetwork.rates_at`.
        runs: independent ones, each from its own random arrangement.
        progress: called with jumps done and jumps in all.

    Raises:
        RequestError: for a wrong content, temperature or number, or where no ion can jump.
    """
    ions, sites = _whole(lithium, len(network) * int(np.prod(repeats)))
    windows = WINDOWS * runs
    if runs < 1 or events < windows:
        raise RequestError(f"{events} events are too few: {WINDOWS} for each run are the least")
    free, frequency = network.rates_at(temperature, attempt_frequency)
    large = free.as_ions().repeated(repeats)
    frequency = np.tile(frequency, int(np.prod(repeats)))
    gas = lattice_gas(large, temperature, pair_energies, frequency)
    sampler = _Sampler(
        large, gas, ions=ions, window=events // windows, runs=runs, progress=progress
    )
    begin = time.perf_counter()
    samples = np.concatenate(
        [sampler.measure(np.random.default_rng(child)) for child in _children(seed, runs)]
    )
    seconds = time.perf_counter() - begin
    own, sum_of_ways, squares, times = samples.T
    return MonteCarloResult(
        temperature=float(temperature),
        lithium=ions / sites,
        ions=ions,
        sites=sites,
        tracer=_ratio(own, 6 * ions * times, CM2_PER_A2),
        collective=_ratio(sum_of_ways, 6 * ions * times, CM2_PER_A2),
        correlation=_ratio(own, squares),
        haven=_ratio(own, sum_of_ways) if sum_of_ways.sum() > 0 else None,
        time=float(times.sum()),
        events=sampler.window * windows,
        equilibration=sampler.equilibration,
        windows=windows,
        events_per_second=sampler.done / seconds,
        interactions=_interactions(pair_energies),
        seed=seed,
        flags=(*network.flags, *_short(sampler.window, ions, sites)),
    )


class _Sampler:
    """Runs of one system, in windows."""

    def __init__(
        self,
        network: HopNetwork,
        gas: LatticeGas,
        *,
        ions: int,
        window: int,
        runs: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._network, self._gas, self._ions, self._progress = network, gas, ions, progress
        self.window = window
        self.equilibration = int(np.ceil(EQUILIBRATION * window * WINDOWS))
        self.done = 0
        self._total = runs * (window * WINDOWS + self.equilibration)

    def measure(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """One run: Σ|Δr|², |ΣΔr|² and squared jumps in Å², and time in s, shape (windows, 4)."""
        sites = len(self._network)
        filled = np.sort(rng.permutation(sites)[: self._ions]).astype(np.int32)
        state = fill(self._gas, filled)
        self._advance(state, self.equilibration, rng)
        samples = np.empty((WINDOWS, 4))
        before = self._positions(state)
        for sample in samples:
            seconds, squares = self._advance(state, self.window, rng)
            after = self._positions(state)
            ways = after - before
            sample[:] = (ways**2).sum(), (ways.sum(axis=0) ** 2).sum(), squares, seconds
            before = after
        return samples

    def _advance(self, state: State, events: int, rng: np.random.Generator) -> tuple[float, float]:
        """Let jumps happen; time in s and squared jumps in Å²."""
        seconds, squares, done = run(self._gas, state, events, rng, np.empty(0))
        if done < events:
            raise RequestError(
                f"no ion can jump any more after {self.done + done} events: "
                "the network has no way out, or the cell needs more repeats"
            )
        self.done += events
        if self._progress:
            self._progress(self.done, self._total)
        return seconds, squares

    def _positions(self, state: State) -> NDArray[np.float64]:
        """Å, shape (ions, 3), unwrapped."""
        return np.asarray((self._network.sites[state.site] + state.winding) @ self._network.lattice)


def _whole(lithium: float, sites: int) -> tuple[int, int]:
    """Whole ions and sites.

    Raises:
        RequestError: for a content outside 0 … 1, no ion or no vacancy.
    """
    count = isinstance(lithium, int | np.integer)
    if not 0 <= lithium <= (sites if count else 1):
        most = f"{sites} ions" if count else "1"
        raise RequestError(f"a content of {lithium} is impossible: it lies between 0 and {most}")
    ions = int(lithium) if count else round(lithium * sites)
    if ions in {0, sites}:
        what = "no ion" if ions == 0 else "no vacancy"
        raise RequestError(
            f"there is {what} among {sites} sites, so nothing can jump: change the content or "
            "take more repeats of the cell"
        )
    return ions, sites


def _short(window: int, ions: int, sites: int) -> tuple[str, ...]:
    """A flag where the carriers, ions or vacancies, hardly move in a window."""
    jumps = window / min(ions, sites - ions)
    if jumps >= FEWEST_JUMPS:
        return ()
    more = FEWEST_JUMPS / jumps
    doubt = f"only {jumps:.1f} jumps per carrier in a window: diffusivities come out too high"
    return (f"{doubt}, take {more:.0f} times as many events",)


def _children(seed: int, runs: int) -> list[np.random.SeedSequence]:
    """Independent seeds of the runs.

    Raises:
        RequestError: for a negative seed.
    """
    if seed < 0:
        raise RequestError(f"a seed is 0 or more, not {seed}")
    return np.random.SeedSequence(seed).spawn(runs)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], unit: float = 1.0) -> Estimate:
    """Σ above / Σ below, its error from the windows (Cochran, Sampling Techniques, 1977, 6.4)."""
    ratio = above.sum() / below.sum()
    scatter = np.std(above - ratio * below, ddof=1) / np.sqrt(len(above))
    return Estimate(float(unit * ratio), float(unit * scatter / below.mean()))


def _interactions(pair_energies: Sequence[float]) -> str:
    """In words."""
    if not len(pair_energies):
        return "site exclusion only"
    shells = ", ".join(f"{1000 * energy:g}" for energy in pair_energies)
    return f"site exclusion and pair energies of {shells} meV, nearest shell first"
