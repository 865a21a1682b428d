"""Workflow: single points by a second engine, such as DFT, on the geometries of the first.

A universal potential finds geometries well and energies less well; DFT at its end points, saddles
and relaxed slabs costs a few single points instead of hundreds of steps.
"""

from lnmo_atoms.refinement.hops import refine_hops
from lnmo_atoms.refinement.surfaces import refine_surfaces

__all__ = ["refine_hops", "refine_surfaces"]
