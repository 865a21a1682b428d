"""The transition from ordered to disordered nickel and manganese."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from math import inf
from threading import Event

import numpy as np

from lnmo_atoms.analyzers.ordering.free_energy import equal_free_energies
from lnmo_atoms.analyzers.ordering.lattice_model import LatticeModel
from lnmo_atoms.analyzers.ordering.monte_carlo import OrderingPoint, canonical_monte_carlo
from lnmo_atoms.analyzers.ordering.spins import formula_units
from lnmo_atoms.analyzers.ordering.variants import variant_spins
from lnmo_atoms.builders.errors import RequestError

MEASURED_TRANSITION = 973.0
"""K, about 700 °C (Lee et al., 2017)."""
HALF_ORDERED = 0.5
"""S between the two phases."""
HOTTER = (inf, 8.0, 4.0, 2.0)
"""Times the highest temperature: where the disordered branch begins."""
COLDER = (1 / 4, 1 / 2)
"""Times the lowest temperature: where the ordered branch begins."""
COEXISTENCE_BINDER = 0.4
"""U₄ is 5/9 of six normally distributed components and 2/3 in order, far less between the two."""
RESOLUTION = 1e-6
"""eV per formula unit, energies closer than this are equal."""
SIGNIFICANT = 3.0
"""Standard errors."""
SAME_BINDER = 0.02
"""Differences of U₄ below this, as deep in either phase, are none."""
SLOW = 0.01
"""Share of attempted swaps that happen, below which arrangements are hardly ever in equilibrium."""
RANGE = (300.0, 2000.0)
"""K."""
SPACING = 1.05
"""Ratio of neighbouring temperatures."""


def temperature_ladder(lowest: float, highest: float) -> list[float]:
    """Temperatures in K, about five per cent apart."""
    steps = max(3, 1 + round(np.log(highest / lowest) / np.log(SPACING)))
    return list(np.geomspace(lowest, highest, steps).tolist())


@dataclass(frozen=True)
class SizeTransition:
    """What one size of the crystal does on cooling and on heating.

    Attributes:
        size: cubic cells along each edge.
        cooling: from complete disorder down, warmest first.
        heating: from P4_332 up, coldest first.
        swaps_per_second: attempted, on cooling.
    """

    size: int
    cooling: tuple[OrderingPoint, ...]
    heating: tuple[OrderingPoint, ...]
    swaps_per_second: float

    @property
    def orders_at(self) -> float | None:
        """K, where S passes 1/2 on cooling; None where it does not."""
        return _passage(self.cooling)

    @property
    def disorders_at(self) -> float | None:
        """K, where S passes 1/2 on heating; None where it does not."""
        return _passage(self.heating)

    @property
    def heat_capacity_peaks(self) -> tuple[float, float]:
        """K, of the largest heat capacity on cooling and on heating."""
        cooling, heating = (
            max(branch, key=lambda point: point.heat_capacity.value).temperature
            for branch in (self.cooling, self.heating)
        )
        return cooling, heating

    @property
    def disordered(self) -> list[OrderingPoint]:
        """Cooling until order sets in, warmest first."""
        return _until(self.cooling, lambda point: point.order.value >= HALF_ORDERED)

    @property
    def ordered(self) -> list[OrderingPoint]:
        """Heating until order is lost, coldest first."""
        return _until(self.heating, lambda point: point.order.value < HALF_ORDERED)

    @cached_property
    def equal_free_energies(self) -> float | None:
        """K, where P4_332 and disorder have one free energy; None without a delay to tell it by."""
        cell = (self.size,) * 3
        return equal_free_energies(self.disordered, self.ordered, formula_units(cell))

    @property
    def latent_heat(self) -> float | None:
        """Of disordering in eV per LiNi0.5Mn1.5O4; None where the phases are never both there."""
        if self.equal_free_energies is None:
            return None
        order, disorder = (
            np.interp(
                self.equal_free_energies,
                [point.temperature for point in branch],
                [point.energy.value for point in branch],
            )
            for branch in (self.ordered, self.disordered[::-1])
        )
        return float(disorder - order)

    @property
    def temperature(self) -> float | None:
        """K, of the transition: equal free energies, else midway between cooling and heating."""
        if self.equal_free_energies is not None:
            return self.equal_free_energies
        if self.orders_at is None or self.disorders_at is None:
            return None
        return (self.orders_at + self.disorders_at) / 2


@dataclass(frozen=True)
class OrderingTransition:
    """The order–disorder transition of a lattice model in crystals of several sizes.

    Attributes:
        model: the energies.
        sizes: the smallest first.
        sweeps: measured at each temperature.
        seed: of the random numbers.
        flags: what a user must know, one line each.
    """

    model: LatticeModel
    sizes: tuple[SizeTransition, ...]
    sweeps: int
    seed: int
    flags: tuple[str, ...] = ()

    @property
    def temperature(self) -> float | None:
        """K, of the largest crystal."""
        return self.sizes[-1].temperature

    @property
    def first_order(self) -> bool:
        """Whether two phases are seen at one temperature, by their delay or by U₄."""
        points = [point.binder for size in self.sizes for point in (*size.cooling, *size.heating)]
        dips = any(u.value + SIGNIFICANT * u.error < COEXISTENCE_BINDER for u in points)
        return dips or self.sizes[-1].equal_free_energies is not None

    @property
    def binder_crossings(self) -> dict[tuple[int, int], float | None]:
        """K, where U₄ of two sizes on heating cross beyond their errors; None where they do not.

        A continuous transition lies there.
        """
        return {
            (small.size, large.size): _crossing(small.heating, large.heating)
            for small, large in pairwise(self.sizes)
        }


def ordering_transition(
    model: LatticeModel,
    sizes: Sequence[int] = (4, 6, 8),
    temperatures: Sequence[float] | None = None,
    *,
    sweeps: int = 1000,
    seed: int = 0,
    progress: Callable[[], None] | None = None,
) -> OrderingTransition:
    """Cool disordered crystals, heat ordered ones, and find where order is lost.

    Energies are those of the lattice model: of whole relaxed crystals, without vibrations.

    Args:
        model: the energies.
        sizes: cubic cells along the edges of the crystals.
        temperatures: K, 300 to 2000 by default; beyond both ends a few more are run through, for
            the free energies.
        sweeps: measured at each temperature, after a quarter as many.
        seed: same numbers, same result.
        progress: called after every temperature of every crystal, not always from one thread.

    Raises:
        RequestError: for no sizes, or fewer than three temperatures above 0 K.
    """
    ladder = np.unique(temperature_ladder(*RANGE) if temperatures is None else temperatures)
    if not sizes or len(ladder) < 3 or not (ladder > 0).all() or not np.isfinite(ladder).all():
        raise RequestError("give at least one size and three temperatures above 0 K")
    stopped = Event()

    def step() -> None:
        if stopped.is_set():
            raise CancelledError
        if progress:
            progress()

    run = partial(_both_ways, model, ladder=ladder.tolist(), sweeps=sweeps, seed=seed, step=step)
    with ThreadPoolExecutor() as pool:
        try:
            found = tuple(pool.map(run, sorted(set(sizes))))
        finally:
            stopped.set()
    return OrderingTransition(model, found, sweeps, seed, _flags(model, found))


def ladder_steps(sizes: Sequence[int], temperatures: Sequence[float]) -> int:
    """How often :func:`ordering_transition` calls ``progress``."""
    both = 2 * len(np.unique(temperatures)) + len(HOTTER) + len(COLDER)
    return len(set(sizes)) * both


def _both_ways(
    model: LatticeModel,
    size: int,
    *,
    ladder: Sequence[float],
    sweeps: int,
    seed: int,
    step: Callable[[], None],
) -> SizeTransition:
    """One crystal, cooled and heated."""
    cell = (size,) * 3
    hotter = [factor * ladder[-1] for factor in HOTTER]
    colder = [factor * ladder[0] for factor in COLDER]
    run = partial(canonical_monte_carlo, model, cell, sweeps=sweeps, progress=step)
    cooled = run([*hotter, *ladder[::-1]], seed=seed)
    heated = run([*colder, *ladder], seed=seed + 1, start=variant_spins(0, cell))
    return SizeTransition(size, cooled.points, heated.points, cooled.swaps_per_second)


def _until(
    points: Sequence[OrderingPoint], other: Callable[[OrderingPoint], bool]
) -> list[OrderingPoint]:
    """The points before the first one in the other phase."""
    last = next((number for number, point in enumerate(points) if other(point)), len(points))
    return list(points[:last])


def _passage(points: Sequence[OrderingPoint]) -> float | None:
    """K, where S first passes one half, between two points of a run."""
    for before, after in pairwise(points):
        s, t = before.order.value - HALF_ORDERED, after.order.value - HALF_ORDERED
        if s * t <= 0 and s != t:
            return before.temperature + (after.temperature - before.temperature) * s / (s - t)
    return None


def _crossing(small: Sequence[OrderingPoint], large: Sequence[OrderingPoint]) -> float | None:
    """K, where the difference of two U₄ changes its sign, beyond its error before and after."""
    before: tuple[float, float] | None = None
    for one, other in zip(small, large, strict=True):
        difference = other.binder.value - one.binder.value
        error = np.hypot(one.binder.error, other.binder.error)
        if abs(difference) < max(SIGNIFICANT * error, SAME_BINDER):
            continue
        if before is not None and before[1] * difference < 0:
            share = before[1] / (before[1] - difference)
            return float(before[0] + share * (one.temperature - before[0]))
        before = one.temperature, difference
    return None


def _flags(model: LatticeModel, sizes: Sequence[SizeTransition]) -> tuple[str, ...]:
    """What the runs say about themselves."""
    found = []
    cell = (sizes[0].size,) * 3
    perfect = model.energy_of_spins(cell, variant_spins(0, cell))
    lower = perfect - min(point.energy.value for size in sizes for point in size.cooling)
    if lower > RESOLUTION:
        found.append(
            f"cooling finds arrangements {1000 * lower:.1f} meV per formula unit below P4_332, "
            "which is not the lowest of this model"
        )
    for size in sizes:
        edge = f"{size.size}×{size.size}×{size.size} cells"
        if size.orders_at is None:
            found.append(f"{edge} do not order as P4_332 on cooling{_stuck(size)}")
        if size.disorders_at is None:
            found.append(f"{edge} do not change from order to disorder on heating")
    return tuple(found)


def _stuck(size: SizeTransition) -> str:
    """From which temperature on too few swaps happen for order to set in."""
    slow = [point.temperature for point in size.cooling if point.acceptance < SLOW]
    if not slow:
        return ""
    return f": below {max(slow):.0f} K fewer than {SLOW:.0%} of the swaps happen"
