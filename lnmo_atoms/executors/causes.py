"""Why a call failed, in one line."""

from concurrent.futures import BrokenExecutor

from lnmo_atoms.builders.errors import RequestError

LONGEST = 500
"""Characters of a cause that are kept."""


class JobError(Exception):
    """A call failed elsewhere; the text is the cause."""


def cause_of(error: Exception) -> str:
    """One line."""
    if isinstance(error, BrokenExecutor):
        return "its worker process died: killed, or out of memory"
    text = " ".join(str(error).split())[:LONGEST]
    says_all = isinstance(error, RequestError | JobError)
    return text if says_all else f"{type(error).__name__}: {text}"
