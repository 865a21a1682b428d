"""Workflow: surface energies of disordered crystals, as means over random samples."""

from lnmo_atoms.disordered_surfaces.workflow import (
    disordered_surface_energies,
    plan_disordered_surfaces,
)

__all__ = ["disordered_surface_energies", "plan_disordered_surfaces"]
