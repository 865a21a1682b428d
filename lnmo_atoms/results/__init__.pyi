from .calculations import BandResult, Failure, HessianResult, TaskResult
from .defects import DefectResult, PhaseResult
from .hops import HopResult, Segment
from .orderings import OrderingResult, formula_units
from .refined import RefinedHop, RefinedSurface
from .surfaces import (
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
