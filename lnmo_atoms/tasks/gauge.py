"""The door from one geometry to an engine that several geometries share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import (
    BaseCalculator,
    CalculationFailed,
    PropertyNotImplementedError,
)
from numpy.typing import NDArray

FINITE = ("energy", "forces", "stress", "magmoms")
"""What is kept of an engine's answers, and must be numbers."""


class Gauge(BaseCalculator):
    """Keeps what the engine said of one geometry, counts evaluations, and refuses NaN.

    An engine remembers its last geometry only. Where the images of a band share one, ASE would
    ask it three times a step for each; with a gauge for each image it is asked once.
    """

    def __init__(self, engine: Any) -> None:
        """Start counting.

        Args:
            engine: an ASE calculator.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        self.engine = engine
        self.implemented_properties = list(engine.implemented_properties)
        self.evaluations = 0
        """Geometries that the engine was asked about."""

    def calculate(
        self, atoms: Atoms, properties: Sequence[str], system_changes: Sequence[str]
    ) -> None:
        """Ask the engine, and keep all that it computed along the way."""
        self.evaluations += bool(system_changes)
        try:
            asked = {name: self.engine.get_property(name, atoms) for name in properties}
        except SystemExit as error:  # it would end the driver, and with it every other task
            raise CalculationFailed(f"the engine gave up with exit code {error.code}") from error
        for name, value in {**getattr(self.engine, "results", {}), **asked}.items():
            if name in FINITE and value is not None and not np.isfinite(value).all():
                raise CalculationFailed(f"the engine gave {name} that are not finite numbers")
            self.results[name] = np.copy(value) if isinstance(value, np.ndarray) else value

    def moments(self, atoms: Atoms) -> NDArray[np.float64] | None:
        """Moments in μB, shape (n,), or None where the engine has none."""
        try:
            return np.asarray(self.get_property("magmoms", atoms), dtype=np.float64)  # type: ignore[no-untyped-call]
        except PropertyNotImplementedError:  # some engines promise moments and have none
            return None
