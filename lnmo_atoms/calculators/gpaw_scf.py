"""GPAW's way to a self-consistent density: continued where it was stopped, tried twice."""

import logging
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from gpaw import GPAW, KohnShamConvergenceError
from gpaw.mpi import broadcast_float, world
from gpaw.new.symmetry import SymmetryBrokenError

from lnmo_atoms.calculators.density_file import DensityFile

DENSITY = "density.gpw"
"""Density and wave functions of the last geometry."""
INTERVAL = 120.0
"""Seconds between two writes of that file."""
PROPERTIES = ("energy", "free_energy", "forces", "stress", "magmom", "magmoms")
PATIENT: Mapping[str, Any] = MappingProxyType(
    {"mixer": {"name": "pulay", "beta": 0.02, "nmaxold": 5, "weight": 100.0}, "maxiter": 300}
)
"""Settings of the second attempt: only the way to the density changes, the energy does not.

Less of the new density and stronger damping of its long waves, which slosh in slabs and among ions
of several valences, are what GPAW's manual advises (page "Convergence issues").
"""

log = logging.getLogger(__name__)


class SelfConsistentField:
    """GPAW on the processes of one MPI group, most often a group of one."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Compute nothing yet.

        Args:
            settings: keywords of ``gpaw.GPAW``.
        """
        self._settings = dict(settings)
        self._calc: Any = None
        self._of: tuple[Any, ...] = ()
        self._log: Path | None = None
        self._folder: Path | None = None
        self._written = 0.0

    def compute(
        self, atoms: Atoms, properties: Sequence[str], folder: Path | None
    ) -> dict[str, Any]:
        """Properties of a geometry, started from the density of the last one of the same task.

        Args:
            atoms: with the moments to start from.
            properties: names as ASE has them.
            folder: for logs and the density, made if need be; None keeps neither.

        Returns:
            those properties, and others that are known.

        Raises:
            CalculationFailed: where the second attempt gives no self-consistent density, either.
        """
        try:
            return self._twice(atoms, properties, folder)
        except BaseException as error:
            self._calc = None  # stopped halfway, it may take its results for those of the whole
            if world.size > 1 and not isinstance(error, CalculationFailed):
                traceback.print_exc()  # the other ranks may wait for this one for ever
                world.abort(1)
            raise

    def _twice(
        self, atoms: Atoms, properties: Sequence[str], folder: Path | None
    ) -> dict[str, Any]:
        if not self._goes_on(atoms, folder):
            self._begin(atoms, folder)
        try:
            return self._answers(atoms, properties)
        except KohnShamConvergenceError:
            tried = self._calc.params.maxiter
        log.info("no self-consistent density in %d iterations: %s", tried, PATIENT)
        self._forget_density()
        self._calc = self._new(PATIENT)
        try:
            return self._answers(atoms, properties)
        except KohnShamConvergenceError as error:
            self._forget_density()
            raise CalculationFailed(
                f"the density is not self-consistent after {tried} iterations, nor, from the start "
                f"with mixing of {PATIENT['mixer']['beta']}, after {PATIENT['maxiter']}; "
                f"{self._log or 'no log'} ends: {_last_iterations(self._log)}"
            ) from error

    def _goes_on(self, atoms: Atoms, folder: Path | None) -> bool:
        """The calculator at hand has the density of this task, and its symmetry still holds.

        GPAW itself looks at neither: it would keep the moments of another task with the same
        geometry, and average away forces that break the symmetry it began with.
        """
        if self._calc is None or self._of != (folder, *_identity(atoms)):
            return False
        return _keeps_symmetry(self._calc, atoms)

    def _begin(self, atoms: Atoms, folder: Path | None) -> None:
        self._calc = None
        self._folder, self._of = folder, (folder, *_identity(atoms))
        self._written = time.monotonic()
        if folder is not None:
            folder.mkdir(exist_ok=True)
        self._calc = self._kept(atoms) or self._new({})

    def _new(self, changes: Mapping[str, Any]) -> Any:
        """A calculator that begins with the densities of atoms."""
        settings = {**self._settings, **changes}
        return self._kept_up_to_date(GPAW(txt=self._next_log(), legacy_gpaw=False, **settings))

    def _kept(self, atoms: Atoms) -> Any | None:
        """A calculator that begins with the density in the folder; None without a fitting one."""
        path = None if self._folder is None else self._folder / DENSITY
        if path is None or not _by_rank_0(path.exists()):
            return None
        calc, fits, log_file = None, False, self._next_log()
        try:
            with path.open("rb") as file:
                calc = GPAW(file, txt=log_file, parallel=self._settings.get("parallel"))
                calc.dft.ibzwfs.make_sure_wfs_are_read_from_gpw_file()
            calc.dft.results.clear()  # those of a density that was not self-consistent
            fits = _identity(calc.atoms) == _identity(atoms) and _keeps_symmetry(calc, atoms)
        except Exception as error:  # noqa: BLE001  (whatever is wrong with it, it is not needed)
            log.warning("density %s cannot be used, starting afresh: %s", path, error)
        return self._kept_up_to_date(calc) if world.min_scalar(int(fits)) else None

    def _kept_up_to_date(self, calc: Any) -> Any:
        """The calculator, which will write its density from time to time."""
        if self._folder is not None:
            calc.hooks["scf_step"] = lambda _: self._keep(calc)
        return calc

    def _keep(self, calc: Any) -> None:
        """Write the density, whole or not at all, if the last one is old enough.

        Where the disk has no room for it the calculation goes on, and does not try again.
        """
        now = _by_rank_0(time.monotonic())
        if self._folder is None or now - self._written < INTERVAL:
            return
        file = DensityFile(self._folder / DENSITY) if world.rank == 0 else None
        calc.write(file, mode="all")
        error = None if file is None else file.settle()
        if error is not None:
            log.warning("going on without keeping the density of %s: %s", self._folder, error)
        if _by_rank_0(error is not None):
            del calc.hooks["scf_step"]
        self._written = now

    def _forget_density(self) -> None:
        """What led nowhere is nothing to go on from."""
        if self._folder is not None and world.rank == 0:
            (self._folder / DENSITY).unlink(missing_ok=True)

    def _next_log(self) -> str | None:
        """A log for each calculator, ``gpaw-1.log`` and on, of one name on all ranks."""
        if self._folder is None:
            return None
        number = 1 + int(_by_rank_0(len(list(self._folder.glob("gpaw-*.log")))))
        self._log = self._folder / f"gpaw-{number}.log"
        return str(self._log)

    def _answers(self, atoms: Atoms, properties: Sequence[str]) -> dict[str, Any]:
        for name in properties:
            self._calc.get_property(name, atoms)
        return {name: self._calc.results[name] for name in PROPERTIES if name in self._calc.results}


def _by_rank_0(number: float) -> float:
    """The number that the first rank has, so that all decide alike."""
    return float(broadcast_float(float(number), world))


def _identity(atoms: Atoms) -> tuple[bytes, ...]:
    """What stays the same while a task moves atoms and cell."""
    moments = np.asarray(atoms.get_initial_magnetic_moments(), dtype=float)
    return atoms.numbers.tobytes(), atoms.pbc.tobytes(), moments.tobytes()


def _keeps_symmetry(calc: Any, atoms: Atoms) -> bool:
    """The operations that the calculator uses are those of the atoms, too."""
    if not np.array_equal(calc.atoms.cell, atoms.cell):
        return True  # it looks for them anew
    try:
        symmetries = calc.dft.ibzwfs.ibz.symmetries
        symmetries.check_positions(atoms.get_scaled_positions(wrap=False))
    except SymmetryBrokenError:
        return False
    return True


def _last_iterations(path: Path | None) -> str:
    if path is None or not path.exists():  # the first rank writes it, maybe on another machine
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    iterations = [line.strip("|\n") for line in lines if line.startswith("|iter")]
    return "; ".join(" ".join(line.split()) for line in iterations[-2:])
