"""Workflow: energies of nickel–manganese orderings, each relaxed in its smallest cell."""

from lnmo_atoms.ordering_energies.workflow import ordering_energies, plan_orderings

__all__ = ["ordering_energies", "plan_orderings"]
