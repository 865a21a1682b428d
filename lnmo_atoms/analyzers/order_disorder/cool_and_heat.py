"""Crystals cooled from disorder and heated from order."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from math import inf
from threading import Event

import numpy as np

from lnmo_atoms.analyzers.order_disorder.lattice_model import LatticeModel
from lnmo_atoms.analyzers.order_disorder.monte_carlo import canonical_monte_carlo
from lnmo_atoms.analyzers.order_disorder.transition import OrderingTransition, SizeTransition
from lnmo_atoms.analyzers.order_disorder.variants import variant_spins
from lnmo_atoms.builders.errors import RequestError

HOTTER = (inf, 8.0, 4.0, 2.0)
"""Times the highest temperature: where the disordered branch begins."""
COLDER = (1 / 4, 1 / 2)
"""Times the lowest temperature: where the ordered branch begins."""
RESOLUTION = 1e-6
"""eV per formula unit, energies closer than this are equal."""
RANGE = (300.0, 1500.0)
"""K."""
SWEEPS = 500
SPACING = 1.03
"""Ratio of neighbouring temperatures."""


def temperature_ladder(lowest: float, highest: float) -> list[float]:
    """Temperatures in K, about three per cent apart."""
    steps = max(3, 1 + round(np.log(highest / lowest) / np.log(SPACING)))
    return list(np.geomspace(lowest, highest, steps).tolist())


def ordering_transition(
    model: LatticeModel,
    sizes: Sequence[int] = (4, 6, 8),
    temperatures: Sequence[float] | None = None,
    *,
    sweeps: int = SWEEPS,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> OrderingTransition:
    """Cool disordered crystals, heat ordered ones, and find where order is lost.

    Energies are those of the lattice model: of whole relaxed crystals, without vibrations.

    Args:
        model: the energies.
        sizes: cubic cells along the edges of the crystals.
        temperatures: K, 300 to 1500 by default; beyond both ends a few more are run through, for
            the free energies.
        sweeps: measured at each temperature, after a quarter as many.
        seed: same numbers, same result.
        progress: called with the cubic cells of a crystal after every temperature that it is run
            at, not always from one thread.

    Raises:
        RequestError: for no sizes, or fewer than three temperatures above 0 K.
    """
    ladder = np.unique(temperature_ladder(*RANGE) if temperatures is None else temperatures)
    if not sizes or len(ladder) < 3 or not (ladder > 0).all() or not np.isfinite(ladder).all():
        raise RequestError("give at least one size and three temperatures above 0 K")
    stopped = Event()

    def step(cells: int) -> None:
        if stopped.is_set():
            raise CancelledError
        if progress:
            progress(cells)

    run = partial(_both_ways, model, ladder=ladder.tolist(), sweeps=sweeps, seed=seed, step=step)
    with ThreadPoolExecutor() as pool:
        try:
            found = tuple(pool.map(run, sorted(set(sizes), reverse=True)))[::-1]
        finally:
            stopped.set()
    return OrderingTransition(model, found, sweeps, seed, _flags(model, found))


def transition_work(sizes: Sequence[int], temperatures: Sequence[float]) -> int:
    """What all calls of ``progress`` by :func:`ordering_transition` add up to."""
    both = 2 * len(np.unique(temperatures)) + len(HOTTER) + len(COLDER)
    return sum(size**3 for size in set(sizes)) * both


def _both_ways(
    model: LatticeModel,
    size: int,
    *,
    ladder: Sequence[float],
    sweeps: int,
    seed: int,
    step: Callable[[int], None],
) -> SizeTransition:
    """One crystal, cooled and heated."""
    cell = (size,) * 3
    hotter = [factor * ladder[-1] for factor in HOTTER]
    colder = [factor * ladder[0] for factor in COLDER]
    done = partial(step, size**3)
    run = partial(canonical_monte_carlo, model, cell, sweeps=sweeps, progress=done)
    cooled = run([*hotter, *ladder[::-1]], seed=seed)
    heated = run([*colder, *ladder], seed=seed + 1, start=variant_spins(0, cell))
    return SizeTransition(size, cooled.points, heated.points, cooled.moves_per_second)


def _flags(model: LatticeModel, sizes: Sequence[SizeTransition]) -> tuple[str, ...]:
    """What the runs say about themselves."""
    found = []
    cell = (sizes[0].size,) * 3
    perfect = model.energy_of_spins(cell, variant_spins(0, cell))
    lower = perfect - min(point.energy.value for size in sizes for point in size.cooling)
    if lower > RESOLUTION:
        found.append(
            f"cooling finds arrangements {1000 * lower:.1f} meV per formula unit below P4_332, "
            "which is not the lowest of this model"
        )
    for size in sizes:
        edge = f"{size.size}×{size.size}×{size.size} cells"
        if size.orders_at is None:
            found.append(f"{edge} do not order as P4_332 on cooling")
        if size.disorders_at is None:
            found.append(f"{edge} do not change from order to disorder on heating")
    return tuple(found)
