"""Progress bars of running calculations."""

from collections.abc import Sequence

from rich.progress import (
    BarColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bars,
)

from lnmo_atoms.cli.screen import err, visible
from lnmo_atoms.runner import Progress


class ProgressBars:
    """A bar for every batch of calculations, for ``with``; called with every change of state."""

    def __init__(self, hidden: bool = False) -> None:
        """Draw nothing until the first change."""
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=err,
            disable=hidden,
        )
        self._batch: TaskID | None = None
        self._running: set[str] = set()

    def __enter__(self) -> "ProgressBars":
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars as they stand."""
        if self._bars.live.is_started:
            self._bars.stop()

    def __call__(self, event: Progress) -> None:
        """Move the bar of the batch under way; begin one if there is none."""
        self._bars.start()
        if self._batch is None:
            self._batch, self._running = self._bars.add_task("", total=1.0, count=""), set()
        if event.status == "running":
            self._running.add(event.name)
        else:
            self._running.discard(event.name)
        ended = event.done == event.total
        self._bars.update(
            self._batch,
            description=_summary(sorted(self._running), event),
            completed=1.0 if ended else event.cost_done / (event.cost_total or 1.0),
            count=f"{event.done}/{event.total}",
        )
        if ended:
            self._batch = None


def _summary(running: Sequence[str], event: Progress) -> str:
    text = ", ".join(running[:2]) or f"{event.name} {event.status}"
    text = visible(text)
    return text if len(text) <= 42 else text[:41] + "…"
