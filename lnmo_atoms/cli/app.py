"""The commands' root: version, errors, exit codes.

0: done. 1: a calculation failed, the others are kept. 2: a wrong request, one line says what to do.
130: stopped by Ctrl-C.
"""

import sys
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer

from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.cli.commands import Commands
from lnmo_atoms.cli.interrupt import INTERRUPTED, STOPPED, Interruption
from lnmo_atoms.cli.screen import complain, note, show_log

UsageError: Any = typer.BadParameter.__base__
"""What typer raises for a wrong command line; newer versions carry a click of their own."""


app = typer.Typer(
    name="lnmo",
    cls=Commands,
    help="Build LiNi0.5Mn1.5O4 spinel structures and slabs; compute surface energies and Li "
    "migration barriers; compare facets. Start with: [bold]lnmo study[/]",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"lnmo_atoms {version('lnmo_atoms')}\n")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


def main(interruption: Interruption) -> NoReturn:
    """Run the program; turn every error that a user can cause into one line and an exit code."""
    show_log()
    try:
        code = app(standalone_mode=False) or 0
    except BaseException as error:  # noqa: BLE001  (of an interruption anything may come)
        code = INTERRUPTED if interruption.came else _explained(error)
    interruption.ends()
    if code == INTERRUPTED:
        complain(STOPPED)
    sys.exit(code)


def _explained(error: BaseException) -> int:
    """Say in one line what is wrong; the exit code. What no user can cause is raised again."""
    match error:
        case RequestError():
            complain(str(error))
        case CalculationError():
            complain(str(error))
            return 1
        case UsageError():
            if message := error.format_message().strip():
                complain(message)
            if error.ctx:
                note(f"see {error.ctx.command_path} --help")
        case OSError():
            complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
        case _:
            raise error
    return 2
