"""The transition from ordered to disordered nickel and manganese."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from lnmo_atoms.analyzers.kinetics.monte_carlo import Estimate
from lnmo_atoms.analyzers.order_disorder.composition import formula_units
from lnmo_atoms.analyzers.order_disorder.free_energy import equal_free_energies
from lnmo_atoms.analyzers.order_disorder.lattice_model import LatticeModel
from lnmo_atoms.analyzers.order_disorder.monte_carlo import OrderingPoint

MEASURED_TRANSITION = 973.0
"""K, about 700 °C (Lee et al., 2017)."""
HALF_ORDERED = 0.5
"""S between the two phases."""
COEXISTENCE_BINDER = 0.4
"""U₄ is 5/9 of six normally distributed components and 2/3 in order, far less between the two."""
SIGNIFICANT = 3.0
"""Standard errors."""
SAME_BINDER = 0.02
"""Differences of U₄ below this, as deep in either phase, are none."""


@dataclass(frozen=True)
class SizeTransition:
    """What one size of the crystal does on cooling and on heating.

    Attributes:
        size: cubic cells along each edge.
        cooling: from complete disorder down, warmest first.
        heating: from P4_332 up, coldest first.
        moves_per_second: attempted, on cooling.
    """

    size: int
    cooling: tuple[OrderingPoint, ...]
    heating: tuple[OrderingPoint, ...]
    moves_per_second: float

    @property
    def orders_at(self) -> float | None:
        """K, where S passes 1/2 on cooling; None where it does not."""
        return _passage(self._in_range(self.cooling))

    @property
    def disorders_at(self) -> float | None:
        """K, where S passes 1/2 on heating; None where it does not."""
        return _passage(self._in_range(self.heating))

    def _in_range(self, branch: Sequence[OrderingPoint]) -> list[OrderingPoint]:
        """Those at temperatures of both branches: beyond them each has a few, far apart."""
        both = {p.temperature for p in self.cooling} & {p.temperature for p in self.heating}
        return [point for point in branch if point.temperature in both]

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
    def equal_free_energies(self) -> Estimate | None:
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
                self.equal_free_energies.value,
                [point.temperature for point in branch],
                [point.energy.value for point in branch],
            )
            for branch in (self.ordered, self.disordered[::-1])
        )
        return float(disorder - order)

    @property
    def temperature(self) -> Estimate | None:
        """K, of the transition: equal free energies, else midway between cooling and heating.

        The error of the latter is half their distance, and at least that of the temperatures run.
        """
        if self.equal_free_energies is not None:
            return self.equal_free_energies
        if self.orders_at is None or self.disorders_at is None:
            return None
        middle = (self.orders_at + self.disorders_at) / 2
        ladder = np.array([point.temperature for point in self.heating])
        step = np.interp(middle, ladder[:-1], np.diff(ladder))
        return Estimate(middle, max(abs(self.disorders_at - self.orders_at), float(step)) / 2)


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
    def temperature(self) -> Estimate | None:
        """K, of the largest crystal, without what the energies are wrong by."""
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
