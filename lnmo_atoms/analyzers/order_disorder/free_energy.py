"""Free energies of the disordered and the ordered crystal, by integration over temperature.

Where a first-order transition is passed with delay, both phases are known at the same temperatures,
and the equilibrium is where their free energies are equal (thermodynamic integration: Frenkel and
Smit, Understanding Molecular Simulation, 2002, chapter 7). With β = 1/kT, d(βF)/dβ = E, and
dE/dβ = −N⟨δE²⟩ is measured too, so that cubic Hermite splines in β are integrated.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import comb, log

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from lnmo_atoms.analyzers.kinetics.monte_carlo import Estimate
from lnmo_atoms.analyzers.kinetics.rates import BOLTZMANN
from lnmo_atoms.analyzers.order_disorder.composition import METALS_PER_FORMULA, NICKEL_SHARE
from lnmo_atoms.analyzers.order_disorder.monte_carlo import OrderingPoint
from lnmo_atoms.analyzers.order_disorder.variants import VARIANTS

DRAWS = 50
"""Of energies within their errors."""


def equal_free_energies(
    disordered: Sequence[OrderingPoint], ordered: Sequence[OrderingPoint], formulas: int
) -> Estimate | None:
    """K, where the two phases have the same free energy; None if nowhere where both are known.

    The disordered branch begins at infinite temperature, where its entropy is k ln of the number of
    arrangements; the ordered one at a temperature so low that it is one of the eight variants. The
    error follows from those of the energies, by drawing them anew.

    Args:
        disordered: from infinite temperature down.
        ordered: from low temperature up.
        formulas: formula units in the cell.
    """
    found = _crossing(disordered, ordered, formulas)
    if found is None:
        return None
    rng = np.random.default_rng(0)
    drawn = [
        _crossing(_drawn(disordered, rng), _drawn(ordered, rng), formulas) for _ in range(DRAWS)
    ]
    return Estimate(found, float(np.std([kelvin for kelvin in drawn if kelvin is not None])))


def _crossing(
    disordered: Sequence[OrderingPoint], ordered: Sequence[OrderingPoint], formulas: int
) -> float | None:
    """K, of equal free energies."""
    if len(ordered) < 2 or len(disordered) < 2:
        return None
    sites = METALS_PER_FORMULA * formulas
    arrangements = log(comb(sites, round(NICKEL_SHARE * sites)))
    hot = _integral(disordered)
    cold = _integral(ordered[::-1])
    lowest = _beta(ordered[0])

    def difference(beta: float) -> float:
        """β(F_ordered − F_disordered) per formula unit."""
        entropies = (arrangements - log(VARIANTS)) / formulas
        rise = cold(beta) - cold(lowest) + lowest * ordered[0].energy.value
        return float(entropies + rise - hot(beta))

    coldest, warmest = _beta(disordered[-1]), _beta(ordered[-1])
    if warmest >= coldest or difference(warmest) * difference(coldest) > 0:
        return None
    return float(1 / (BOLTZMANN * brentq(difference, warmest, coldest)))


def _drawn(points: Sequence[OrderingPoint], rng: np.random.Generator) -> list[OrderingPoint]:
    """Energies and their fluctuations as another run might have found them."""

    def again(known: Estimate) -> Estimate:
        return replace(known, value=rng.normal(known.value, known.error))

    return [
        replace(point, energy=again(point.energy), fluctuation=again(point.fluctuation))
        for point in points
    ]


def _beta(point: OrderingPoint) -> float:
    """1/kT in 1/eV."""
    return 1 / (BOLTZMANN * point.temperature)


def _integral(points: Sequence[OrderingPoint]) -> CubicHermiteSpline:
    """∫E dβ from the first of the points, warmest first."""
    betas: NDArray[np.float64] = np.array([_beta(point) for point in points])
    energies = np.array([point.energy.value for point in points])
    slopes = np.array([-point.fluctuation.value for point in points])
    return CubicHermiteSpline(betas, energies, slopes).antiderivative()
