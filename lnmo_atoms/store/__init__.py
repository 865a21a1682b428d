"""A study's folder: finished results, checkpoints and provenance; what is done stays done."""

from lnmo_atoms.store.status import TaskState
from lnmo_atoms.store.study import Study

__all__ = ["Study", "TaskState"]
