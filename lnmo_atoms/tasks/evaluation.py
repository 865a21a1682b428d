"""One look at a geometry by an engine, and searches made of such looks."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from numpy.typing import NDArray

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.tasks.gauge import Gauge

Positions: TypeAlias = NDArray[np.float64]
"""Å, shape (n, 3)."""


@dataclass(frozen=True)
class Question:
    """What an engine is asked.

    Attributes:
        positions: Å, shape (n, 3).
        moments: ask for the moments alone, instead of energy and forces.
    """

    positions: Positions
    moments: bool = False


@dataclass(frozen=True)
class Evaluation:
    """What an engine says of a geometry.

    Attributes:
        energy: eV; zero, as the forces, where moments alone were asked for.
        forces: eV/Å, shape (n, 3).
        moments: μB, shape (n,); None where the engine has none or did not need them for the forces.
    """

    energy: float
    forces: NDArray[np.float64]
    moments: NDArray[np.float64] | None = None


T = TypeVar("T")
Search: TypeAlias = Generator[list[Question], list[Evaluation], T]
"""Asks for geometries, one or several at once but never none, until it has its answer.

Whoever drives it may evaluate them one by one or side by side, here or elsewhere.
"""


def evaluate(
    atoms: Atoms, question: Question, spec: CalculatorSpec, folder: Path | None = None
) -> Evaluation:
    """What the engine says of the atoms at other positions.

    Args:
        atoms: with the moments to start from.
        question: the positions, and what is asked of them.
        spec: the engine.
        folder: for the engine's files; None keeps none.

    Raises:
        CalculationFailed: where the engine gives no finite numbers.
    """
    moved = atoms.copy()
    moved.positions = question.positions
    with spec.renewed_on_failure():
        moved.calc = gauge = Gauge(spec.calculator(folder))
        if question.moments:
            return Evaluation(0.0, np.zeros_like(moved.positions), gauge.moments(moved))
        forces = np.array(moved.get_forces(apply_constraint=False))
        energy = float(moved.get_potential_energy())
    return Evaluation(energy, forces, gauge.results.get("magmoms"))


def engine_changed(spec: CalculatorSpec) -> CalculationFailed:
    """The failure of a calculation whose engine is no longer the one it was planned with."""
    return CalculationFailed(
        f"{spec.name}, or a file or folder that its options name, changed since this was planned: "
        "start again; where an engine writes is for its factory to say, not for its options"
    )
