"""Lines of the table of hops: what a barrier is, what proves it, what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from lnmo_atoms.analyzers.refined import refinement_note
from lnmo_atoms.analyzers.rows import Row
from lnmo_atoms.results import HopResult, Segment


@dataclass(frozen=True)
class HopRow:
    """One hop.

    Attributes:
        label: sites passed, such as ``"8c–12d–8c"``.
        ring: composition of the six cations around the octahedron.
        ring_ions: the six cations in cyclic order.
        multiplicity: equivalent hops in the bulk's cell.
        length: Å, start to octahedron to end.
        mode: what moves in what, such as ``"one vacancy"``.
        method: how the saddle was found, such as ``"symmetric midpoint"``.
        barrier: eV; None where the engine gave no number, as in the next two.
        barrier_reverse: eV.
        octahedron_energy: eV, over the first end point.
        octahedron: ``"saddle"``, ``"intermediate"`` or ``"slope"``.
        segments: every saddle with its two barriers, in words.
        curvatures: eV/Å², the two lowest at the highest saddle; None where it was not proved.
        path_calls: evaluations by the engine for the path.
        proof_calls: evaluations for the curvatures.
        converged: an unconverged barrier is not final.
        engine: name and version.
        flags: what a user must know, one line each.
        compensation: which ions formally change valence, and whether moments show it.
        attempt_frequency: 1/s, from the first end point; None where it was not calculated.
        attempt_frequency_reverse: 1/s, from the last.
        barrier_refined: eV, by another engine at these geometries; None where none was asked, as
            in the next.
        barrier_reverse_refined: eV.
        refined_by: name and version of that engine.
    """

    label: str
    ring: str
    ring_ions: tuple[str, ...]
    multiplicity: int
    length: float
    mode: str
    method: str
    barrier: float | None
    barrier_reverse: float | None
    octahedron_energy: float | None
    octahedron: str
    segments: tuple[str, ...]
    curvatures: tuple[float, float] | None
    path_calls: int
    proof_calls: int
    converged: bool
    engine: str
    flags: tuple[str, ...]
    compensation: str
    attempt_frequency: float | None
    attempt_frequency_reverse: float | None
    barrier_refined: float | None = None
    barrier_reverse_refined: float | None = None
    refined_by: str = ""

    @property
    def proved(self) -> bool:
        """One curvature below zero, the next above: a first-order saddle."""
        return self.curvatures is not None and self.curvatures[0] < 0 < self.curvatures[1]

    @property
    def resolved_barrier(self) -> float | None:
        """EV, mean of both ways: the saddle over the mean of the two end points.

        The kinetically resolved activation barrier, which does not depend on the hop's direction:
        Van der Ven, Ceder, Asta, Tepesch, Phys. Rev. B 64, 184307 (2001).
        """
        if self.barrier is None or self.barrier_reverse is None:
            return None
        return (self.barrier + self.barrier_reverse) / 2

    def as_row(self) -> Row:
        """Unit-bearing column name → value; columns of a second engine only where there is one."""
        lowest, second = self.curvatures or (None, None)
        row: Row = {
            "hop": self.label,
            "ring": self.ring,
            "ring_in_cyclic_order": list(self.ring_ions),
            "multiplicity": self.multiplicity,
            "length_A": self.length,
            "mode": self.mode,
            "method": self.method,
            "barrier_eV": self.barrier,
            "barrier_reverse_eV": self.barrier_reverse,
            "octahedron_energy_eV": self.octahedron_energy,
            "octahedron": self.octahedron,
            "segments": list(self.segments),
            "proved": self.proved,
            "lowest_curvature_eV_per_A2": lowest,
            "second_curvature_eV_per_A2": second,
            "path_calls": self.path_calls,
            "proof_calls": self.proof_calls,
            "converged": self.converged,
            "engine": self.engine,
            "attempt_frequency_per_s": self.attempt_frequency,
            "attempt_frequency_reverse_per_s": self.attempt_frequency_reverse,
            "charge_compensation": self.compensation,
            "flags": list(self.flags),
        }
        if self.barrier is not None and self.barrier_refined is not None:
            row |= {
                "barrier_refined_eV": self.barrier_refined,
                "barrier_reverse_refined_eV": self.barrier_reverse_refined,
                "barrier_refined_minus_barrier_eV": self.barrier_refined - self.barrier,
                "refined_by": self.refined_by,
            }
        return row


def hop_row(result: HopResult) -> HopRow:
    """A result's line of the table."""
    refined = result.refined
    return HopRow(
        label=result.hop.label,
        ring=result.hop.ring_formula,
        ring_ions=tuple(result.hop.ring),
        multiplicity=int(result.hop.multiplicity),
        length=float(result.hop.length),
        mode=result.mode,
        method=result.method,
        barrier=_number(result.barrier),
        barrier_reverse=_number(result.barrier_reverse),
        octahedron_energy=_number(result.octahedron_energy),
        octahedron=result.octahedron,
        segments=segment_texts(result),
        curvatures=_curvatures(result),
        path_calls=int(result.path_calls),
        proof_calls=int(result.proof_calls),
        converged=bool(result.converged),
        engine=result.engine,
        flags=(*([] if result.converged else ["not converged, not final"]), *result.flags),
        compensation=result.compensation,
        attempt_frequency=_number(result.attempt_frequency),
        attempt_frequency_reverse=_number(result.attempt_frequency_reverse),
        barrier_refined=None if refined is None else _number(refined.barrier),
        barrier_reverse_refined=None if refined is None else _number(refined.barrier_reverse),
        refined_by="" if refined is None else refined.engine,
    )


