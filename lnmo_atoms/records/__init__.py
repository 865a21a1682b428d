"""Results of a study on disk: JSON, read back bit for bit.

A file is one object: ``format`` and ``schema`` say what it is, ``bulks`` holds every distinct bulk
once, ``records`` one result per line, with the unit in the name of every number that has one.
"""

from lnmo_atoms.records.kinds import (
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
from lnmo_atoms.records.orderings import ORDERINGS_FILE, load_orderings, save_orderings

__all__ = [
    "DISORDERED_SURFACES_FILE",
    "HOPS_FILE",
    "ORDERINGS_FILE",
    "SURFACES_FILE",
    "THICKNESS_FILE",
    "load_disordered_surfaces",
    "load_hop_bulk",
    "load_hops",
    "load_orderings",
    "load_surfaces",
    "load_thickness",
    "save_disordered_surfaces",
    "save_hops",
    "save_orderings",
    "save_surfaces",
    "save_thickness",
]
