"""Weighted least squares with a ridge chosen by cross-validation."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RIDGES = (0.0, *np.logspace(-8, 0, 17))
"""Weights of the squared coefficients, as shares of the largest squared singular value."""
RESOLVED = 1e-8
"""Singular values below this share of the largest count as zero."""
SHARE_OPEN = 1e-6
"""Of a coefficient's direction outside the table's row space, from which on it is open."""


class RidgeProblem:
    """Weighted least squares with a ridge, by the singular values of the centred table."""

    def __init__(
        self, table: NDArray[np.float64], target: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> None:
        """Decompose the table.

        Args:
            table: shape (rows, columns).
            target: shape (rows,).
            weights: of the squared errors, adding up to one, shape (rows,).
        """
        self._table, self._target, self._weights = table, target, weights
        self._means, self._mean = weights @ table, float(weights @ target)
        root = np.sqrt(weights)[:, None]
        self._left, self._values, self._right = np.linalg.svd(
            root * (table - self._means), full_matrices=False
        )
        self._aim = root[:, 0] * (target - self._mean)

    @cached_property
    def _resolved(self) -> NDArray[np.bool_]:
        return self._values > RESOLVED * max(self._values, default=0.0)

    @property
    def rank(self) -> int:
        """Independent coefficients that the table determines."""
        return int(self._resolved.sum())

    @property
    def undetermined(self) -> NDArray[np.bool_]:
        """Which coefficients the table leaves open, wholly or in part."""
        known = (self._right[self._resolved] ** 2).sum(axis=0)
        return np.asarray(known < 1 - SHARE_OPEN)

    @property
    def condition(self) -> float:
        """Largest over smallest singular value that is not zero."""
        values = self._values[self._resolved]
        return float(values[0] / values[-1]) if len(values) else 1.0

    @cached_property
    def best_ridge(self) -> tuple[float, float]:
        """The ridge of least cross-validation error, and that error."""
        errors = {
            float(ridge): root_mean_square(self.left_out(ridge) - self._target, self._weights)
            for ridge in (RIDGES if self.rank else (0.0,))
        }
        best = min(errors, key=errors.__getitem__)
        return best, errors[best]

    def solution(self, ridge: float) -> tuple[float, NDArray[np.float64]]:
        """Constant and coefficients; where the table leaves them open, the smallest ones."""
        coefficients = self._right.T @ (self._inverse(ridge) * (self._left.T @ self._aim))
        return self._mean - float(self._means @ coefficients), coefficients

    def left_out(self, ridge: float) -> NDArray[np.float64]:
        """What a fit to all others gives for each row, without fitting anew.

        By the diagonal of the hat matrix: the error is divided by one less the weight that the
        row's own target has in its fit (Allen, Technometrics 16, 125, 1974). Exact but for the
        ridge's weight, which stays that of the whole table.
        """
        constant, coefficients = self.solution(ridge)
        fitted = constant + self._table @ coefficients
        share = self._values * self._inverse(ridge)
        own = self._weights + (self._left**2 @ share)
        alone = own > 1 - 1e-9
        error = (fitted - self._target) / np.where(alone, 1.0, 1 - own)
        return np.asarray(np.where(alone, self._mean, self._target + error))

    def _inverse(self, ridge: float) -> NDArray[np.float64]:
        """Of each singular value, damped; 0 where there is none."""
        s = self._values
        weight = ridge * max(s, default=0.0) ** 2
        damped = s / np.where(self._resolved, s**2 + weight, 1.0)
        return np.asarray(np.where(self._resolved, damped, 0.0))


def root_mean_square(errors: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """With weights that add up to one."""
    return float(np.sqrt(weights @ errors**2))
