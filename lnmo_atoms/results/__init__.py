"""What calculations and workflows give back: frozen, with units.

The files ``surfaces.json``, ``hops.json``, ``orderings.json`` and ``thickness.json`` of a study
hold them, see :mod:`lnmo_atoms.records`.
"""

from lnmo_atoms.results.calculations import BandResult, Failure, HessianResult, TaskResult
from lnmo_atoms.results.defects import DefectResult, PhaseResult
from lnmo_atoms.results.hops import HopResult, Segment
from lnmo_atoms.results.orderings import OrderingResult, formula_units
from lnmo_atoms.results.refined import RefinedHop, RefinedSurface
from lnmo_atoms.results.surfaces import (
    EV_PER_A2,
    DisorderedSurfaceResult,
    SurfaceResult,
    ThicknessFit,
    ThicknessResult,
)

__all__ = [
    "EV_PER_A2",
    "BandResult",
    "DefectResult",
    "DisorderedSurfaceResult",
    "Failure",
    "HessianResult",
    "HopResult",
    "OrderingResult",
    "PhaseResult",
    "RefinedHop",
    "RefinedSurface",
    "Segment",
    "SurfaceResult",
    "TaskResult",
    "ThicknessFit",
    "ThicknessResult",
    "formula_units",
]
