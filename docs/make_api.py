"""Write api.md from the package's own docstrings: python docs/make_api.py."""

import inspect
from pathlib import Path

import lnmo_atoms


def entry(name: str) -> str:
    """Heading, signature and docstring of one public name."""
    thing = getattr(lnmo_atoms, name)
    text = inspect.getdoc(thing) or ""
    parts = [f"## `{name}`", ""]
    if inspect.isfunction(thing):
        parts += ["```python", f"{name}{_signature(thing)}", "```", ""]
    return "\n".join([*parts, "```text", text, "```"])


def _signature(function: object) -> str:
    """The parameters with their defaults, one to a line where they are many."""
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    shown, starred = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            shown.append("*")
            starred = True
        empty = parameter.default is parameter.empty
        shown.append(parameter.name if empty else f"{parameter.name}={parameter.default!r}")
    line = f"({', '.join(shown)})"
    return line if len(line) < 80 else "(\n    " + ",\n    ".join(shown) + ",\n)"


def page() -> str:
    """The whole page."""
    head = (
        "# API\n\nEvery public name of `import lnmo_atoms as la`. Units: Å, eV, eV/Å, J/m², μB. "
        "What a user asks wrongly raises `RequestError` with one line that says what to do.\n"
    )
    return "\n\n".join([head.rstrip(), *map(entry, lnmo_atoms.__all__)]) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("api.md").write_text(page(), encoding="utf-8")