def hop_notes(rows: Sequence[HopRow]) -> list[str]:
    """What the barriers rest on, one line each."""
    notes = []
    if unfinished := [row for row in rows if not row.converged]:
        notes.append(f"the barrier of {_listed(unfinished, rows)} is not final: not converged")
    if unproved := [row for row in rows if not row.proved]:
        notes.append(
            f"the saddle of {_listed(unproved, rows)} is not proved by curvatures: one below "
            "zero, all others above"
        )
    if known := [row for row in rows if row.attempt_frequency is not None]:
        listed = ", ".join(f"{row.label} {row.attempt_frequency:.1e}" for row in known)
        notes.append(f"attempt frequencies (Vineyard, harmonic) in 1/s: {listed}")
    refined = [
        (row.label, row.barrier, row.barrier_refined)
        for row in rows
        if row.barrier is not None and row.barrier_refined is not None
    ]
    if refined:
        engine = next(row.refined_by for row in rows if row.refined_by)
        notes.append(refinement_note("barriers", "eV", engine, refined))
    notes += [f"charge: {text}" for text in dict.fromkeys(r.compensation for r in rows) if text]
    return notes


def octahedron_image(result: HopResult) -> int | None:
    """The image nearest the octahedron's centre; None where it has no energy.

    Of images with its very energy, the one nearest the path's middle.
    """
    if not isfinite(result.octahedron_energy):
        return None
    off = np.abs(result.energies - result.octahedron_energy)
    middle = np.abs(result.path - (result.path[0] + result.path[-1]) / 2)
    return min(
        range(len(off)),
        key=lambda i: (round(float(np.nan_to_num(off[i], nan=np.inf)), 9), middle[i]),
    )


def segment_texts(result: HopResult) -> tuple[str, ...]:
    """Such as ``"8a–octahedron 0.189 eV, back 0.111 eV"``, one for each saddle of the path."""
    return tuple(
        f"{_place(result, s.before)}–{_place(result, s.after)} {_ways(s)}" for s in result.segments
    )


def _ways(segment: Segment) -> str:
    return f"{segment.barrier:.3f} eV, back {segment.barrier_reverse:.3f} eV"


def _place(result: HopResult, image: int) -> str:
    """What a minimum of the path is called: its site, or where it lies."""
    if image == 0:
        return result.hop.label.split("–")[0]
    if image == len(result.path) - 1:
        return result.hop.label.split("–")[-1]
    if image == octahedron_image(result):
        return "octahedron"
    return f"minimum at {result.path[image]:.1f} Å"


def _curvatures(result: HopResult) -> tuple[float, float] | None:
    if result.curvatures is None or not np.isfinite(result.curvatures).all():
        return None
    lowest, second = (float(value) for value in result.curvatures)
    return lowest, second


def _listed(chosen: Sequence[HopRow], rows: Sequence[HopRow]) -> str:
    """Few are named where their names tell them apart, others counted."""
    labels = [row.label for row in rows]
    if len(chosen) <= 3 and all(labels.count(row.label) == 1 for row in chosen):
        return ", ".join(row.label for row in chosen)
    return f"{len(chosen)} of {len(rows)} hops"


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and isfinite(value) else None
