"""How long the program takes to start, and to tell the state of a study of 10,000 tasks.

Run by hand, on a quiet machine:

    python tests/benchmarks/start.py [--repeats 5]

Other programs of the field, where they are installed, print their version or help beside ours.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ase.db
from ase.build import bulk

import lnmo_atoms as la
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.store import Study
from lnmo_atoms.store.files import RESULTS
from lnmo_atoms.store.rows import atoms_of, columns, pack, seal
from lnmo_atoms.tasks import Task, execute

TASKS = 10_000
LNMO = (sys.executable, "-c", "from lnmo_atoms.cli import main; main()")
COMMANDS = ("build", "slabs", "surface", "study", "collect", "compare", "status")


def seconds(command, repeats):
    """Median of some runs, after one that warms the disk's cache."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def fill(folder):
    """A study of finished calculations, all of them alike."""
    task = Task.relax("relax", la.to_structure(bulk("Cu", cubic=True)), CalculatorSpec.parse("emt"))
    with Study(folder) as study:
        result = execute(task, study.folder(task))
        study.put(task, result)
    fields = pack(result)
    found = columns(task, "done") | {"steps": result.steps, "seconds": result.seconds}
    with ase.db.connect(folder / RESULTS, type="db", use_lock_file=False) as database:
        for i in range(1, TASKS):
            names = {"key": f"task{i}", "name": f"relax number {i}"}
            data = {"result": fields, "seal": seal(fields)}
            database.write(atoms_of(result, "emt"), found | names, data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    rows = {
        "import lnmo_atoms": (sys.executable, "-c", "import lnmo_atoms"),
        "lnmo --version": (*LNMO, "--version"),
        "lnmo --help": (*LNMO, "--help"),
        **{f"lnmo {name} --help": (*LNMO, name, "--help") for name in COMMANDS},
        "ase --version": ("ase", "--version"),
        "pmg --help": ("pmg", "--help"),
    }
    for name, command in rows.items():
        if shutil.which(command[0]):
            print(f"{name:32} {seconds(command, repeats):.2f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder, "study")
        fill(study)
        took = seconds((*LNMO, "status", str(study)), repeats)
        print(f"{f'lnmo status of {TASKS} tasks':32} {took:.2f} s")
