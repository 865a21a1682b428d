"""Runs searches: every geometry that one of them asks for is a call to the executor.

So the images of one path, and the paths of many hops, are spread over all workers alike.
"""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from ase.calculators.calculator import CalculationFailed

from lnmo_atoms.executors import SlurmExecutor
from lnmo_atoms.executors.causes import cause_of
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import BandResult, Failure, HessianResult
from lnmo_atoms.runner import Board, Progress, error_of, run_tasks, submitted, unfinished
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task
from lnmo_atoms.tasks.band import band_search, finished
from lnmo_atoms.tasks.evaluation import Evaluation, Question, Search, evaluate
from lnmo_atoms.tasks.files import NOTEBOOK, STARTED
from lnmo_atoms.tasks.hessian import found_hessian, hessian_search
from lnmo_atoms.tasks.notebook import Notebook

log = logging.getLogger(__name__)

S = TypeVar("S", BandResult, HessianResult)


def run_searches(
    tasks: Iterable[Task[S]],
    study: Study,
    executor: Executor,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, S | Failure]:
    """Find the paths or Hessians that the study does not hold yet, all at once.

    Every evaluation is kept as it comes, so that a run that is killed asks for none of them again.
    A search that fails is recorded with its cause, and the others go on. One whose engine changes
    under way fails; what the engine of its key said before is kept. When a worker dies, what was
    asked of it and of others is asked again, one question at a time, so that the right one fails.
    On SLURM a whole search is one job.

    Args:
        tasks: bands or Hessians.
        study: open.
        executor: any.
        progress: called with every change of state.

    Returns:
        results and failures by the tasks' keys.
    """
    if isinstance(executor, SlurmExecutor):
        return run_tasks(tasks, study, executor, progress)
    outcomes, todo, board = unfinished(tasks, study, progress)
    talks = [_Talk[S](task, study) for task in todo]
    pending: dict[Future[Evaluation], _Talk[S]] = {}
    try:
        for talk in talks:
            board.show(talk.task, "running")
            pending |= talk.go_on(executor)
            _settle(talk, study, board, outcomes)
        while pending or (lost := [talk for talk in talks if talk.lost]):
            if not pending:
                pending |= lost[0].ask_again(executor)
            ended, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in ended:
                talk = pending.pop(future)
                pending |= talk.hear(future, executor)
                _settle(talk, study, board, outcomes)
    finally:
        for future in pending:
            future.cancel()
    return outcomes


def _settle(talk: "_Talk[S]", study: Study, board: Board, outcomes: dict[str, Any]) -> None:
    """Keep what has come of a search that has ended."""
    if talk.settled or (talk.result is None and talk.error is None):
        return
    talk.settled = True
    if talk.result is not None:
        study.put(talk.task, talk.result)
        outcomes[talk.task.key] = talk.result
        board.show(talk.task, "done")
    elif talk.error is not None:
        log.info("%s failed", talk.task.name, exc_info=talk.error)
        outcomes[talk.task.key] = study.fail(talk.task, cause_of(talk.error))
        board.show(talk.task, "failed")


@dataclass
class _Talk(Generic[S]):
    """A search and the calls that it waits for."""

    task: Task[S]
    study: Study
    result: S | None = None
    error: Exception | None = None
    settled: bool = False
    _asked: list[Question] = field(default_factory=list)
    _answers: dict[int, Evaluation] = field(default_factory=dict)
    _waiting: list[int] = field(default_factory=list)
    _places: dict[Future[Evaluation], int] = field(default_factory=dict)
    _lost: list[int] = field(default_factory=list)
    _alone: int | None = None

    def __post_init__(self) -> None:
        folder = self.study.folder(self.task)
        self._notebook = Notebook(folder / NOTEBOOK, self.task.spec)
        self._atoms = to_atoms(self.task.structures[0])
        self._search = _begun(self.task, folder, self._notebook)

    def go_on(self, executor: Executor) -> dict[Future[Evaluation], "_Talk[S]"]:
        """Start the search, or tell it the answers; hand its questions to the executor."""
        while len(self._answers) == len(self._asked):
            answers = [self._answers[i] for i in range(len(self._asked))]
            try:
                self._asked = self._search.send(answers) if self._asked else next(self._search)
            except StopIteration as found:
                self.result = found.value
                return {}
            except Exception as error:  # noqa: BLE001  (it is recorded as the task's failure)
                self.error = error
                return {}
            known = {i: self._notebook.known(q) for i, q in enumerate(self._asked)}
            self._answers = {i: answer for i, answer in known.items() if answer is not None}
            self._alone = None
        self._waiting = [i for i in range(len(self._asked)) if i not in self._answers]
        return self._submit(executor)

    def hear(
        self, future: Future[Evaluation], executor: Executor
    ) -> dict[Future[Evaluation], "_Talk[S]"]:
        """Take an answer; go on when it is the last one waited for."""
        place, error = self._places.pop(future), error_of(future)
        if error is None:
            self._note(place, future.result())
        elif isinstance(error, BrokenExecutor) and place != self._alone:
            self._lost.append(place)
        elif isinstance(error, Exception):
            self.error = self.error or error
        else:
            raise error
        if self.error is not None:
            return {}
        if self._waiting:
            return self._submit(executor)
        return {} if self._places or self._lost else self.go_on(executor)

    def _note(self, place: int, answer: Evaluation) -> None:
        try:
            self._answers[place] = self._notebook.note(self._asked[place], answer)
        except CalculationFailed as changed:
            self.error = self.error or changed

    @property
    def lost(self) -> bool:
        """A worker died while it had, or was to have, one of the questions."""
        return bool(self._lost) and self.error is None

    def ask_again(self, executor: Executor) -> dict[Future[Evaluation], "_Talk[S]"]:
        """Ask one of the lost questions while nothing else is asked: if it kills, it is known."""
        self._alone = self._lost.pop()
        self._waiting = [self._alone]
        return self._submit(executor)

    def _submit(self, executor: Executor) -> dict[Future[Evaluation], "_Talk[S]"]:
        while self._waiting:
            place = self._waiting.pop(0)
            folder = self._notebook.folder(place)
            call = submitted(
                executor, evaluate, self._atoms, self._asked[place], self.task.spec, folder
            )
            self._places[call] = place
            if call.done():
                break  # a serial executor's: note it before the next one starts
        return dict.fromkeys(self._places, self)


def _begun(task: Task[Any], folder: Path, notebook: Notebook) -> Search[Any]:
    """The task's search, its answer made into a result."""
    (folder / STARTED).touch()
    task.require_same_engine()
    if task.kind == "hessian":
        found = yield from hessian_search(task.structures[0])
        return found_hessian(task.structures[0], found, notebook)
    path = yield from band_search(task.structures, **task.options)
    return finished(task.structures, path, notebook)
