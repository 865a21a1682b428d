"""Where tasks run: in this process, in processes of this machine, or in the user's executor."""

import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, ParamSpec, TypeVar

from lnmo_atoms.builders.errors import RequestError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def make_executor(
    config: str | Executor | None = None, workers: int | None = None
) -> AbstractContextManager[Executor]:
    """An executor, for ``with``.

    Args:
        config: None or ``"serial"`` for this process, ``"processes"`` for worker processes, or any
            executor of your own, which is used and left open.
        workers: processes; None is one per physical core that this process may use.

    Raises:
        RequestError: for another word, or fewer than one worker.
    """
    if isinstance(config, Executor):
        return nullcontext(config)
    if workers is not None and workers < 1:
        raise RequestError(f"at least one worker is needed, not {workers}")
    if config is None or config == "serial":
        return SerialExecutor()
    if config == "processes":
        return ProcessExecutor(workers or available_cores())
    raise RequestError(
        f"executor {config!r} is not known: use serial, processes, or give an executor"
    )


class SerialExecutor(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call; its result or exception is in the future. Ctrl-C goes through."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  (it is the caller's, and handed to them)
            future.set_exception(error)
        return future


class ProcessExecutor(Executor):
    """Spawned worker processes, one thread each, that never outlive this one.

    Workers do not import the user's script, so that it needs no ``if __name__ == "__main__"``.
    When one of them dies, the calls under way fail with BrokenProcessPool, and the next call
    submitted starts new workers.
    """

    def __init__(self, workers: int) -> None:
        """Start nothing yet: processes start as calls are submitted.

        Args:
            workers: at most.
        """
        self._workers = workers
        self._renew()

    def _renew(self) -> None:
        self._context = _Context()
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=self._context, initializer=_begin_worker
        )

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call in a worker."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            log.warning("a worker process died: starting new ones")
            self._pool.shutdown(wait=False)
            self._renew()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See :meth:`concurrent.futures.Executor.shutdown`."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the calls under way; after an exception end them: their checkpoints remain."""
        if kind is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in self._context.started:
                process.terminate()
        self._pool.shutdown()


class _Worker(multiprocessing.context.SpawnProcess):
    """A process that is not told which script its parent runs."""

    def start(self) -> None:
        with _no_main_script(), _environment(dict.fromkeys(THREADS, "1")):
            super().start()


class _Context(multiprocessing.context.SpawnContext):
    """Makes such processes, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[_Worker] = []

    def Process(self, *args: Any, **kwargs: Any) -> _Worker:  # type: ignore[override]  # noqa: N802
        self.started.append(_Worker(*args, **kwargs))
        return self.started[-1]


@contextmanager
def _no_main_script() -> Iterator[None]:
    """Show multiprocessing an empty main module for as long as it prepares a process.

    It would else have every worker run the user's script again up to its main guard, and a script
    without one start workers of its own.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Environment variables that processes started inside will inherit."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_worker() -> None:
    """Die at Ctrl-C without a word, and with the parent, however that ended."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def available_cores() -> int:
    """Physical cores that this process may use, at least one.

    Two threads of one core do not compute faster than one.
    """
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    cores = set()
    for cpu in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text())
        except OSError:
            cores.add(str(cpu))
    return min(len(cores), _quota(Path("/sys/fs/cgroup/cpu.max")))


def _quota(path: Path) -> int:
    """Cores that a container may use, rounded up; very many where nothing limits it."""
    try:
        limit, period = path.read_text().split()
        return max(1, -(-int(limit) // int(period)))
    except (OSError, ValueError):
        return sys.maxsize
