"""End points of hops: each symmetry-distinct state is relaxed once and serves all equal ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.paths import (
    Displacements,
    Mode,
    Reversal,
    State,
    StateSymmetry,
    closest,
    displacements,
    end_states,
    kept_sites,
    path_images,
    reversals,
    state_cell,
)
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.results import Failure, TaskResult
from lnmo_atoms.tasks import Task

END_POINT_FMAX = 0.02
"""eV/Å; an end point's error enters the barrier in full."""
ANOTHER_BASIN = 1.0
"""Å, an atom that moved farther than this when an end point relaxed did not stay in its site."""
SAME_FORM = 1e-3
"""Fractional, all atoms together; a mirrored pair of end points so much farther apart than the
closest pair counts as close."""

Relaxed = Mapping[str, TaskResult | Failure]


@dataclass(frozen=True)
class Guess:
    """A path to start from.

    Attributes:
        images: first guess, end points included.
        end_energies: eV, of both end points.
        end_moments: μB, of both end points, each of shape (atoms,); None without moments.
        mirror: an operation that reverses the path, as ``tasks.band`` takes it.
    """

    images: list[Structure]
    end_energies: tuple[float, float]
    end_moments: tuple[NDArray[np.float64], NDArray[np.float64]] | None
    mirror: dict[str, Any] | None


class EndPoints:
    """The states between which ions hop.

    Attributes:
        tasks: relaxations by the state that stands for all equivalent ones.
        states: of every hop, before and after it.
    """

    def __init__(
        self, crystal: Structure, hops: Sequence[Hop], mode: Mode, spec: CalculatorSpec
    ) -> None:
        """Find out which states are equal.

        Args:
            crystal: relaxed, all mobile sites filled.
            hops: of that crystal.
            mode: how full of mobile ions it is.
            spec: the engine; to a blind one ions of one element are alike.
        """
        self._crystal, self._hops = crystal, hops
        self._symmetry = StateSymmetry(_bare(crystal) if spec.blind else crystal)
        self.states = [end_states(crystal, hop, mode) for hop in hops]
        distinct = dict.fromkeys(self._standing(s) for pair in self.states for s in pair)
        self.tasks = {
            state: Task.relax(
                self._name(state, mode), state_cell(crystal, state), spec, fmax=END_POINT_FMAX
            )
            for state in distinct
        }

    def _standing(self, state: State) -> State:
        return self._symmetry.representative(state)

    def _name(self, state: State, mode: Mode) -> str:
        ion = self._crystal[min(state)].specie.symbol
        if mode.kind == "vacancy":
            return f"relax {ion} vacancy {min(state)}"
        alone = [i for i, s in enumerate(self._crystal) if s.specie.symbol == ion]
        filled = sorted(set(alone) - state)
        return f"relax {ion} on {' '.join(map(str, filled))}"

    def outcomes(self, number: int, relaxed: Relaxed) -> list[TaskResult | Failure]:
        """Of the relaxations behind both end points of a hop."""
        return [relaxed[self.tasks[self._standing(s)].key] for s in self.states[number]]

    def guess(self, number: int, relaxed: Relaxed, images: int) -> Guess | None:
        """Where the search for a hop's path starts; None where an end point failed.

        Of the equal forms that both end points may take the two that differ least are joined: a
        hop moves one ion, not the distortions of others. If an operation carries one onto the
        other, the path is symmetric.

        Args:
            number: the hop's.
            relaxed: outcomes of the tasks by their keys.
            images: of the path, end points included.
        """
        hop, (before, after) = self._hops[number], self.states[number]
        first, last = self.outcomes(number, relaxed)
        if isinstance(first, Failure) or isinstance(last, Failure):
            return None
        starts = self._forms(first, before)
        start, goal = _joined(starts, self._forms(last, after))
        mirror = None
        if self._standing(before) == self._standing(after):
            turning = reversals(self._crystal, self._symmetry, hop, before)
            for shift in starts:
                for reversal in turning:
                    mirrored = shift.turned(reversal)
                    if _apart(shift, mirrored) <= _apart(start, goal) + SAME_FORM:
                        start, goal, mirror = shift, mirrored, reversal
        order = kept_sites(self._crystal, before)
        arrived = np.where(order == hop.start, hop.end, order)
        return Guess(
            path_images(self._crystal, hop, before, start.shift, goal.shift, images),
            (first.energy, last.energy),
            None
            if start.moments is None or goal.moments is None
            else (start.moments[order], goal.moments[arrived]),
            None
            if mirror is None
            else {
                "atoms": mirror.atoms(before, hop).tolist(),
                "rotation": mirror.cartesian(self._crystal).tolist(),
            },
        )

    def doubts(self, number: int, relaxed: Relaxed) -> list[str]:
        """What is wrong with a hop's end points: unconverged, or elsewhere than asked for."""
        found: dict[str, None] = {}
        for state in self.states[number]:
            standing = self._standing(state)
            outcome, name = relaxed[self.tasks[standing].key], self.tasks[standing].name
            if isinstance(outcome, TaskResult):
                if not outcome.converged:
                    found[f"end point not converged: {name}"] = None
                if line := self._elsewhere(outcome, standing):
                    found[f"end point relaxed into another basin: {name}: {line}"] = None
        return list(found)

    def _elsewhere(self, outcome: TaskResult, state: State) -> str:
        """The atom that left its site farthest, if any did."""
        shift = displacements(self._crystal, outcome.structure, state)
        distances = np.linalg.norm(shift @ self._crystal.lattice.matrix, axis=1)
        far = int(distances.argmax())
        if distances[far] < ANOTHER_BASIN:
            return ""
        return f"{self._crystal[far].specie.symbol} {far} moved {distances[far]:.1f} Å"

    def _forms(self, end: TaskResult, state: State) -> list["_Form"]:
        """The relaxed end point in every equal form that it may take at this place."""
        standing = self._standing(state)
        shift = displacements(self._crystal, end.structure, standing)
        forms = self._symmetry.carried(shift, standing, state)
        if end.moments is None:
            return [_Form(shift, None) for shift, _ in forms]
        kept = kept_sites(self._crystal, state)
        found = []
        for shift, operation in forms:
            moments = np.zeros(len(self._crystal))
            moments[kept] = self._symmetry.carried_moments(end.moments, standing, operation)
            found.append(_Form(shift, moments))
        return found


@dataclass(frozen=True)
class _Form:
    """A relaxed end point: displacements and moments of every site of the crystal."""

    shift: Displacements
    moments: NDArray[np.float64] | None

    def turned(self, reversal: Reversal) -> "_Form":
        """What the operation makes of it."""
        if self.moments is None:
            return _Form(reversal.of(self.shift), None)
        moments = np.empty_like(self.moments)
        moments[reversal.where] = self.moments
        return _Form(reversal.of(self.shift), moments)


def _joined(starts: Sequence[_Form], goals: Sequence[_Form]) -> tuple[_Form, _Form]:
    """The two that differ least."""
    start, goal = closest([form.shift for form in starts], [form.shift for form in goals])
    return (
        next(form for form in starts if form.shift is start),
        next(form for form in goals if form.shift is goal),
    )


def _apart(one: _Form, other: _Form) -> float:
    return float(np.linalg.norm(one.shift - other.shift))


def _bare(crystal: Structure) -> Structure:
    """The crystal as an engine sees it that knows neither charges nor moments."""
    return Structure(crystal.lattice, [site.specie.symbol for site in crystal], crystal.frac_coords)
