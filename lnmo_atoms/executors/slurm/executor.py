"""SLURM as an executor of tasks."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from lnmo_atoms.executors.causes import JobError
from lnmo_atoms.executors.processes import ProcessExecutor
from lnmo_atoms.executors.slurm import call, queue
from lnmo_atoms.executors.slurm.job import SlurmJob, job_name
from lnmo_atoms.executors.slurm.queue import SlurmError, Standing
from lnmo_atoms.tasks import Task, cost
from lnmo_atoms.tasks.files import STARTED
from lnmo_atoms.tasks.task import ESTIMATED

POLL = 0.5
"""Seconds between two looks for outcomes."""
LOOK = 10.0
"""Seconds between two questions to SLURM, one for all jobs together."""
GRACE = 90.0
"""Seconds for the outcome of a job that ended to appear: NFS shows a file up to 60 s late."""
REFUSALS = 5
"""Times that SLURM may refuse a job while none of ours, at its limit, explains it."""

log = logging.getLogger(__name__)


@dataclass
class _Job:
    """A task on its way through SLURM."""

    task: Task[Any]
    folder: Path
    future: Future[Any] = field(default_factory=Future)
    sent: bool = False
    refusals: int = 0
    ended: float | None = None

    @property
    def name(self) -> str:
        return job_name(self.folder)


class SlurmExecutor(Executor):
    """Each task is a job, known by its folder: a job that outlived its driver is picked up.

    Jobs leave their outcome in the task's folder. What failed is calculated again when it is
    submitted again. A job is refused for good only by SLURM's answer to a trial at the start;
    later refusals, such as a limit on the jobs of a user, are taken as passing.
    """

    def __init__(
        self, job: SlurmJob | None = None, workers: int = 1, timeout: float | None = None
    ) -> None:
        """Make sure that SLURM takes such jobs; see which are under way.

        Args:
            job: resources of each.
            workers: processes beside the driver, for tasks that ``job.local_below`` keeps here.
            timeout: seconds that a job may run; None is its wall time alone.

        Raises:
            RequestError: where there is no SLURM, it does not answer, or takes no such jobs.
        """
        self._job = job or SlurmJob()
        self._timeout = timeout
        queue.require_slurm()
        self._left = queue.under_way()
        queue.would_run(self._job.script(["true"]))
        self._local = ProcessExecutor(workers, timeout)
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._keep_watch, daemon=True)
        self._watch.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a task, as the runner does: ``submit(execute, task, folder)``.

        Raises:
            RequestError: where its engine would start more MPI ranks than a job has.
        """
        task, folder = args
        if task.spec.name in ESTIMATED and cost(task) < self._job.local_below:
            return self._local.submit(fn, *args, **kwargs)
        self._job.require_ranks(task.spec.ranks)
        job = _Job(task, folder)
        job.future.set_running_or_notify_cancel()
        outcome = call.read_outcome(folder)
        if self._left.pop(job.name, None) is not None:
            job.sent = True
        elif outcome is None or isinstance(outcome, JobError):
            call.write_call(task, folder)
            self._send(job)
        with self._lock:
            self._jobs[job.name] = job
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop watching, after the last outcome if ``wait``; jobs are left to themselves."""
        while wait and self._pending():
            time.sleep(POLL)
        self._closing.set()
        self._watch.join()
        self._local.shutdown(wait, cancel_futures=cancel_futures)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for all outcomes; after an exception leave the jobs to the next driver."""
        if kind is not None and (pending := self._pending()):
            log.warning(
                "%d %s with SLURM; the same command goes on with them (squeue --me lists them)",
                len(pending),
                "job stays" if len(pending) == 1 else "jobs stay",
            )
        self._local.__exit__(kind, error, trace)
        self.shutdown(wait=kind is None)

    def _pending(self) -> list[_Job]:
        with self._lock:
            return list(self._jobs.values())

    def _send(self, job: _Job) -> None:
        """Submit it; a refusal is remembered."""
        script = self._job.script(call.command(job.folder))
        try:
            queue.send(script, job.name, job.folder / call.OUTPUT)
            job.sent = True
        except SlurmError as error:
            job.refusals += 1
            log.warning("%s waits: SLURM refused it for now: %s", job.task.name, error)
            if job.refusals >= REFUSALS:
                self._settle(job, JobError(f"refused by SLURM: {error}"))

    def _settle(self, job: _Job, outcome: object) -> None:
        """Hand over what came of a job."""
        with self._lock:
            self._jobs.pop(job.name, None)
        if isinstance(outcome, Exception):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)

    def _keep_watch(self) -> None:
        """Hand over outcomes as they come, until closed."""
        looked, blind = time.monotonic(), False
        while not self._closing.wait(POLL):
            try:
                for job in self._pending():
                    if (outcome := call.read_outcome(job.folder)) is not None:
                        self._settle(job, outcome)
                if time.monotonic() - looked > LOOK:
                    looked = time.monotonic()
                    self._look(self._pending())
                    blind = False
            except Exception as error:  # noqa: BLE001  (without a watch the run would never end)
                if not blind:
                    log.warning("cannot see how the jobs stand, and will look again: %s", error)
                blind = True

    def _look(self, pending: list[_Job]) -> None:
        """Ask SLURM how the jobs stand; see to those that ended or may not go on."""
        if not pending:
            return
        found = queue.standings()
        crowded = any(standing.alive for standing in found.values())
        for job in pending:
            standing = found.get(job.name)
            if standing is not None and standing.alive:
                self._follow(job, standing)
            elif job.sent:
                self._miss(job, standing)
            else:
                job.refusals = 0 if crowded else job.refusals
                self._send(job)

    def _miss(self, job: _Job, standing: Standing | None) -> None:
        """A job is over and has left nothing."""
        if standing is not None and standing.state == "COMPLETING":
            return  # why it ended is known only later
        job.ended = job.ended or time.monotonic()
        with suppress(OSError):
            list(job.folder.iterdir())  # makes NFS look whether there are new files
        outcome = call.read_outcome(job.folder)
        if outcome is None and time.monotonic() - job.ended < GRACE:
            return
        how = "" if standing is None else f" ({standing.state})"
        cause = f"its job ended without a result{how}: see {job.folder / call.OUTPUT}"
        if standing is not None and standing.state == "TIMEOUT":
            cause = "its job was ended at its wall time: give more; what it checkpointed is kept"
        self._settle(job, JobError(cause) if outcome is None else outcome)

    def _follow(self, job: _Job, standing: Standing) -> None:
        """A job waits or runs, be it one that SLURM took while sbatch heard no answer."""
        job.sent, job.ended = True, None
        if standing.state == "RUNNING":
            (job.folder / STARTED).touch()
        if self._timeout is not None and standing.seconds > self._timeout:
            queue.cancel([standing])
            self._settle(
                job, TimeoutError(f"took longer than the {self._timeout:g} s it was given")
            )
