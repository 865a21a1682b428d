"""The default study with worker processes and in one process, side by side. By hand:

    python tests/benchmarks/parallel.py

Each runs from the command line in a folder of its own, start-up and figures included. Both must
end with the same surface energies and barriers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lnmo_atoms.executors import available_cores

PROGRAM = [sys.executable, "-c", "from lnmo_atoms.cli import main; main()"]


def study(executor: str, folder: Path) -> tuple[float, list[float]]:
    """Seconds, and γ and barriers in J/m² and eV."""
    (folder / "recipe.toml").write_text(f'executor = "{executor}"\n')
    start = time.perf_counter()
    done = subprocess.run(
        [*PROGRAM, "study", "recipe.toml", "--json"],
        cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, check=True,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    found = json.loads(done.stdout)
    return seconds, [
        *(row["gamma_unrelaxed_J_per_m2"] for row in found["terminations"]),
        *(row["gamma_J_per_m2"] for row in found["facets"]),
        *(row["barrier_eV"] for row in found["hops"]),
    ]


def main() -> None:
    seconds, numbers = {}, {}
    for executor in ("processes", "serial"):
        with tempfile.TemporaryDirectory() as folder:
            seconds[executor], numbers[executor] = study(executor, Path(folder))
        print(f"{executor:10s} {seconds[executor]:7.1f} s", flush=True)
    apart = max(abs(a - b) for a, b in zip(*numbers.values(), strict=True))
    print(
        f"{available_cores()} cores: {seconds['serial'] / seconds['processes']:.2f} times as fast"
    )
    print(f"{len(numbers['serial'])} results differ by at most {apart:.1e} J/m² or eV")


if __name__ == "__main__":
    main()
