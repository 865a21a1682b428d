"""Energies by a second engine, on the geometries of the first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RefinedSurface:
    """Surface energy of a relaxed slab by another engine than that which relaxed slab and bulk.

    Attributes:
        engine: name and version of that other engine.
        energy: eV, of the slab.
        bulk_energy: eV per formula unit.
        gamma: J/m².
    """

    engine: str
    energy: float
    bulk_energy: float
    gamma: float


@dataclass(frozen=True)
class RefinedHop:
    """Barrier by another engine than that which found the end points and the saddle.

    Attributes:
        engine: name and version of that other engine.
        energy: eV, total, of the first end point.
        barrier: eV, highest image minus first end point.
        barrier_reverse: eV, highest image minus last end point.
    """

    engine: str
    energy: float
    barrier: float
    barrier_reverse: float
