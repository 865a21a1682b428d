"""From a path to a barrier: saddles, segments, and what a user must know of it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.flags import MOMENT_CHANGE, moment_changes
from lnmo_atoms.results import BandResult, HopResult, Segment

AT_THE_CENTRE = 0.6
"""Å from the octahedron's centre, within which a stationary point is the octahedron's."""
RISE = 0.002
"""eV, an image above the highest saddle by more belongs to a saddle that was not found."""
FLAT = 0.25
"""eV/Å², a curvature of less changes the energy by 1 meV over the 0.1 Å of thermal motion."""


def hop_result(
    crystal: Structure,
    hop: Hop,
    ion: int,
    band: BandResult,
    *,
    shown: Hop,
    engine: str,
    mode: str,
    mirrored: bool,
    end_moments: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    flags: Sequence[str],
    compensation: str,
) -> HopResult:
    """Barrier, segments and profile of a path; the path's length is the moving ion's.

    Args:
        crystal: the cell of the path.
        hop: of that cell.
        ion: index of the moving ion in the images.
        band: the path.
        shown: the hop of the user's own cell.
        engine: name and version.
        mode: in words.
        mirrored: an operation reverses the path.
        end_moments: μB, of both end points.
        flags: of the end points.
        compensation: in words.
    """
    way = np.array([image.frac_coords[ion] for image in band.images])
    steps = np.linalg.norm(np.diff(way, axis=0) @ crystal.lattice.matrix, axis=1)
    to_centre = np.linalg.norm((way - hop.octahedron) @ crystal.lattice.matrix, axis=1)
    energies = band.energies - band.energies[0]
    segments = path_segments(energies, band.kinds)
    role = octahedron_role(band.kinds, to_centre, segments)
    moments = _all_moments(band, end_moments)
    return HopResult(
        hop=shown,
        engine=engine,
        mode=mode,
        method=_method(mirrored and _reads_the_same(band.energies), role),
        energy=float(band.energies[0]),
        barrier=float(energies.max()),
        barrier_reverse=float(energies.max() - energies[-1]),
        octahedron=role,
        octahedron_energy=float(energies[to_centre.argmin()]),
        segments=segments,
        curvatures=band.curvatures if _proved(band) else None,
        path=np.concatenate([[0.0], np.cumsum(steps)]),
        energies=energies,
        images=band.images,
        moments=moments,
        converged=band.converged and bool(segments) and not _overtopped(energies, segments),
        path_calls=band.path_calls,
        proof_calls=band.proof_calls,
        flags=(*flags, *_path_flags(band, energies, segments), *_moment_flags(band, moments)),
        compensation=compensation,
    )


def path_segments(energies: NDArray[np.float64], kinds: Sequence[str]) -> tuple[Segment, ...]:
    """Every saddle with the minima beside it, from the end and stationary points.

    Args:
        energies: eV, of all images.
        kinds: of all images.
    """
    firm = [i for i, kind in enumerate(kinds) if kind != "flank"]
    inner = list(zip(firm, firm[1:], firm[2:], strict=False))
    saddles = [b for a, b, c in inner if energies[b] > max(energies[a], energies[c])]
    minima = [
        firm[0],
        *(b for a, b, c in inner if energies[b] < min(energies[a], energies[c])),
        firm[-1],
    ]
    found = []
    for saddle in saddles:
        before = max(i for i in minima if i < saddle)
        after = min(i for i in minima if i > saddle)
        top = float(energies[saddle])
        found.append(
            Segment(
                saddle, before, after, top - float(energies[before]), top - float(energies[after])
            )
        )
    return tuple(found)


def octahedron_role(
    kinds: Sequence[str],
    to_centre: NDArray[np.float64],
    segments: Sequence[Segment],
) -> str:
    """What the octahedron is on the path: ``"saddle"``, ``"intermediate"`` or ``"slope"``.

    Args:
        kinds: of all images.
        to_centre: Å, shape (images,), from the moving ion to the octahedron's centre.
        segments: of the path.
    """
    near = [
        i for i, kind in enumerate(kinds) if kind == "stationary" and to_centre[i] < AT_THE_CENTRE
    ]
    if not near:
        return "slope"
    middle = min(near, key=lambda i: to_centre[i])
    if any(segment.saddle == middle for segment in segments):
        return "saddle"
    inside = {i for segment in segments for i in (segment.before, segment.after)}
    return "intermediate" if middle in inside else "slope"


def _reads_the_same(energies: NDArray[np.float64]) -> bool:
    """Half a path was found and mirrored, not left for a lower saddle beside it."""
    return np.array_equal(energies, energies[::-1])


def _method(mirrored: bool, role: str) -> str:
    if not mirrored:
        return "band"
    return "symmetric midpoint" if role == "saddle" else "half a band"


def _proved(band: BandResult) -> bool:
    """One curvature below zero and one above, each by more than its error."""
    if band.curvatures is None or band.curvature_errors is None:
        return False
    low, high = band.curvatures
    return bool(low < 0 < high and (np.abs(band.curvatures) > band.curvature_errors).all())


def _overtopped(energies: NDArray[np.float64], segments: Sequence[Segment]) -> bool:
    return bool(energies.max() > max(energies[s.saddle] for s in segments) + RISE)


def _all_moments(
    band: BandResult, ends: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> NDArray[np.float64] | None:
    if band.moments is None or ends is None:
        return None
    return np.vstack([ends[0], band.moments, ends[1]])


def _path_flags(
    band: BandResult, energies: NDArray[np.float64], segments: Sequence[Segment]
) -> list[str]:
    """What is doubtful about the path."""
    flags = [] if band.converged else [f"path not converged after {band.path_calls} evaluations"]
    if not segments:
        flags.append("no saddle was found between the end points: the ion slides from one to other")
    elif _overtopped(energies, segments):
        flags.append("an image lies above the highest saddle found: the path is incomplete")
    if len(segments) > 1:
        flags.append("the path has an intermediate minimum: the barrier is its highest saddle")
        below = min(energies[0], energies[-1]) - min(energies[s.before] for s in segments)
        if below > RISE:
            flags.append(
                f"a minimum on the path lies {below:.3f} eV below the end points: these are "
                "metastable"
            )
    if band.curvatures is not None and band.curvature_errors is not None and not _proved(band):
        found = ", ".join(
            f"{value:.2f} ± {error:.2f}"
            for value, error in zip(band.curvatures, band.curvature_errors, strict=True)
        )
        flags.append(f"saddle not proved: its lowest curvatures are {found} eV/Å²")
        if abs(band.curvatures[0]) + band.curvature_errors[0] < FLAT:
            flags.append("the top of the path is flat: a saddle or a shallow minimum, equally high")
    return flags


def _moment_flags(band: BandResult, moments: NDArray[np.float64] | None) -> list[str]:
    """Magnetic ions that change along the path, at once or in small steps."""
    if moments is None:
        return []
    changes = (
        (i, moment_changes(band.images[0], before, after))
        for i, (before, after) in enumerate(pairwise(moments))
    )
    flags = [f"between images {i} and {i + 1}: {change}" for i, change in changes if change]
    farthest = np.abs(moments - moments[0]).argmax(axis=0)
    slow = np.abs(np.diff(moments, axis=0)).max(axis=0) <= MOMENT_CHANGE
    after = np.where(slow, np.take_along_axis(moments, farthest[None], axis=0)[0], moments[0])
    if drift := moment_changes(band.images[0], moments[0], after):
        flags.append(f"in small steps along the path: {drift}")
    return flags
