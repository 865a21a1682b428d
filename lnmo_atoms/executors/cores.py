"""How many cores there are for us."""

import os
import sys
from pathlib import Path


def available_cores() -> int:
    """Physical cores that this process may use, at least one.

    Two threads of one core do not compute faster than one.
    """
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    cores = set()
    for cpu in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text())
        except OSError:
            cores.add(str(cpu))
    return min(len(cores), _quota(Path("/sys/fs/cgroup/cpu.max")))


def _quota(path: Path) -> int:
    """Cores that a container may use, rounded up; very many where nothing limits it."""
    try:
        limit, period = path.read_text().split()
        return max(1, -(-int(limit) // int(period)))
    except (OSError, ValueError):
        return sys.maxsize
