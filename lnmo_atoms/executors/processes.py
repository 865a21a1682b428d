"""Worker processes of this machine."""

import queue
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import ParamSpec, TypeVar

from lnmo_atoms.executors.worker import Worker

P = ParamSpec("P")
T = TypeVar("T")


class ProcessExecutor(Executor):
    """Spawned worker processes, one thread each, that never outlive this one.

    Workers do not import the user's script, so that it needs no ``if __name__ == "__main__"``.
    When one of them dies, its call fails with BrokenProcessPool, the others' go on.
    """

    def __init__(self, workers: int, timeout: float | None = None) -> None:
        """Start nothing yet: processes start as calls are submitted.

        Args:
            workers: at most.
            timeout: seconds for each call, the start of its worker included; a call that takes
                longer fails with TimeoutError, and its worker is killed. None waits for ever.
        """
        self._timeout = timeout
        self._workers = [Worker() for _ in range(workers)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers)  # one for each worker, to wait for it

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call in a worker."""
        return self._threads.submit(self._run, partial(fn, *args, **kwargs))

    def _run(self, call: Callable[[], T]) -> T:
        worker = self._idle.get()
        try:
            return worker.run(call, self._timeout)
        finally:
            self._idle.put(worker)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See :meth:`concurrent.futures.Executor.shutdown`."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            for worker in self._workers:
                worker.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the calls under way; after an exception end them: their checkpoints remain."""
        if kind is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            for worker in self._workers:
                worker.stop()
        self.shutdown()
