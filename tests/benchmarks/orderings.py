"""Distinct Ni/Mn orderings of LNMO on 16d: ours and bsym's, side by side on one core.

From the parent crystal to nickel sites and degeneracies, without building structures; both lists
must have the same degeneracies. Compiling is not counted: it is done once for a machine, and shown.
Memory is what the process has grown by. bsym takes minutes and gigabytes for two cubic cells. Run
by hand:

    pip install bsym && python tests/benchmarks/orderings.py
"""

import resource
import time
from importlib.util import find_spec

import numpy as np

from lnmo_atoms.builders.orderings import count_orderings, ordering_occupations
from lnmo_atoms.builders.spinel import lithium_manganate
from lnmo_atoms.builders.subsets import joined

CELLS = [(1, 1, 1), (1, 1, 2)]
REPEATS = 5


def ours(cell):
    """Degeneracies of all orderings."""
    return joined(ordering_occupations(cell)).degeneracies


def bsyms(cell):
    """Degeneracies of all of bsym's configurations."""
    from bsym.interface.pymatgen import configuration_space_from_structure

    parent = lithium_manganate()
    parent.make_supercell(cell)
    metals = [i for i, site in enumerate(parent) if site.properties["parent"] == "16d"]
    for name in list(parent.site_properties):
        parent.remove_site_property(name)
    space = configuration_space_from_structure(parent, metals)
    n_nickel = len(metals) // 4
    found = space.unique_configurations({1: n_nickel, 0: len(metals) - n_nickel})
    return np.array([configuration.count for configuration in found])


def timed(function, cell, repeats=1):
    """Degeneracies, least seconds, MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        degeneracies = function(cell)
        seconds.append(time.perf_counter() - start)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return degeneracies, min(seconds), grown / 1024


def main():
    """Print the table."""
    start = time.perf_counter()
    ours(CELLS[0])
    print(
        f"first call, compiling or loading what was compiled: {time.perf_counter() - start:.2f} s"
    )
    print(f"{'cell':10}{'tool':12}{'orderings':>10}{'of':>12}{'s':>9}{'MB':>7}{'ratio':>8}")
    for cell in CELLS:
        found = {"lnmo_atoms": timed(ours, cell, REPEATS)}
        if find_spec("bsym"):
            found["bsym"] = timed(bsyms, cell)
        degeneracies, seconds, _ = found["lnmo_atoms"]
        assert len(degeneracies) == count_orderings(cell)
        for tool, (theirs, spent, grown) in found.items():
            assert (np.sort(theirs) == np.sort(degeneracies)).all()
            print(
                f"{'×'.join(map(str, cell)):10}{tool:12}{len(theirs):10,}{theirs.sum():12,}"
                f"{spent:9.4f}{grown:7.0f}{spent / seconds:8.0f}"
            )


if __name__ == "__main__":
    main()
