"""Straight lines in an Arrhenius plot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lnmo_atoms.analyzers.kinetics.rates import BOLTZMANN
from lnmo_atoms.builders.errors import RequestError


@dataclass(frozen=True)
class ArrheniusFit:
    """D = D₀ exp(−E_a/kT).

    Attributes:
        prefactor: D₀, in the unit of the values fitted.
        activation_energy: E_a in eV.
    """

    prefactor: float
    activation_energy: float


def arrhenius_fit(temperatures: ArrayLike, values: ArrayLike) -> ArrheniusFit:
    """Least squares of ln(value) against 1/kT.

    Args:
        temperatures: K, at least two different ones.
        values: such as D in cm²/s, above zero.

    Raises:
        RequestError: for fewer than two temperatures or a value that is not above zero.
    """
    kelvin, numbers = np.asarray(temperatures, dtype=float), np.asarray(values, dtype=float)
    if len(np.unique(kelvin)) < 2 or not (kelvin > 0).all() or not (numbers > 0).all():
        raise RequestError(
            "an Arrhenius fit needs at least two temperatures above 0 K and values above 0"
        )
    slope, intercept = np.polyfit(1 / (BOLTZMANN * kelvin), np.log(numbers), 1)
    return ArrheniusFit(float(np.exp(intercept)), -float(slope))
