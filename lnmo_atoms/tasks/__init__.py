"""Calculations as plain functions: structures and a spec in, a result out; resumable."""

from lnmo_atoms.tasks.band import band
from lnmo_atoms.tasks.hessian import hessian
from lnmo_atoms.tasks.relax import relax
from lnmo_atoms.tasks.static import static
from lnmo_atoms.tasks.task import Task, cost, execute

__all__ = ["Task", "band", "cost", "execute", "hessian", "relax", "static"]
