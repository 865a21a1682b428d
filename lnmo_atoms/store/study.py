"""The folder of a study."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import file_name
from lnmo_atoms.calculators import CalculatorSpec, Quantity
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import Failure
from lnmo_atoms.store.database import ResultsFile
from lnmo_atoms.store.files import LOCK, LOGS, NAME, PROVENANCE, RESULTS, TASKS
from lnmo_atoms.store.lock import Lock
from lnmo_atoms.store.provenance import append_run, engines_of, read_runs
from lnmo_atoms.store.rows import Result, atoms_of, columns, pack, seal, unsealed
from lnmo_atoms.store.sqlite import errors_in_words
from lnmo_atoms.store.status import existing
from lnmo_atoms.tasks import Task
from lnmo_atoms.tasks.files import STARTED


class Study:
    """Results in ``results.db``, checkpoints in ``tasks/``, provenance in ``study.json``.

    Reading needs nothing more than a path. Writing needs the ``with`` statement, which makes the
    folder and keeps other drivers out of it. A refused request leaves nothing: what was made for a
    study in which no calculation was begun is removed.

    Attributes:
        failed: what has failed in this run; :meth:`failures` tells those of earlier ones as well.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        """Look at a folder; nothing is made or checked yet.

        Args:
            path: the folder; None is a temporary one, removed at the end of ``with``.
        """
        self._temporary = path is None
        self._path = None if path is None else Path(path)
        self._lock: Lock | None = None
        self.failed: list[Failure] = []
        self._new, self._made = False, list[Path]()

    @staticmethod
    def open(study: "Study | Path | str | None") -> "AbstractContextManager[Study]":
        """For ``with``: a study in this folder, or the given one, which is left open at the end."""
        return nullcontext(study) if isinstance(study, Study) else Study(study)

    def __enter__(self) -> "Study":
        """Make the folder where needed, check what is in it, and keep other drivers out.

        Raises:
            RequestError: where the folder cannot be made or written, holds files that are not
                ours, or is used by another driver.
        """
        if self._temporary:
            self._path = Path(tempfile.mkdtemp(prefix="lnmo-"))
        if self.path.is_dir():  # look before anything is made in it
            read_runs(self.path / PROVENANCE)
            self._results.check()
        self._made = [at for at in (self.path, *self.path.parents) if not at.exists()]
        self._new = not any((self.path / name).exists() for name in (RESULTS, PROVENANCE, TASKS))
        try:
            (self.path / TASKS).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise RequestError(f"{self.path} is no folder for a study but a file") from error
        except OSError as error:
            raise RequestError(f"cannot write to {self.path}: {error.strerror}") from error
        self._lock = Lock(self.path / LOCK)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let other drivers in; after an exception, or without a run, remove what is empty."""
        self._release()
        if self._temporary:
            shutil.rmtree(self.path, ignore_errors=True)
        elif self._new and (kind is not None or not (self.path / PROVENANCE).exists()):
            self._remove_if_empty()

    @property
    def path(self) -> Path:
        """The folder."""
        if self._path is None:
            raise RequestError("a study without a folder exists only inside its with statement")
        return self._path

    def get(self, key: str) -> Result | None:
        """The result of a finished task by its key; None where it is not finished.

        Raises:
            RequestError: where the database is damaged.
        """
        data = self._results.data(key=key, status="done")
        with errors_in_words(self._results.path):
            return unsealed(data[0]) if data else None

    def put(self, task: Task[Any], result: Result) -> None:
        """Keep a finished task and its engine's logs, and drop its checkpoint."""
        found = {
            "converged": result.converged,
            "steps": result.steps,
            "force_calls": result.force_calls,
            "seconds": result.seconds,
        }
        atoms = atoms_of(result, task.spec.name)
        fields = pack(result)
        data = {"result": fields, "seal": seal(fields)}
        self._results_to_write.write(task.key, atoms, {**columns(task, "done"), **found}, data)
        self.clear(task)

    def clear(self, task: Task[Any]) -> None:
        """Keep the logs of a finished task and drop its folder; a study not open is left as is."""
        if self._lock is not None:
            self._keep_logs(task)
            shutil.rmtree(self._folder(task), ignore_errors=True)

    def fail(self, task: Task[Any], cause: str) -> Failure:
        """Record why a task failed; its checkpoint stays, and the next start tries again."""
        atoms = to_atoms(task.structures[0])
        data = {"name": task.name, "cause": cause}
        self._results_to_write.write(task.key, atoms, columns(task, "failed"), data)
        self.failed.append(Failure(task.name, cause))
        return self.failed[-1]

    def failures(self) -> list[Failure]:
        """Tasks that failed and have not succeeded since."""
        return [
            Failure(data["name"], data["cause"]) for data in self._results.data(status="failed")
        ]

    def folder(self, task: Task[Any]) -> Path:
        """The task's own folder for its checkpoint, made if need be.

        Raises:
            RequestError: where it cannot be made or written.
        """
        self._results.create()
        folder = self._folder(task)
        try:
            folder.mkdir(exist_ok=True)
            (folder / STARTED).unlink(missing_ok=True)
            if not (folder / NAME).exists():  # for people alone, and not worth waiting for the disk
                (folder / NAME).write_text(task.name, encoding="utf-8", errors="replace")
        except OSError as error:
            raise RequestError(f"cannot write to {folder}: {error.strerror}") from error
        return folder

    def write_provenance(
        self,
        spec: CalculatorSpec,
        recipe: Mapping[str, Any] | None = None,
        command: Sequence[str] = (),
        seeds: Mapping[str, int] | None = None,
    ) -> None:
        """Add this run to ``study.json``.

        Args:
            spec: the engine.
            recipe: as read; None without one.
            command: the command line, word by word.
            seeds: of every random choice.
        """
        append_run(self.path / PROVENANCE, spec, recipe, command, seeds)

    @staticmethod
    def trust_of(path: Path | str, first: Quantity, *others: Quantity) -> str:
        """How far to trust such numbers of the engines that the study last ran with.

        The engine that found the geometries comes first, those which refined them second. An
        engine that is not known here is left to the reader: the study may come from elsewhere.

        Raises:
            RequestError: where there is no study in the folder.
        """
        provenance = existing(path) / PROVENANCE
        runs = read_runs(provenance)
        with errors_in_words(provenance):
            names = engines_of(runs)
        return " ".join(dict.fromkeys(_trust(name, first, *others) for name in names))

    @property
    def _results(self) -> ResultsFile:
        return ResultsFile(self.path / RESULTS)

    @property
    def _results_to_write(self) -> ResultsFile:
        if self._lock is None:
            raise RequestError("a study is written inside its with statement only")
        return self._results

    def _keep_logs(self, task: Task[Any]) -> None:
        folder = self._folder(task)
        for log in sorted(folder.rglob("*.log")):
            kept = self.path / LOGS / f"{file_name(task.name)}-{task.key[:8]}"
            kept.mkdir(parents=True, exist_ok=True)
            log.replace(kept / "-".join(log.relative_to(folder).parts))

    def _folder(self, task: Task[Any]) -> Path:
        return self.path / TASKS / task.key

    def _remove_if_empty(self) -> None:
        """Where no calculation was begun, remove what was made; files of the user's stay."""
        if (self.path / RESULTS).exists() or any((self.path / TASKS).iterdir()):
            return
        for name in (PROVENANCE, LOCK):
            (self.path / name).unlink(missing_ok=True)
        with suppress(OSError):
            for folder in (self.path / TASKS, *self._made):
                folder.rmdir()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _trust(engine: str, first: Quantity, *others: Quantity) -> str:
    try:
        return CalculatorSpec(engine).trust(first, *others)
    except RequestError:
        return f"{engine!r} is not known here: how far to trust its numbers is for you to say."
