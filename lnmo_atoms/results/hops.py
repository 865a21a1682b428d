"""Barriers of hops."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.results.refined import RefinedHop


@dataclass(frozen=True)
class Segment:
    """One saddle of a path with the two minima beside it.

    Attributes:
        saddle: the image that is the saddle.
        before: the image that is the minimum before it.
        after: the image that is the minimum after it.
        barrier: eV, saddle minus the minimum before.
        barrier_reverse: eV, saddle minus the minimum after.
    """

    saddle: int
    before: int
    after: int
    barrier: float
    barrier_reverse: float


@dataclass(frozen=True)
class HopResult:
    """Migration barrier of one hop.

    Attributes:
        hop: where from, through what, where to.
        engine: name and version of the engine.
        mode: what moves in what, such as ``"one vacancy"`` or ``"one Li in the empty host"``.
        method: how the saddle was found: ``"symmetric midpoint"``, ``"half a band"``, ``"band"``.
        energy: eV, total, of the first end point.
        barrier: eV, highest image minus first end point.
        barrier_reverse: eV, highest image minus last end point.
        octahedron: what the octahedron is on this path: ``"saddle"``, ``"intermediate"`` (a
            minimum between two saddles), or ``"slope"`` (the saddle lies elsewhere).
        octahedron_energy: eV, image nearest the octahedron's centre minus first end point.
        segments: every saddle of the path with the minima beside it, in order.
        curvatures: eV/Å², shape (2,), the two lowest of the energy at the highest saddle: one
            below zero and one above prove it to be a saddle; None where it was not proved.
        path: Å, shape (images,), length along the moving ion's way.
        energies: eV, shape (images,), relative to the first end point.
        images: geometries, end points included.
        moments: μB, shape (images, atoms), as the engine gives them; None where it has none.
        converged: an unconverged path keeps its numbers but is never ranked.
        path_calls: evaluations by the engine for the path or its midpoint.
        proof_calls: evaluations for the curvatures.
        flags: what a user must know, one line each.
        compensation: which ions formally change valence to balance the missing charge, and
            whether the engine's moments show it.
        attempt_frequency: s⁻¹, from the first end point over the highest saddle; None where no
            vibrations were computed, or where they are not those of a minimum and a saddle.
        attempt_frequency_reverse: s⁻¹, from the last end point.
        refined: barriers by another engine at these geometries; None where none were asked.
    """

    hop: Hop
    engine: str
    mode: str
    method: str
    energy: float
    barrier: float
    barrier_reverse: float
    octahedron: str
    octahedron_energy: float
    segments: tuple[Segment, ...]
    curvatures: NDArray[np.float64] | None
    path: NDArray[np.float64]
    energies: NDArray[np.float64]
    images: tuple[Structure, ...]
    moments: NDArray[np.float64] | None
    converged: bool
    path_calls: int
    proof_calls: int
    flags: tuple[str, ...] = ()
    compensation: str = ""
    attempt_frequency: float | None = None
    attempt_frequency_reverse: float | None = None
    refined: RefinedHop | None = None

    @property
    def profile(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Path in Å and energies in eV."""
        return self.path, self.energies

    @property
    def end_energies(self) -> tuple[float, float]:
        """EV, total, of both end points."""
        return self.energy, self.energy + float(self.energies[-1])
