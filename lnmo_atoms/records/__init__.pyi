from .defects import DEFECTS_FILE, load_defects, save_defects
from .kinds import (
    DISORDERED_SURFACES_FILE,
    HOPS_FILE,
    SURFACES_FILE,
    THICKNESS_FILE,
    load_disordered_surfaces,
    load_hop_bulk,
    load_hops,
    load_surfaces,
    load_thickness,
    save_disordered_surfaces,
    save_hops,
    save_surfaces,
    save_thickness,
)
from .orderings import ORDERINGS_FILE, load_orderings, save_orderings
from .renewal import renew_hops, renew_surfaces

__all__ = [
    "DEFECTS_FILE",
    "DISORDERED_SURFACES_FILE",
    "HOPS_FILE",
    "ORDERINGS_FILE",
    "SURFACES_FILE",
    "THICKNESS_FILE",
    "load_defects",
    "load_disordered_surfaces",
    "load_hop_bulk",
    "load_hops",
    "load_orderings",
    "load_surfaces",
    "load_thickness",
    "renew_hops",
    "renew_surfaces",
    "save_defects",
    "save_disordered_surfaces",
    "save_hops",
    "save_orderings",
    "save_surfaces",
    "save_thickness",
]
