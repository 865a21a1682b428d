"""Jump rates by transition-state theory."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.builders.errors import RequestError

BOLTZMANN = 8.617333262e-5
"""eV/K (CODATA 2018, exact to the digits given)."""
ATTEMPT_FREQUENCY = 1e13
"""s⁻¹, of the order of an optic phonon's: what is taken where no vibrations were computed."""
CM2_PER_A2 = 1e-16
"""cm² per Å²."""


def jump_rate(
    barrier: ArrayLike, temperature: float, attempt_frequency: ArrayLike = ATTEMPT_FREQUENCY
) -> NDArray[np.float64]:
    """Γ = ν exp(−ΔE/kT) in s⁻¹ (Vineyard, J. Phys. Chem. Solids 3, 121, 1957).

    Args:
        barrier: eV, any shape.
        temperature: K.
        attempt_frequency: ν in s⁻¹, a number or one per barrier.

    Raises:
        RequestError: for a temperature or frequency that is not above zero.
    """
    frequencies = checked_frequency(attempt_frequency)
    rates = frequencies * np.exp(-np.asarray(barrier, dtype=float) / thermal_energy(temperature))
    return np.asarray(rates)


def thermal_energy(temperature: float) -> float:
    """KT in eV.

    Raises:
        RequestError: for a temperature that is not above zero.
    """
    if not 0 < temperature < np.inf:
        raise RequestError(f"a temperature of {temperature:g} K is impossible: it must be above 0")
    return BOLTZMANN * float(temperature)


def checked_frequency(attempt_frequency: ArrayLike) -> NDArray[np.float64]:
    """The frequencies as an array.

    Raises:
        RequestError: where one is not above zero.
    """
    frequencies = np.asarray(attempt_frequency, dtype=float)
    if not ((frequencies > 0) & (frequencies < np.inf)).all():
        raise RequestError("an attempt frequency must be above 0 s⁻¹; 1e13 is usual")
    return frequencies
