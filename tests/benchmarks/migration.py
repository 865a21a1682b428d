"""Our search for a hop's path against ASE's climbing-image band, side by side in one run.

Both start from the same relaxed end points, on both hops of ordered LNMO and on all hops of
disordered 56-atom cells. Ours seeks the saddle alone and gives one image on each flank beside it
(``images=5``). ASE's band gives its saddle and four images more (7 with the end points, improved
tangent, climbing, its usual spring, IDPP guess): fewer could not be relied on to find a saddle,
as ours need not. Both stop at 0.05 eV/Å, ours on the flanks at 0.1 eV/Å across the path. So it is
barrier against barrier; of the profile beside the saddle ASE's band shows more.

Counted are force calls along the path, end points apart; those of the proof that ours is a saddle
have a column of their own, ASE's band offers none. Seconds are all that it took, our proof and
moments included. Run by hand:

    python tests/benchmarks/migration.py [--engine chgnet|pair] [--seeds 1 2 3] [--fire] [--tight]

``--tight`` lets every band of BFGS go on to 0.02 eV/Å: the reference that barriers are judged by.
"""

import argparse
import time
import warnings
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from ase.mep.neb import NEB
from ase.optimize import BFGS, FIRE

import lnmo_atoms as la
from lnmo_atoms.builders.paths import Mode
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.migration.crystal import relaxed_host
from lnmo_atoms.migration.end_points import EndPoints, Guess
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import band
from lnmo_atoms.tasks.gauge import Gauge

FMAX = 0.05
TIGHT = 0.02
CLOSE = 0.005
"""eV, within which a barrier counts as right."""
STEPS = 400
ENGINES = {"chgnet": "chgnet", "pair": "pair_potential:make"}


@dataclass
class Row:
    """One hop: barriers in eV and force calls by method; a method that failed is missing."""

    name: str
    symmetric: bool
    barriers: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    proof: int = 0
    note: str = ""


def guesses(bulk, spec, executor: Executor):
    """Every hop with our guess of 5 images and that of 7 which ASE's band starts from."""
    mode, common = Mode.vacancy(), {"executor": executor, "progress": None}
    hops = la.find_hops(bulk)
    with Study.open(None) as study:
        host = relaxed_host(bulk, "Li", mode, spec=spec, study=study, **common)
        ends = EndPoints(host.cell.structure, [host.cell.hop(hop) for hop in hops], mode, spec)
        relaxed = run_tasks(ends.tasks.values(), study, **common)
    for i, hop in enumerate(hops):
        yield hop, ends.guess(i, relaxed, 5), ends.guess(i, relaxed, 7)


def ours(row: Row, guess: Guess, spec):
    """Search and proof."""
    start = time.perf_counter()
    found = band(
        guess.images, spec, end_energies=guess.end_energies, mirror=guess.mirror, fmax=FMAX
    )
    row.seconds["ours"] = time.perf_counter() - start
    row.calls["ours"], row.proof = found.path_calls, found.proof_calls
    row.barriers["ours"] = float(found.energies.max() - found.energies[0])
    saddle = found.curvatures is not None and (found.curvatures < 0).sum() == 1
    row.note = "" if found.converged and saddle else "ours is in doubt"


def peers(row: Row, guess: Guess, spec, optimizer, tight=False):
    """ASE's band, and the same relaxed further if asked."""
    start = time.perf_counter()
    chain = [la.to_atoms(image) for image in guess.images]
    for atoms in chain:
        atoms.calc = Gauge(spec.calculator())
    path = NEB(chain, climb=True, method="improvedtangent")
    path.interpolate("idpp")
    descent = optimizer(path, logfile=None)
    name = optimizer.__name__
    for method, fmax in {name: FMAX, **({"tight": TIGHT} if tight else {})}.items():
        if not descent.run(fmax=fmax, steps=STEPS):
            row.note += f" {method} did not converge"
            return
        energies = [atoms.get_potential_energy() for atoms in chain]
        row.barriers[method] = max(energies) - energies[0]
        row.calls[method] = sum(atoms.calc.evaluations for atoms in chain[1:-1])
        row.seconds[method] = time.perf_counter() - start


def show(row: Row):
    """One line of the table: barrier, calls and seconds of every method."""
    cells = [
        f"{row.barriers[m]:7.3f}{row.calls[m]:5}{row.seconds[m]:7.1f}"
        if m in row.barriers
        else " " * 19
        for m in ("ours", "BFGS", "FIRE", "tight")
    ]
    print(f"{row.name:32}{cells[0]}{row.proof:6} |{' |'.join(cells[1:])} {row.note}", flush=True)


def ratios(rows, peer, what):
    """Median and worst share of a peer's force calls, and of its seconds."""
    both = [row for row in rows if peer in row.calls]
    if both:
        calls = [row.calls["ours"] / row.calls[peer] for row in both]
        seconds = [row.seconds["ours"] / row.seconds[peer] for row in both]
        print(
            f"{len(both):3} {what} hops, of {peer}'s calls: median {np.median(calls):.3f}, worst "
            f"{max(calls):.3f}; of its seconds, proof included: median {np.median(seconds):.2f}"
        )


def verdict(rows, method):
    """How many of a method's barriers the tight reference confirms."""
    both = [row for row in rows if {method, "tight"} <= set(row.barriers)]
    if both:
        off = np.array([row.barriers[method] - row.barriers["tight"] for row in both])
        print(
            f"{method:4}: {(abs(off) <= CLOSE).sum()} of {len(off)} barriers within "
            f"{CLOSE * 1000:.0f} meV of the tight band; median {np.median(off) * 1000:+.1f}, "
            f"largest {off[abs(off).argmax()] * 1000:+.1f} meV"
        )


def main():
    """Print the table and what it comes to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, default="chgnet")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--fire", action="store_true", help="FIRE for disordered cells too")
    parser.add_argument("--tight", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    spec = CalculatorSpec.parse(ENGINES[asked.engine])
    bulks = {"ordered": la.ordered_spinel()}
    bulks |= {f"disordered {seed}": la.disordered_spinel(seed=seed) for seed in asked.seeds}
    print(f"{'eV, calls, s':32}{'ours':>19}{'proof':>6} |{'BFGS':>19} |{'FIRE':>19} |{'tight':>19}")
    rows = []
    with make_executor(None) as executor:
        for name, bulk in bulks.items():
            for hop, short, long in guesses(bulk, spec, executor):
                rows.append(Row(f"{name} {hop.label} {hop.ring_order}", short.mirror is not None))
                ours(rows[-1], short, spec)
                peers(rows[-1], long, spec, BFGS, asked.tight)
                if asked.fire or name == "ordered":
                    peers(rows[-1], long, spec, FIRE)
                show(rows[-1])
    for what, kept in (
        ("symmetric", [row for row in rows if row.symmetric]),
        ("asymmetric", [row for row in rows if not row.symmetric]),
    ):
        for peer in ("BFGS", "FIRE"):
            ratios(kept, peer, what)
    for method in ("ours", "BFGS"):
        verdict(rows, method)


if __name__ == "__main__":
    main()
