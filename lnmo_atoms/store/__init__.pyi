from .status import TaskState, status_of
from .study import Study

__all__ = [
    "Study",
    "TaskState",
    "status_of",
]
