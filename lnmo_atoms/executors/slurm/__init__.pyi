from .executor import SlurmExecutor
from .job import SlurmJob
from .states import job_states

__all__ = [
    "SlurmExecutor",
    "SlurmJob",
    "job_states",
]
