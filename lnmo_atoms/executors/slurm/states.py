"""Which tasks of a study are with SLURM."""

from pathlib import Path

from lnmo_atoms.executors.slurm.job import CALL, job_name
from lnmo_atoms.executors.slurm.queue import SlurmError, standings
from lnmo_atoms.store.files import TASKS
from lnmo_atoms.store.status import JobState


def job_states(study: Path) -> dict[str, JobState]:
    """Jobs that wait or run, by the tasks' keys; none where SLURM does not answer."""
    folders = [call.parent for call in (study / TASKS).glob(f"*/{CALL}")]
    try:
        found = standings() if folders else {}
    except SlurmError:
        return {}
    states: dict[str, JobState] = {}
    for folder in folders:
        job = found.get(job_name(folder))
        if job is not None and job.alive:
            states[folder.name] = "running" if job.state == "RUNNING" else "queued"
    return states
