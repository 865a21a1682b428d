"""An executor from a word of the recipe."""

from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.executors.cores import available_cores
from lnmo_atoms.executors.factory import executor_of
from lnmo_atoms.executors.processes import ProcessExecutor
from lnmo_atoms.executors.serial import SerialExecutor
from lnmo_atoms.executors.slurm import SlurmExecutor, SlurmJob


def make_executor(
    config: str | Executor | None = None,
    workers: int | None = None,
    *,
    timeout: float | None = None,
    slurm: SlurmJob | None = None,
) -> AbstractContextManager[Executor]:
    """An executor, for ``with``.

    Args:
        config: None or ``"serial"`` for this process, ``"processes"`` for worker processes,
            ``"slurm"`` for jobs, ``"module:callable"`` for what that function returns, or any
            executor of your own, which is used and left open.
        workers: processes; None is one per physical core that this process may use.
        timeout: seconds that one call may take, with processes and SLURM; None is no limit.
        slurm: resources of each job.

    Raises:
        RequestError: for another word, fewer than one worker, a time limit that nobody can keep,
            or where there is no SLURM that takes such jobs.
    """
    if workers is not None and workers < 1:
        raise RequestError(f"at least one worker is needed, not {workers}")
    if timeout is not None and config not in {"processes", "slurm"}:
        raise RequestError("a time limit is kept by the executors processes and slurm only")
    if isinstance(config, Executor):
        return nullcontext(config)
    if config is None or config == "serial":
        return SerialExecutor()
    if config == "processes":
        return ProcessExecutor(workers or available_cores(), timeout)
    if config == "slurm":
        return SlurmExecutor(slurm, workers or 1, timeout)
    if ":" in config:
        return executor_of(config)
    raise RequestError(
        f"executor {config!r} is not known: use serial, processes, slurm, or module:callable"
    )
