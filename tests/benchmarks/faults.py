"""Runs killed with kill -9 at random moments, driver or worker, and started again. By hand:

    python tests/benchmarks/faults.py [--trials 20]

Each trial asserts that every result equals that of a run left alone and that nothing finished was
calculated again. The table says what was killed when, how many of six tasks had finished, how many
had failed with their worker, and how many evaluations the kill cost.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_faults import killed_at_random


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    print("seed  killed   after s  finished  failed  repeated")
    for seed in range(parser.parse_args().trials):
        with tempfile.TemporaryDirectory() as folder:
            sys.path.insert(0, folder)
            trial = killed_at_random(Path(folder), seed)
            sys.path.remove(folder)
        print(
            f"{seed:4d}  {trial.victim:7s}  {trial.seconds:7.2f}  {trial.finished:8d}  "
            f"{trial.failed:6d}  {trial.repeated:8d}",
            flush=True,
        )


if __name__ == "__main__":
    main()
