"""The program, run as a user runs it."""

import subprocess
import sys

LNMO = (sys.executable, "-c", "from lnmo_atoms.cli import main; main()")


def lnmo(*words, cwd):
    """Run the program in a folder; what it printed and its exit code."""
    return subprocess.run(
        [*LNMO, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
