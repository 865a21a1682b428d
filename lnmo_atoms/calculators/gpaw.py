"""GPAW with PBE+U as set for LNMO, in this process or on MPI ranks."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.calculators.subprocesscalculator import PackedCalculator

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators.mpi import RankGroup, no_launcher

with no_launcher():
    from lnmo_atoms.calculators.gpaw_scf import PROPERTIES, SelfConsistentField

PRESET: Mapping[str, Any] = MappingProxyType(
    {
        "mode": {"name": "pw", "ecut": 500},
        "xc": "PBE",
        # points per Å⁻¹: 2×2×2 for the 56-atom cubic cell, one across a slab's vacuum
        "kpts": {"density": 2.5, "gamma": True},
        "occupations": {"name": "fermi-dirac", "width": 0.02},
        "maxiter": 150,
    }
)
"""Plane waves to 500 eV; bulk LNMO takes 15 iterations with the default mixer, a slab 40."""
SETUPS: Mapping[bool, Mapping[str, str]] = MappingProxyType(
    {
        False: {"Mn": "7:d,3.9", "Ni": "10:d,6.2"},
        True: {"Mn": ":d,3.9", "Ni": ":d,6.2"},
    }
)
"""U of 3.9 eV on Mn and 6.2 eV on Ni (Materials Project), by whether semicore electrons relax."""
MAGNETIC = frozenset({"Mn", "Ni"})


def pbe_u(*, ranks: int = 1, semicore: bool = False, **options: Any) -> "GpawCalculator":
    """GPAW's calculator with the preset, single options replaced by the user's.

    Args:
        ranks: MPI processes; one computes in this process.
        semicore: relax 3s and 3p of Mn and Ni too, at three times the cost.
        options: keywords of ``gpaw.GPAW``.
    """
    return GpawCalculator({**PRESET, "setups": dict(SETUPS[semicore]), **options}, ranks)


class GpawCalculator(BaseCalculator):
    """Spin-polarized from the moments of the atoms, which Mn and Ni must have.

    Attributes:
        directory: where it logs to ``gpaw.txt`` and keeps ``density.gpw``, from which a calculation
            that was stopped goes on; None keeps nothing.
    """

    implemented_properties = list(PROPERTIES)  # noqa: RUF012

    def __init__(self, settings: Mapping[str, Any], ranks: int) -> None:
        """Compute nothing yet.

        Args:
            settings: keywords of ``gpaw.GPAW``.
            ranks: MPI processes.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        if ranks < 1:
            raise RequestError(f"at least one rank is needed, not {ranks}")
        self.directory: Path | None = None
        self._compute = (
            SelfConsistentField(settings).compute
            if ranks == 1
            else partial(RankGroup(_Packed(settings), ranks).call, "compute")
        )

    def calculate(
        self, atoms: Atoms, properties: Sequence[str], system_changes: Sequence[str]
    ) -> None:
        """Compute the properties asked for, and those that come with them at no cost."""
        del system_changes
        bare = MAGNETIC & set(atoms.symbols)
        if bare and not np.any(atoms.get_initial_magnetic_moments()):
            raise RequestError(
                f"{' and '.join(sorted(bare))} have no moments to start from: give the structure "
                "some, as lnmo build does"
            )
        seen = Atoms(
            atoms.numbers,
            atoms.positions,
            cell=atoms.cell,
            pbc=atoms.pbc,
            magmoms=atoms.get_initial_magnetic_moments(),
        )
        self.results.update(self._compute(seen, list(properties), self.directory))


class _Packed(PackedCalculator):
    """The settings, to be made into a calculator on each rank."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)

    def unpack_calculator(self) -> Any:
        return SelfConsistentField(self._settings)
