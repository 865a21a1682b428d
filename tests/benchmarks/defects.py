"""Point defects of ordered LNMO: ours and doped's DefectsGenerator, side by side, on one core.

For the cells of 56 and 112 atoms: defects told apart by site; structures, which are placements of
the Mn3+ or Ni3+ with us and charge states with doped; those of them that carry formal charges and
are neutral; seconds, of each tool's second run; milliseconds for each structure; and both times as
multiples of ours. doped knows single defects only, of every element on every site: our pairs are on
a line of their own. Run by hand:

    pip install doped && OMP_NUM_THREADS=1 python tests/benchmarks/defects.py
"""

import contextlib
import io
import time
import warnings
from importlib.util import find_spec

import lnmo_atoms as la
from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.defects import make_defects

SINGLE = [
    "lithium vacancy",
    "oxygen vacancy",
    "lithium interstitial",
    "lithium antisite",
    "nickel antisite",
    "manganese antisite",
]
PAIRS = ["antisite pair", "lithium exchange", "oxygen vacancy pair"]


def ours(bulk, supercell, kinds):
    """Name of the site's defect and structure of each of ours."""
    found = make_defects(bulk, kinds, supercell)
    return [
        (f"{defect.kind} {defect.sites.round(6).tolist()}", defect.structure) for defect in found
    ]


def dopeds(bulk, supercell, _kinds):
    """Name of the defect and structure of each of doped's, in the same cell."""
    from doped.generation import DefectsGenerator

    cell = bulk.make_supercell(supercell, in_place=False)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        made = DefectsGenerator(cell, generate_supercell=False, processes=1)
    return [
        (name.rsplit("_", 1)[0], entry.defect_supercell)
        for name, entry in made.defect_entries.items()
    ]


def is_neutral(structure):
    """Whether formal charges are there and add up to zero."""
    try:
        charges = formal_charges(structure)
    except la.RequestError:
        return False
    return charges is not None and abs(charges.sum()) < 1e-6


def line(*cells):
    """A line of the table."""
    widths = (5, -18, 8, 11, 8, 9, 9, 9, 8)
    print(
        "".join(f"{c:<{-w}}" if w < 0 else f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))
    )


def main():
    """Print the table."""
    warnings.simplefilter("ignore")
    tools = [(" lnmo_atoms", ours, SINGLE), (" lnmo_atoms, pairs", ours, PAIRS)]
    if find_spec("doped"):
        tools.append((" doped", dopeds, SINGLE))
    bulk = la.ordered_spinel()
    for _, tool, kinds in tools:
        tool(bulk, (1, 1, 1), kinds)
    line("atoms", " tool", "defects", "structures", "neutral", "s", "ms each", "total ×", "each ×")
    for supercell in ((1, 1, 1), (1, 1, 2)):
        ratios = None
        for name, tool, kinds in tools:
            start = time.perf_counter()
            found = tool(bulk, supercell, kinds)
            seconds = time.perf_counter() - start
            each = 1000 * seconds / len(found)
            ratios = ratios or (seconds, each)
            line(
                56 * supercell[2],
                name,
                len({site for site, _ in found}),
                len(found),
                sum(is_neutral(cell) for _, cell in found),
                f"{seconds:.3f}",
                f"{each:.2f}",
                f"{seconds / ratios[0]:.1f}",
                f"{each / ratios[1]:.1f}",
            )


if __name__ == "__main__":
    main()
