"""GPAW with PBE+U as set for LNMO."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gpaw import GPAW

PRESET: Mapping[str, Any] = MappingProxyType(
    {
        "mode": {"name": "pw", "ecut": 500},
        "xc": "PBE",
        # points per Å⁻¹: 2×2×2 for the 56-atom cubic cell, one across a slab's vacuum
        "kpts": {"density": 2.5, "gamma": True},
        "occupations": {"name": "fermi-dirac", "width": 0.02},
        "setups": {"Mn": "7:d,3.9", "Ni": "10:d,6.2"},
        "txt": None,
    }
)
"""Plane waves to 500 eV, U of 3.9 eV on Mn and 6.2 eV on Ni, semicore electrons frozen."""


def pbe_u(**options: Any) -> Any:
    """GPAW's calculator with the preset, single options replaced by the user's.

    Spin comes from the moments of the atoms, the mesh of k-points from their cell.
    """
    return GPAW(**{**PRESET, **options})
