"""Means of a Monte Carlo run with their errors."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.analyzers.kinetics.monte_carlo import Estimate

BLOCKS = 20
"""Into which a run is divided. Blocks much longer than the memory of the run are independent."""


def jackknife(
    samples: NDArray[np.float64],
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> list[Estimate]:
    """Functions of means over a run, freed of the jackknife's bias, with standard errors.

    One block after the other is left out (Miller, Biometrika 61, 1, 1974).

    Args:
        samples: shape (sweeps, quantities), at least as many sweeps as blocks.
        function: of means, shape (..., quantities), to values, shape (..., values).
    """
    length = len(samples) // BLOCKS
    blocks = samples[: BLOCKS * length].reshape(BLOCKS, length, -1).mean(axis=1)
    all_blocks = blocks.mean(axis=0)
    values = function((BLOCKS * all_blocks - blocks) / (BLOCKS - 1))
    best = BLOCKS * function(all_blocks) - (BLOCKS - 1) * values.mean(axis=0)
    errors = np.sqrt((BLOCKS - 1) * values.var(axis=0))
    return [Estimate(float(v), float(e)) for v, e in zip(best, errors, strict=True)]
