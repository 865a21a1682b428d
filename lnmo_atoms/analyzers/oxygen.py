"""Oxygen gas at a temperature and a pressure: enthalpy, entropy and chemical potential."""

from math import log

from lnmo_atoms.analyzers.kinetics.rates import BOLTZMANN
from lnmo_atoms.builders.errors import RequestError

SHOMATE = (
    (700.0, (31.32234, -20.23531, 57.86644, -36.50624, -0.007374, -8.903471, 246.7945)),
    (2000.0, (30.03235, 8.772972, -3.988133, 0.788313, -0.741599, -11.32468, 236.1663)),
)
"""Upper end in K and coefficients A to G of O2, the first from 100 K (NIST Chemistry WebBook, from
Chase, NIST-JANAF Thermochemical Tables, 4th ed., J. Phys. Chem. Ref. Data Monograph 9, 1998)."""
COLDEST = 100.0
"""K, where the first range begins."""
HIGHEST_PRESSURE = 1000.0
"""bar, beyond which oxygen is taken for no ideal gas."""
KJ_PER_EV = 96.48533212
"""kJ/mol per eV (CODATA 2018)."""


def oxygen_enthalpy(temperature: float) -> float:
    """H(T) − H(298.15 K) of O2, ideal gas, in kJ/mol, by the Shomate equation.

    Args:
        temperature: K, 100 to 2000.

    Raises:
        RequestError: outside that range.
    """
    a, b, c, d, e, f, _ = _coefficients(temperature)
    t = temperature / 1000
    return a * t + b * t**2 / 2 + c * t**3 / 3 + d * t**4 / 4 - e / t + f


def oxygen_entropy(temperature: float) -> float:
    """S(T) of O2, ideal gas at 1 bar, in J/(mol K), by the Shomate equation.

    Args:
        temperature: K, 100 to 2000.

    Raises:
        RequestError: outside that range.
    """
    a, b, c, d, e, _, g = _coefficients(temperature)
    t = temperature / 1000
    return a * log(t) + b * t + c * t**2 / 2 + d * t**3 / 3 - e / (2 * t**2) + g


def oxygen_potential(temperature: float, pressure: float) -> float:
    """μ_O(T, p) − ½ H_O2(298.15 K) in eV per atom.

    ½ [H(T) − H(298.15 K) − T S(T, 1 bar) + k T ln(p / 1 bar)], ideal gas.

    Args:
        temperature: K, 100 to 2000.
        pressure: bar, partial pressure of O2, above 0 to 1000.

    Raises:
        RequestError: for a temperature or a pressure outside that range.
    """
    if not 0 < pressure <= HIGHEST_PRESSURE:
        raise RequestError(
            f"oxygen is an ideal gas here, above 0 and up to {HIGHEST_PRESSURE:g} bar (0.21 in "
            f"air): {pressure:g} bar is outside"
        )
    gibbs = oxygen_enthalpy(temperature) - temperature * oxygen_entropy(temperature) / 1000
    return (gibbs / KJ_PER_EV + BOLTZMANN * temperature * log(pressure)) / 2


def _coefficients(temperature: float) -> tuple[float, ...]:
    if not COLDEST <= temperature <= SHOMATE[-1][0]:
        raise RequestError(
            f"oxygen gas is tabulated from 100 to 2000 K here: {temperature:g} K is outside"
        )
    return next(coefficients for upper, coefficients in SHOMATE if temperature <= upper)
