"""Tasks as jobs of SLURM, which outlive the driver and are picked up by the next one."""

from lnmo_atoms.executors.slurm.executor import SlurmExecutor
from lnmo_atoms.executors.slurm.job import SlurmJob, job_name
from lnmo_atoms.executors.slurm.queue import Standing, standings

__all__ = ["SlurmExecutor", "SlurmJob", "Standing", "job_name", "standings"]
