"""The program's commands, each imported when it is asked for."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

MODULES = {
    "build": "build",
    "orderings": "orderings",
    "defects": "defects",
    "slabs": "slabs",
    "hops": "hops",
    "surface": "run",
    "migrate": "migrate",
    "converge": "thickness",
    "rank": "rank",
    "disorder": "disorder",
    "formation": "formation",
    "diffusion": "diffusion",
    "study": "run",
    "export": "export",
    "collect": "collect",
    "compare": "run",
    "status": "status",
}
"""Modules of this package by command, in the order in which people need them."""
NEEDS_WORDS = ("build", "collect")
"""Commands that explain themselves when nothing is given."""


class Commands(TyperGroup):
    """What ``lnmo`` can do, without importing what is not asked for."""

    def __init__(self, **given: Any) -> None:
        """Know the names, in their order, by which a misspelt one is recognized."""
        super().__init__(**given)
        names: dict[str, Any] = dict.fromkeys(MODULES)
        self.commands = names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command of this name; None where there is none."""
        if cmd_name not in MODULES:
            return None
        module = import_module(f"lnmo_atoms.cli.{MODULES[cmd_name]}")
        alone = typer.Typer(rich_markup_mode="rich", add_completion=False)
        alone.command(no_args_is_help=cmd_name in NEEDS_WORDS)(getattr(module, cmd_name))
        return typer.main.get_command(alone)
