"""Slabs of LNMO and LiMn2O4: ours, pymatgen's SlabGenerator and SlabTerminator, side by side.

For every facet: slabs that are usable, stoichiometric, free of dipole by pymatgen's own test, and
symmetric where an operation of the crystal flips the facet; all slabs; atoms of the smallest
(usable) one; median seconds; and how many times as long as ours that is. Run by hand, with Python
3.12 for SlabTerminator:

    pip install slabterminator && python tests/benchmarks/slabs.py
"""

import statistics
import time
import warnings
from importlib.util import find_spec

import numpy as np
from pymatgen.core import Structure
from pymatgen.core.surface import Slab, SlabGenerator

import lnmo_atoms as la
from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.slabs.build import prepare
from lnmo_atoms.builders.slabs.cuts import find_cuts, has_flip

FACETS = [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 1), (3, 1, 1)]
BULKS = {
    "LiMn2O4": la.lithium_manganate(),
    "ordered LNMO": la.ordered_spinel(),
    "disordered": la.disordered_spinel(seed=1),
}
REPEATS = 5


def ours(bulk, facet):
    """All our slabs of at least 12 Å."""
    return [slab.structure for slab in la.make_slabs(bulk, facet)]


def pymatgens(bulk, facet):
    """All of pymatgen's plain cuts of the same least thickness and vacuum."""
    return SlabGenerator(bulk, facet, 12.0, 15.0, center_slab=True).get_slabs()


def terminators(bulk, facet):
    """All of SlabTerminator's slabs of the same least thickness and vacuum, faces made equal."""
    from slabterminator.core import SlabTerminator

    found = SlabTerminator(bulk, facet).get_unique_slabs(
        vacuum_size=15.0, min_slab_thickness=12.0, symmetrize=True
    )
    return [getattr(entry, "slab", entry) for entry in found.slabs]


def usable(structure, bulk, flips):
    """Exactly stoichiometric, without dipole by pymatgen's own test, symmetric where it can be."""
    sites = Structure.from_sites(structure.get_sorted_structure())
    slab = Slab(sites.lattice, sites.species, sites.frac_coords, (0, 0, 1), sites, 0, np.eye(3))
    certificate = la.certify(sites, bulk.composition)
    return (
        certificate.stoichiometric
        and (certificate.symmetric or not flips)
        and not slab.is_polar(tol_dipole_per_unit_area=1e-6)
    )


def timed(function, bulk, facet, repeats=REPEATS):
    """Slabs and median seconds."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        slabs = function(bulk, facet)
        seconds.append(time.perf_counter() - start)
    return slabs, statistics.median(seconds)


def enumeration(bulk, facet):
    """Whether an operation flips the facet; median seconds to find the cuts and what must move."""
    ideal, crystal = prepare(bulk, facet, 12.0, 15.0)
    charges = formal_charges(ideal)
    alone = timed(lambda _bulk, _facet: find_cuts(crystal, charges), bulk, facet)[1]
    return has_flip(crystal), alone


def main():
    """Print the table."""
    warnings.simplefilter("ignore")
    peers = {"pymatgen": pymatgens}
    if find_spec("slabterminator"):
        peers["SlabTerminator"] = terminators
    print(
        f"{'crystal':13}{'facet':11}{'tool':15}{'usable/all':>11}{'atoms':>7}{'s':>9}{'ratio':>8}"
    )
    for name, bulk in BULKS.items():
        for facet in FACETS:
            mine, seconds = timed(ours, bulk, facet)
            found = {"lnmo_atoms": (mine, seconds)}
            for peer, function in peers.items():
                found[peer] = timed(function, bulk, facet, repeats=1)
            flips, alone = enumeration(bulk, facet)
            print(f"{name:13}{facet!s:11}cuts alone {alone * 1000:6.1f} ms")
            for tool, (slabs, spent) in found.items():
                good = [slab for slab in slabs if usable(slab, bulk, flips)]
                atoms = min((len(slab) for slab in good or slabs), default=0)
                print(
                    f"{'':24}{tool:15}{len(good):5}/{len(slabs):<5}{atoms:7}{spent:9.3f}"
                    f"{spent / seconds:8.1f}"
                )


if __name__ == "__main__":
    main()
