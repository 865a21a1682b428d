"""A calculator on MPI ranks, driven from this process, which is no part of their group."""

import contextlib
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from ase.calculators.calculator import CalculationFailed
from ase.calculators.subprocesscalculator import (
    MPICommand,
    PackedCalculator,
    PythonSubProcessCalculator,
)

from lnmo_atoms.builders.errors import RequestError

LAUNCHERS = ("OMPI_", "PMIX_", "PMI_", "I_MPI_MPIRUN")
"""Variables by which a launcher tells a process that it is one of its ranks."""
SETTINGS: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    # Open MPI: as root in a container, on busy cores, and bound to none, since it would bind the
    # ranks of every group to the same first cores (release 5 has its own names for the last two)
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}
LEASH = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Runs a command that Linux sends SIGTERM when the thread that started it is gone.

That is PR_SET_PDEATHSIG of prctl(2); util-linux's setpriv can do so from 2.33 on, RHEL 8 has 2.32.
"""
GRACE = 5.0
"""Seconds that ranks have to stop."""
LAST_WORDS = 16000
"""Bytes that the ranks wrote last, looked at when they have died."""
PYTHON_ERROR = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)\b")
"""Begins the last line of a traceback; MPI writes much about the end of its ranks, and no cause."""


def without_launcher(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that no launcher started.

    In a batch job this process may be a rank of a launcher; what it starts or imports must not
    take itself for that rank.
    """
    return {name: value for name, value in environment.items() if not name.startswith(LAUNCHERS)}


@contextlib.contextmanager
def no_launcher() -> Iterator[None]:
    """Hide from what is imported inside that a launcher started this process."""
    hidden = {name: value for name, value in os.environ.items() if name.startswith(LAUNCHERS)}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


class RankGroup:
    """A calculator on MPI ranks, which start with its first call and end with this object."""

    def __init__(self, packed: PackedCalculator, ranks: int) -> None:
        """Start nothing yet.

        Args:
            packed: makes the calculator on each rank.
            ranks: how many.
        """
        self._packed, self._ranks = packed, ranks
        self._group: PythonSubProcessCalculator | None = None
        self._end: Callable[[], str | None] = str

    def call(self, method: str, *args: Any) -> Any:
        """What a method of the calculator gives, called on all ranks alike.

        Raises:
            RequestError: where there is no MPI.
            CalculationFailed: where the ranks have died.

        The next call starts new ranks then, and after a call that was interrupted, too.
        """
        group = self._group or self._started()
        try:
            return getattr(group.backend(), method)(*args)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            self._group = None
            raise CalculationFailed(f"the MPI ranks died: {self._end()}") from error
        except (KeyboardInterrupt, SystemExit):
            self._group = None  # else the next call would be given the answer to this one
            self._end()
            raise

    def _started(self) -> PythonSubProcessCalculator:
        if shutil.which("mpiexec") is None:
            raise RequestError("there is no mpiexec here: install MPI, or leave out ranks")
        errors = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the ranks live)
        group = PythonSubProcessCalculator(self._packed, _Command(self._ranks, errors))
        group.__enter__()
        self._end = weakref.finalize(self, _ended, group, errors)
        self._group = group
        return group


class _Command(MPICommand):
    """Starts the ranks, in an environment of their own.

    On Linux they end with the thread driving them, however it ends. Elsewhere those of a driver
    that is killed finish the calculation at hand, for nobody.
    """

    def __init__(self, ranks: int, errors: IO[bytes]) -> None:
        self._errors = errors
        serve = ["-m", "ase.calculators.subprocesscalculator", "standard"]
        ranked = ["mpiexec", "-n", str(ranks), sys.executable, "-m", "gpaw", "python", *serve]
        leash = [sys.executable, "-c", LEASH] if sys.platform == "linux" else []
        super().__init__([*leash, *ranked])  # type: ignore[no-untyped-call]

    def execute(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  (our own words)
            self.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=without_launcher(os.environ) | dict(SETTINGS),
        )


def _ended(group: PythonSubProcessCalculator, errors: IO[bytes]) -> str:
    """What the ranks wrote to standard error at last; they are asked to stop, then made to."""
    protocol: Any = group.protocol
    process: subprocess.Popen[bytes] = protocol.proc
    with contextlib.suppress(BrokenPipeError), process:
        protocol.send("stop")
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.terminate()
    with errors:
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - LAST_WORDS))
        lines = errors.read().decode(errors="replace").splitlines()
    telling = [line for line in lines if PYTHON_ERROR.match(line)] or lines
    return "; ".join(telling[-2:]) or "without a word"
