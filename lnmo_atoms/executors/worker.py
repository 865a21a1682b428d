"""One worker process: spawned, with one thread, and never longer alive than its parent."""

import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(2**30)}
"""Bytes; glibc (mallopt(3)) keeps freed memory, which the next tensor needs again at once. Given
back and asked for anew, its pages cost two processes a tenth of their time."""

_starting = threading.Lock()
"""Held while a process starts: what it inherits belongs to the whole program."""


class Worker:
    """A process for one call at a time; a new one takes its place when it died or its call failed.

    After an error of the accelerator no later call in that process would succeed.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._stopped = False
        self._renew()

    def _renew(self) -> None:
        self._context = _Context()
        self._pool = ProcessPoolExecutor(1, mp_context=self._context, initializer=_begin)

    def run(self, call: Callable[[], T], limit: float | None) -> T:
        """The call's result.

        Args:
            call: to be made in the process.
            limit: seconds, after which the process is killed; None waits for ever.

        Raises:
            TimeoutError: where the call took longer.
            BrokenProcessPool: where the process died.
        """
        future: Future[T] | None = None
        try:
            future = self._submitted(call)
            return future.result(limit)
        except BrokenProcessPool:
            self._renew()
            raise
        except BaseException as error:
            computes = future is not None and not future.done()
            self._kill()
            self._pool.shutdown()
            self._renew()
            if isinstance(error, TimeoutError) and computes:
                raise TimeoutError(f"took longer than the {limit:g} s it was given") from None
            raise

    def _submitted(self, call: Callable[[], T]) -> Future[T]:
        with _starting:
            if self._stopped:
                raise BrokenProcessPool("stopped")
            return self._pool.submit(call)

    def _kill(self) -> None:
        for process in self._context.started:
            if process.is_alive():
                process.kill()

    def stop(self) -> None:
        """Kill the process, whatever it does, for good: its call fails in the thread it is run by.

        That thread alone may meddle with the pool, until it has ended.
        """
        with _starting:
            self._stopped = True
            self._kill()

    def close(self) -> None:
        """Let the process go."""
        self._pool.shutdown()


class _Process(multiprocessing.context.SpawnProcess):
    """A process that is not told which script its parent runs."""

    def start(self) -> None:
        with (
            _no_main_script(),
            _environment(dict.fromkeys(THREADS, "1") | MEMORY),
            _interrupts_held_back(),
        ):
            super().start()


class _Context(multiprocessing.context.SpawnContext):
    """Makes such processes, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[_Process] = []

    def Process(self, *args: Any, **kwargs: Any) -> _Process:  # type: ignore[override]  # noqa: N802
        self.started.append(_Process(*args, **kwargs))
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
def _interrupts_held_back() -> Iterator[None]:
    """Processes started inside do not see Ctrl-C before they know what to do about it.

    Signals that a thread holds back are held back in what it starts, too; Windows has no such.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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


def _begin() -> None:
    """Die at Ctrl-C without a word, and with the parent, however that ended."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
