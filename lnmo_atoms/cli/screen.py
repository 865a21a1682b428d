"""What the user sees: tables, and one line for what is wrong."""

import json
import logging
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text

from lnmo_atoms.builders.files import legible

out = Console(soft_wrap=False)
err = Console(stderr=True)


def complain(message: str) -> None:
    """One line on standard error."""
    err.print(
        Text.assemble(("lnmo:", "bold red"), " ", _one_line(message)),
        highlight=False,
        soft_wrap=True,
    )


def line(message: str) -> None:
    """One line on standard output."""
    out.print(_one_line(message), highlight=False, soft_wrap=True)


def note(message: str) -> None:
    """One quiet line on standard error."""
    err.print(_one_line(message), style="dim", highlight=False, soft_wrap=True)


def visible(text: str) -> str:
    """Text from anywhere, which can neither move the cursor nor turn the line around."""
    return "".join(s if s == "\n" or legible(s) else ascii(s)[1:-1] for s in text)


def _one_line(message: str) -> Text:
    """One line as it stands, without markup."""
    return Text(visible(" ".join(message.split())))


class _Note(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def show_log() -> None:
    """Send the package's warnings to standard error, a line each."""
    handler = RichHandler(console=err, show_time=False, show_level=False, show_path=False)
    handler.setFormatter(_Note("note: %(message)s"))
    logger = logging.getLogger("lnmo_atoms")
    logger.handlers = [handler]
    logger.setLevel(logging.WARNING)


def print_json(content: object) -> None:
    """Machine-readable output on standard output."""
    out.print_json(json.dumps(content, allow_nan=False), highlight=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output: numbers to the right, None as a dash."""
    out.print(_one_line(title), style="bold", highlight=False)
    view = Table(header_style="dim", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for i, column in enumerate(columns):
        numeric = all(isinstance(row[i], int | float | None) for row in rows)
        numeric = numeric and not any(isinstance(row[i], bool) for row in rows)
        view.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        view.add_row(*(_cell(value) for value in row))
    out.print(view)
    out.print()


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural if need be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cell(value: object) -> Text:
    if value is None:
        return Text("–")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, float):
        return Text(f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}")
    return Text(visible(str(value)))
