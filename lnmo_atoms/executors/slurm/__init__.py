"""Tasks as jobs of SLURM, which outlive the driver and are picked up by the next one."""

from lnmo_atoms.executors.slurm.executor import SlurmExecutor
from lnmo_atoms.executors.slurm.job import SlurmJob
from lnmo_atoms.executors.slurm.states import job_states

__all__ = ["SlurmExecutor", "SlurmJob", "job_states"]
