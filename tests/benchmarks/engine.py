"""CHGNet on the 56-atom cell: our ASE calculator against CHGNet's own, side by side.

Run by hand: python tests/benchmarks/engine.py
"""

import statistics
import time
import warnings

from chgnet.model.dynamics import CHGNetCalculator

import lnmo_atoms as la
from lnmo_atoms.calculators import CalculatorSpec

WANTED = (["energy"], ["energy", "forces"], ["energy", "forces", "stress", "magmoms"])


def seconds(calculator, atoms, properties):
    """Median of seven evaluations."""
    times = []
    for i in range(7):
        moved = atoms.copy()
        moved.rattle(0.01, seed=i)
        start = time.perf_counter()
        calculator.results = {}
        calculator.calculate(moved, properties, ["positions"])
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    atoms = la.to_atoms(la.ordered_spinel(a=8.312))
    mine = CalculatorSpec.parse("chgnet", device="cpu").calculator()
    theirs = CHGNetCalculator(use_device="cpu")
    for properties in WANTED:
        ours, other = seconds(mine, atoms, properties), seconds(theirs, atoms, properties)
        print(f"{' '.join(properties):32} {ours:.3f} s  {other:.3f} s  ratio {other / ours:.1f}")
