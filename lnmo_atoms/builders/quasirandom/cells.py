"""Where nickel goes in a disordered cell: at random, or quasi-random, at a given long-range order.

A quasi-random cell has the correlations of random mixing, in its first four orbits of pairs (first
to third neighbours, the third being two orbits) and in the triangle of nearest neighbours, as
closely as whole atoms allow, and no variant of the ordered crystal holds more nickel than the one
the order was asked for.
"""

import logging
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.clusters import cluster_orbits
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.quasirandom.anneal import problem, walk
from lnmo_atoms.builders.quasirandom.long_range import nickel_on_4b, order_of, variants
from lnmo_atoms.builders.quasirandom.short_range import correlations, target_correlations

log = logging.getLogger(__name__)

Method = Literal["random", "sqs"]

MOST_DRAWS = 20_000
"""Random cells drawn, at most, until none of the other variants is larger."""
FEWEST_SWAPS, SWAPS_PER_SITE = 200_000, 500
"""Swaps that are tried, at most, for a quasi-random cell."""
NOTABLE = 0.01
"""Difference of the order parameter from the one asked for that is worth a warning."""


def arrange_nickel(
    supercell: Sequence[int], nickel: int, method: Method, order: float, rng: np.random.Generator
) -> NDArray[np.int_]:
    """The metal sites in a new order: nickel's first, the others after it at random.

    Args:
        supercell: repeats of the cubic cell along its three axes.
        nickel: atoms.
        method: ``"random"`` or ``"sqs"``, quasi-random.
        order: long-range order parameter S, 0 to 1; the nearest that the cell can hold is taken.
            ``"random"`` at 0 draws on all sites alike, so that S is what chance makes it.
        rng: random generator.

    Returns:
        shape (16 · cells,), indices as in :func:`metal_sites`.

    Raises:
        RequestError: for another method, an S outside 0 to 1, or one that chance exceeds.
    """
    if method not in {"random", "sqs"}:
        raise RequestError(f"method {method!r} is not known: use 'random' or 'sqs'")
    if not 0 <= order <= 1:
        raise RequestError(f"the order parameter S goes from 0 to 1, not {order:g}")
    sites = 16 * int(np.prod(supercell))
    if method == "random" and order == 0:
        return rng.permutation(sites)
    on_4b = nickel_on_4b(order, nickel, sites)
    draw = _random if method == "random" else _quasirandom
    chosen = draw(supercell, nickel, on_4b, rng)
    largest = int(variants(supercell)[:, chosen].sum(axis=1).max())
    if abs((held := float(order_of(largest, nickel, sites))) - order) > NOTABLE:
        log.warning("S = %.3g is asked for, S = %.3g is what this cell holds", order, held)
    return np.concatenate([chosen, rng.permutation(np.setdiff1d(np.arange(sites), chosen))])


def _blocks(
    on_4b: NDArray[np.bool_], nickel: int, nickel_on_4b: int, rng: np.random.Generator
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """All sites at random, first 4b, then 12d; where each begins, its manganese begins, it ends."""
    halves = [rng.permutation(np.flatnonzero(block)) for block in (on_4b, ~on_4b)]
    middle, end = len(halves[0]), len(on_4b)
    blocks = [[0, nickel_on_4b, middle], [middle, middle + nickel - nickel_on_4b, end]]
    return np.concatenate(halves), np.array(blocks)


def _nickel(sites: NDArray[np.int_], blocks: NDArray[np.int_]) -> NDArray[np.int_]:
    """The sites with nickel."""
    return np.concatenate([sites[begin:middle] for begin, middle, _ in blocks])


def _random(
    supercell: Sequence[int], nickel: int, on_4b: int, rng: np.random.Generator
) -> NDArray[np.int_]:
    """Nickel at random on both sublattices, each such cell without a larger variant alike."""
    of_variant = variants(supercell)
    for _ in range(MOST_DRAWS):
        chosen = _nickel(*_blocks(of_variant[0], nickel, on_4b, rng))
        if of_variant[:, chosen].sum(axis=1).max() <= on_4b:
            return chosen
    raise RequestError(
        f"chance alone makes a larger order in this cell than S = "
        f"{order_of(on_4b, nickel, of_variant.shape[1]):.3g}: ask for more, for method 'sqs', or "
        "for a larger cell"
    )


def _quasirandom(
    supercell: Sequence[int], nickel: int, on_4b: int, rng: np.random.Generator
) -> NDArray[np.int_]:
    """Nickel so that clusters meet their targets and no variant is larger than the first.

    A swap changes a sum over pairs by multiples of 4, over triangles of 8: half of that is what
    whole atoms may leave.
    """
    of_variant, orbits = variants(supercell), cluster_orbits(supercell)
    n_sites = of_variant.shape[1]
    targets = target_correlations(on_4b, nickel, n_sites)
    wished = targets * [len(orbit.members) for orbit in orbits]
    slack = np.array([2.0 ** (orbit.order - 1) for orbit in orbits])
    no_larger = np.full(len(of_variant), 2.0 * on_4b - n_sites / 4)
    task = problem(
        [orbit.members for orbit in orbits] + [np.flatnonzero(v)[:, None] for v in of_variant],
        n_sites,
        lower=np.concatenate([wished - slack, np.full(len(of_variant), -np.inf)]),
        upper=np.concatenate([wished + slack, no_larger]),
    )
    sites, blocks = _blocks(of_variant[0], nickel, on_4b, rng)
    steps = max(FEWEST_SWAPS, SWAPS_PER_SITE * n_sites)
    best, cost = walk(task, sites, blocks, rng, steps)
    chosen = _nickel(best, blocks)
    if cost:
        spins = np.where(np.isin(np.arange(n_sites), chosen), 1, -1)
        deviations = np.abs(correlations(spins, orbits) - targets)
        log.warning(
            "this cell of %d metal sites is too small to be quasi-random: the correlation of %s "
            "is %.3f off; disorder_figures has the others",
            n_sites,
            orbits[deviations.argmax()].name,
            deviations.max(),
        )
    return chosen
