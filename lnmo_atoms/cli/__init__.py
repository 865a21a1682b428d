"""The program ``lnmo``: parses, calls, prints; no science."""

from typing import NoReturn

from lnmo_atoms.cli.interrupt import Interruption


def main() -> NoReturn:
    """Load the program, which takes a second, and run it."""
    interruption = Interruption()
    from lnmo_atoms.cli import app  # noqa: PLC0415  (Ctrl-C may come while it loads)

    app.main(interruption)
