"""Ctrl-C: one line and exit code 130, whatever it comes upon."""

import os
import signal
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
STOPPED = "stopped; what is finished is kept, the same command goes on from here"
LOADER = "<frozen importlib"
"""File names, as tracebacks show them, of what loads modules."""


class Interruption:
    """Raises KeyboardInterrupt at Ctrl-C and remembers it: others may make another error of it.

    A module that is being loaded may even crash on it. The program then ends at once, which costs
    no more than a kill does: nothing that is finished.

    Attributes:
        came: Ctrl-C was pressed.
    """

    def __init__(self) -> None:
        """Begin to listen, unless the shell says not to, as of a job in the background."""
        self.came = False
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._come)

    def ends(self) -> None:
        """All is done or lost: from now on Ctrl-C changes nothing."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _come(self, _number: int, frame: FrameType | None) -> NoReturn:
        self.came = True
        if _loads(frame):
            os.write(2, f"lnmo: {STOPPED}\n".encode())
            os._exit(INTERRUPTED)
        raise KeyboardInterrupt


def _loads(frame: FrameType | None) -> bool:
    """Whether a module is being loaded in this frame or one that called it."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(LOADER):
            return True
        frame = frame.f_back
    return False
