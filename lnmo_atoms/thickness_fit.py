"""Surface energy from slabs of growing thickness, without a separate bulk energy.

Fiorentini and Methfessel, J. Phys.: Condens. Matter 8, 6525 (1996): the slope of E(N) is the bulk
energy consistent with the slabs. An error of a separate one would grow with the thickness
(Boettger, Phys. Rev. B 49, 16798, 1994).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.results import EV_PER_A2, ThicknessFit

CONFIDENCE = 0.95
"""Of the error bar, and of the test that drops a slab."""
FEWEST = 3
"""Slabs: two make a line, the third its error."""
RESOLUTION = 1e-6
"""eV; no engine's energies of slabs are better than that, so no slab is dropped for less."""


def fit_surface_energy(
    formula_units: Sequence[int], energies: Sequence[float], area: float
) -> ThicknessFit:
    """Fit E(N) = 2Aγ + N e by least squares.

    The faces of a thin slab feel each other, by an energy that dies away with the thickness. The
    thinnest slab is dropped where the line through the others misses it by more than their
    prediction interval, then the next one, as long as three stay. What is too small for this test
    still moves the line, so the change of γ without the thinnest slab kept (the drift) is added to
    the statistical half-width, Student's t times the standard error. An interaction that hardly
    changes over all slabs looks like a slope: only the bulk's own energy can tell.

    Args:
        formula_units: N of each slab, ascending, at least three.
        energies: eV.
        area: Å², of one face.

    Raises:
        RequestError: for fewer than three slabs, or numbers that make no sense.
    """
    units, energy = _checked(formula_units, energies, area)
    dropped = 0
    while len(units) - dropped > FEWEST and _thinnest_misfits(units[dropped:], energy[dropped:]):
        dropped += 1
    line = _Line.through(units[dropped:], energy[dropped:])
    without_thinnest = _Line.through(units[dropped + 1 :], energy[dropped + 1 :])
    gamma_per_ev = EV_PER_A2 / (2 * area)
    standard_error = gamma_per_ev * line.error_at(0.0)
    drift = gamma_per_ev * abs(line.at(0.0) - without_thinnest.at(0.0))
    return ThicknessFit(
        gamma=gamma_per_ev * line.at(0.0),
        error=_student(line.freedom) * standard_error + drift,
        standard_error=standard_error,
        drift=drift,
        bulk_energy=line.slope,
        bulk_energy_standard_error=float(line.scatter / np.sqrt(line.spread)),
        residuals=energy - np.array([line.at(n) for n in units]),
        dropped=dropped,
    )


@dataclass(frozen=True)
class _Line:
    """A least-squares line, in the terms of its points' mean.

    Draper and Smith, Applied Regression Analysis, 3rd ed. (1998).

    Attributes:
        points: number of them.
        x: their mean abscissa.
        y: their mean ordinate.
        spread: sum of squares of the abscissas' distances from their mean.
        slope: of the line.
        scatter: standard deviation of a point from the line; 0 for two points.
    """

    points: int
    x: float
    y: float
    spread: float
    slope: float
    scatter: float

    @classmethod
    def through(cls, x: NDArray[np.float64], y: NDArray[np.float64]) -> "_Line":
        """The line that fits the points best."""
        dx, dy = x - x.mean(), y - y.mean()
        spread = float(dx @ dx)
        slope = float(dx @ dy) / spread
        squares = float(np.sum((dy - slope * dx) ** 2))
        scatter = float(np.sqrt(squares / (len(x) - 2))) if len(x) > 2 else 0.0
        return cls(len(x), float(x.mean()), float(y.mean()), spread, slope, scatter)

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the scatter."""
        return self.points - 2

    def at(self, x: float) -> float:
        """The line's ordinate."""
        return self.y + self.slope * (x - self.x)

    def error_at(self, x: float) -> float:
        """Standard error of the line's ordinate."""
        return float(self.scatter * np.sqrt(1 / self.points + (x - self.x) ** 2 / self.spread))


def _student(freedom: int) -> float:
    """Half-width of the confidence interval in standard errors."""
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))


def _thinnest_misfits(units: NDArray[np.float64], energies: NDArray[np.float64]) -> bool:
    """The first point lies outside the interval that the others predict for it."""
    others = _Line.through(units[1:], energies[1:])
    missed = abs(energies[0] - others.at(units[0]))
    deviation = np.hypot(others.error_at(units[0]), others.scatter)
    return bool(missed > max(_student(others.freedom) * deviation, RESOLUTION))


def _checked(
    formula_units: Sequence[int], energies: Sequence[float], area: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    units, energy = np.array(formula_units, dtype=float), np.array(energies, dtype=float)
    if units.ndim != 1 or units.shape != energy.shape:
        raise RequestError("give one energy for each number of formula units")
    if len(units) < FEWEST:
        raise RequestError(f"a fit needs at least {FEWEST} slabs, not {len(units)}")
    if not (units > 0).all() or not (np.diff(units) > 0).all():
        raise RequestError("give slabs of growing thickness: formula units above 0 and ascending")
    if not (np.isfinite(energy).all() and np.isfinite(area) and area > 0):
        raise RequestError("energies are finite and the area is above 0 Å²")
    return units, energy
