from .cores import available_cores
from .make import make_executor
from .serial import SerialExecutor
from .slurm import SlurmExecutor, SlurmJob, job_states

__all__ = [
    "SerialExecutor",
    "SlurmExecutor",
    "SlurmJob",
    "available_cores",
    "job_states",
    "make_executor",
]
