"""Attempt frequency from the vibrations of a minimum and a saddle."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.builders.errors import RequestError

RAD2_PER_S2 = 1.602176634e-19 / 1e-20 / 1.66053906660e-27
"""s⁻² per eV/(Å² u): a mass-weighted curvature as ω² (CODATA 2018)."""
CLAMPED = 0.1
"""Net force on a rigidly shifted crystal, as a share of the largest force constant, above which
some of its neighbours were held fixed; finite differences over 0.05 Å leave 0.03."""
ZERO_MODE = 1e-4
"""eV/(Å² u), 0.16 THz: a smaller curvature is no vibration."""


def vineyard_frequency(
    hessian_minimum: ArrayLike, hessian_saddle: ArrayLike, masses: ArrayLike
) -> float:
    """ν = Π ν_i(minimum) / Π ν_i(saddle) in s⁻¹, the saddle's unstable mode left out.

    Vineyard, J. Phys. Chem. Solids 3, 121 (1957). Hessians of all atoms of a crystal have three
    translations, which are projected out: 3N − 3 modes over 3N − 4. Hessians of some atoms with
    the others held fixed have none: 3N over 3N − 1.

    Args:
        hessian_minimum: eV/Å², shape (3N, 3N), at the end point where the hop starts.
        hessian_saddle: eV/Å², shape (3N, 3N), same atoms in the same order.
        masses: u, shape (N,).

    Raises:
        RequestError: where a shape or mass is wrong, where the minimum has a mode that is not
            positive, or where the saddle has not exactly one negative mode.
    """
    minimum, saddle, weights = _checked(hessian_minimum, hessian_saddle, masses)
    free = _translates(minimum) and _translates(saddle)
    stable = _curvatures(minimum, weights, free)
    if stable[0] < ZERO_MODE:
        count = int((stable < ZERO_MODE).sum())
        raise RequestError(
            f"the end point has {count} mode(s) without positive curvature: it is no minimum, "
            "relax it further"
        )
    crossing = _curvatures(saddle, weights, free)
    negative = int((crossing < -ZERO_MODE).sum())
    if negative != 1 or crossing[1] < ZERO_MODE:
        raise RequestError(
            f"the saddle has {negative} negative mode(s) and not exactly one: converge it further"
        )
    log_squares = np.log(stable).sum() - np.log(crossing[1:]).sum()
    return float(np.sqrt(RAD2_PER_S2 * np.exp(log_squares)) / (2 * np.pi))


def _checked(
    minimum: ArrayLike, saddle: ArrayLike, masses: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    weights = np.asarray(masses, dtype=float)
    hessians = [np.asarray(hessian, dtype=float) for hessian in (minimum, saddle)]
    if weights.ndim != 1 or not (weights > 0).all():
        raise RequestError("masses must be positive numbers in u, one per atom")
    size = 3 * len(weights)
    if any(hessian.shape != (size, size) for hessian in hessians):
        raise RequestError(f"Hessians of {len(weights)} atoms must have the shape ({size}, {size})")
    first, second = ((hessian + hessian.T) / 2 for hessian in hessians)
    return first, second, weights


def _translates(hessian: NDArray[np.float64]) -> bool:
    """Shifting all atoms together costs nothing."""
    net = hessian.reshape(len(hessian), -1, 3).sum(axis=1)
    return bool(np.abs(net).max() < CLAMPED * np.abs(hessian).max())


def _curvatures(
    hessian: NDArray[np.float64], masses: NDArray[np.float64], free: bool
) -> NDArray[np.float64]:
    """Mass-weighted curvatures, ascending, eV/(Å² u), translations projected out where free."""
    roots = np.repeat(np.sqrt(masses), 3)
    weighted = hessian / np.outer(roots, roots)
    if free:
        translations = roots[:, None] * np.tile(np.eye(3), (len(masses), 1))
        inner = np.linalg.qr(translations, mode="complete")[0][:, 3:]
        weighted = inner.T @ weighted @ inner
    return np.asarray(np.linalg.eigvalsh(weighted), dtype=float)
