"""Slabs of LNMO and LiMn2O4: ours against pymatgen's SlabGenerator, side by side.

Run by hand: python tests/benchmarks/slabs.py
"""

import time
import warnings

from pymatgen.core.surface import SlabGenerator

import lnmo_atoms as la

FACETS = [(1, 0, 0), (1, 1, 0), (1, 1, 1)]


def usable(structure, bulk):
    """Symmetric, stoichiometric and free of dipole."""
    certificate = la.certify(structure, bulk.composition)
    return certificate.symmetric and certificate.stoichiometric and certificate.dipole_free


def ours(bulk, facet):
    """All our slabs."""
    return [slab.structure for slab in la.make_slabs(bulk, facet)]


def pymatgens(bulk, facet):
    """All of pymatgen's plain cuts of the same least thickness and vacuum."""
    generator = SlabGenerator(bulk, facet, 12.0, 15.0, center_slab=True)
    return generator.get_slabs()


def timed(function, bulk, facet):
    """Slabs and seconds."""
    start = time.perf_counter()
    slabs = function(bulk, facet)
    return slabs, time.perf_counter() - start


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("crystal   facet   ours: usable/all  s     pymatgen: usable/all  s     time ratio")
    for name, bulk in (("LNMO", la.ordered_spinel()), ("LiMn2O4", la.lithium_manganate())):
        for facet in FACETS:
            mine, seconds = timed(ours, bulk, facet)
            theirs, other_seconds = timed(pymatgens, bulk, facet)
            good = sum(usable(s, bulk) for s in mine)
            other_good = sum(usable(s, bulk) for s in theirs)
            print(
                f"{name:9} {facet!s:10} {good:3}/{len(mine):<3} {seconds:7.2f}"
                f" {other_good:12}/{len(theirs):<3} {other_seconds:7.2f}"
                f" {other_seconds / seconds:12.1f}"
            )
