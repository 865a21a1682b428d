from .band import band
from .hessian import hessian
from .relax import relax
from .static import static
from .task import Task, cost, execute

__all__ = [
    "Task",
    "band",
    "cost",
    "execute",
    "hessian",
    "relax",
    "static",
]
