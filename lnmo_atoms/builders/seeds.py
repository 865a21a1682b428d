"""Random generators from the user's seeds."""

import numpy as np

from lnmo_atoms.builders.errors import RequestError


def generator(seed: int) -> np.random.Generator:
    """A random generator; the same seed gives the same numbers.

    Raises:
        RequestError: where the seed is no integer of 0 or more.
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise RequestError(f"a seed is a whole number of 0 or more, not {seed!r}")
    return np.random.default_rng(seed)
