"""The syntax of CIF: text to blocks of tagged values, and values to text."""

import re
from collections.abc import Iterator

from lnmo_atoms.builders.errors import RequestError

Block = dict[str, list[str]]
"""Values by tag, in lower case with underscores for dots; a tag outside of loops has one value."""

TOKEN = re.compile(
    r"""^;(?P<text>.*?)\n;      # text field: from one line that begins with ; to the next
    |'(?P<single>[^\n]*?)'(?=\s|\Z)
    |"(?P<double>[^\n]*?)"(?=\s|\Z)
    |(?P<comment>\#[^\n]*)
    |(?P<bare>\S+)""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
PLAIN = re.compile(r"[A-Za-z0-9.+(-][^\s'\"]*")
"""Values that need no quotes."""


def _tokens(text: str) -> Iterator[tuple[bool, str]]:
    """(bare, value) of every token; only a bare one can be a tag or a keyword."""
    for match in TOKEN.finditer(text):
        if match.lastgroup and match.lastgroup != "comment":
            yield match.lastgroup == "bare", match[match.lastgroup].strip()


def parse_blocks(text: str) -> list[Block]:
    """All data blocks of a CIF.

    Raises:
        RequestError: where a loop has an incomplete row or a tag no value.
    """
    blocks: list[Block] = [{}]
    tags: list[str] = []
    values: list[str] = []
    looping = False

    def close() -> None:
        if tags:
            _store(blocks[-1], tags, values)
        tags.clear()
        values.clear()

    for bare, value in _tokens(text):
        keyword = value.lower() if bare else ""
        if keyword.startswith("data_") or keyword == "loop_":
            close()
            looping = keyword == "loop_"
            blocks += [] if looping else [{}]
        elif keyword.startswith("_"):
            if values or not looping:
                looping = looping and not values
                close()
            tags.append(keyword.replace(".", "_"))
        elif looping or (tags and not values):
            values.append(value)
        else:
            raise RequestError(f"{value[:40]!r} stands there without a tag: it is no valid CIF")
    close()
    return blocks


def _store(block: Block, tags: list[str], values: list[str]) -> None:
    if not values or len(values) % len(tags):
        raise RequestError(
            f"the values of {tags[0]} are incomplete: the file is cut off or edited wrongly"
        )
    for i, tag in enumerate(tags):
        block[tag] = values[i :: len(tags)]


def quoted(value: str) -> str:
    """The value as a token: in quotes where it has blanks or could be taken for something else."""
    keyword = value.lower().startswith(("data_", "loop_", "save_", "stop_", "global_"))
    return value if PLAIN.fullmatch(value) and not keyword else f"'{value}'"


def loop(columns: dict[str, list[str]]) -> list[str]:
    """Lines of a loop with these columns, aligned."""
    widths = [max(map(len, values), default=0) for values in columns.values()]
    rows = zip(*columns.values(), strict=True)
    return [
        "loop_",
        *(f" {tag}" for tag in columns),
        *(
            " " + " ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]
