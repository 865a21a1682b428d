"""Runs tasks in an executor and keeps what comes back in a study."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from lnmo_atoms.executors import SerialExecutor
from lnmo_atoms.executors.causes import cause_of
from lnmo_atoms.results import BandResult, Failure, HessianResult, TaskResult
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task, cost, execute
from lnmo_atoms.tasks.files import STARTED
from lnmo_atoms.tasks.task import R

POLL = 0.2
"""Seconds between two looks at which tasks have begun."""
MOST_LOSSES = 3
"""Times that a task is sent again because workers die before they come to it."""

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

Status = Literal["cached", "running", "done", "failed"]


Outcome = TaskResult | BandResult | HessianResult | Failure


@dataclass(frozen=True)
class _Sent:
    """A task given to the executor, and its folder."""

    task: Task[Any]
    folder: Path


@dataclass(frozen=True)
class Progress:
    """One task's change of state.

    Attributes:
        name: of the task.
        status: cached was found finished in the study.
        done: tasks settled so far, those cached or failed included.
        total: tasks in all.
        cost_done: of the tasks settled in this run, in units of :func:`lnmo_atoms.tasks.cost`.
        cost_total: of all tasks that were not found finished.
        seconds: since the run began.
    """

    name: str
    status: Status
    done: int
    total: int
    cost_done: float
    cost_total: float
    seconds: float


def run_tasks(
    tasks: Iterable[Task[R]],
    study: Study,
    executor: Executor,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, R | Failure]:
    """Do the tasks that the study does not hold yet, the longest first.

    Each result is kept as it comes. A task that fails is recorded with its cause, and the others
    go on. Tasks with equal keys are done once.

    Args:
        tasks: any number.
        study: open.
        executor: any.
        progress: called with every change of state.

    Returns:
        results and failures by the tasks' keys.
    """
    outcomes, todo, board = unfinished(tasks, study, progress)
    for task, outcome in _settled(todo, study, executor, board):
        outcomes[task.key] = outcome
        board.show(task, "failed" if isinstance(outcome, Failure) else "done")
    return outcomes


def unfinished(
    tasks: Iterable[Task[R]], study: Study, progress: Callable[[Progress], None] | None
) -> tuple[dict[str, Any], list[Task[R]], "Board"]:
    """What the study holds of the tasks by their keys, those it does not hold, and their board.

    Args:
        tasks: any number; those with equal keys are one.
        study: open.
        progress: called with every change of state.

    Returns:
        outcomes, None where there is none yet; the tasks to do, the longest first; the board, which
        has told of those that are finished.
    """
    distinct = {task.key: task for task in tasks}
    outcomes: dict[str, Any] = {key: study.get(key) for key in distinct}
    todo = [task for key, task in distinct.items() if outcomes[key] is None]
    board = Board(progress, len(distinct), sum(map(cost, todo)))
    for key, task in distinct.items():
        if outcomes[key] is not None:
            study.clear(task)  # a run that was killed at its end has left it
            board.show(task, "cached")
    return outcomes, sorted(todo, key=cost, reverse=True), board


def _settled(
    tasks: Sequence[Task[Any]], study: Study, executor: Executor, board: "Board"
) -> Iterator[tuple[Task[Any], Outcome]]:
    """Every task with its outcome, recorded in the study, in the order in which they end."""
    queue, running, losses = deque(tasks), dict[Future[Any], _Sent](), Counter[str]()
    try:
        while queue or running:
            while queue:
                task = queue.popleft()
                if isinstance(executor, SerialExecutor):
                    board.show(task, "running")
                sent = _Sent(task, study.folder(task))
                future = submitted(executor, execute, sent.task, sent.folder)
                running[future] = sent
                if future.done():
                    break  # a serial executor's: keep it before the next one starts
            ended, pending = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
            for future in pending:
                if (running[future].folder / STARTED).exists():
                    board.show(running[future].task, "running")
            for future in ended:
                sent = running.pop(future)
                if _was_lost(future, sent) and losses[sent.task.key] < MOST_LOSSES:
                    losses[sent.task.key] += 1
                    queue.append(sent.task)
                else:
                    board.show(sent.task, "running")
                    yield sent.task, _kept(future, sent.task, study)
    finally:
        for future in running:
            future.cancel()


def submitted(
    executor: Executor, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> Future[T]:
    """The call's future; of an executor that takes no more calls, one that has failed."""
    try:
        return executor.submit(call, *args, **kwargs)
    except BrokenExecutor as error:
        future: Future[T] = Future()
        future.set_exception(error)
        return future


def _was_lost(future: Future[Any], sent: _Sent) -> bool:
    """A worker died before it came to this task: another task, or none, is to blame."""
    broken = not future.cancelled() and isinstance(future.exception(), BrokenExecutor)
    return broken and not (sent.folder / STARTED).exists()


def _kept(future: Future[Any], task: Task[Any], study: Study) -> Outcome:
    """Record what came of a task.

    Raises:
        BaseException: what is no failure of the task, such as KeyboardInterrupt.
    """
    error = error_of(future)
    if error is None:
        result: TaskResult | BandResult | HessianResult = future.result()
        study.put(task, result)
        return result
    if not isinstance(error, Exception):
        raise error
    log.info("%s failed", task.name, exc_info=error)
    return study.fail(task, cause_of(error))


def error_of(future: Future[Any]) -> BaseException | None:
    """What went wrong with a call that has ended, be it that it was cancelled."""
    return CancelledError("cancelled") if future.cancelled() else future.exception()


class Board:
    """Counts what is settled and tells the user's callback."""

    def __init__(
        self, progress: Callable[[Progress], None] | None, total: int, cost_total: float
    ) -> None:
        """Nothing is settled yet.

        Args:
            progress: called with every change.
            total: tasks.
            cost_total: of those not found finished.
        """
        self._progress = progress
        self._total, self._cost_total = total, cost_total
        self._done, self._cost_done = 0, 0.0
        self._announced: set[str] = set()
        self._started = time.perf_counter()

    def show(self, task: Task[Any], status: Status) -> None:
        """Tell of a change; that a task runs is told once."""
        if status == "running":
            if task.key in self._announced:
                return
            self._announced.add(task.key)
        else:
            self._done += 1
            self._cost_done += 0.0 if status == "cached" else cost(task)
        if self._progress is not None:
            seconds = time.perf_counter() - self._started
            self._progress(
                Progress(
                    task.name,
                    status,
                    self._done,
                    self._total,
                    self._cost_done,
                    self._cost_total,
                    seconds,
                )
            )
