"""Slabs of a disordered crystal: cut from its ordered parent, then decorated at random."""

from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.decoration import Decorations
from lnmo_atoms.builders.disorder import (
    Sublattice,
    decorated,
    decorations,
    enlargements,
    first_with_choice,
    number_of,
    parent_crystal,
    sublattices,
)
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.build import make_slabs
from lnmo_atoms.builders.slabs.certificate import certify
from lnmo_atoms.builders.slabs.slab import Slab
from lnmo_atoms.builders.symmetry import SymmetryOperations, permutations, symmetry_operations

SAMPLE = "-s"
"""Between the parent's termination and the number of the sample: ``"a-s1"``."""


def disordered_slabs(
    bulk: Structure,
    facet: Sequence[int],
    thickness: float = 12.0,
    vacuum: float = 15.0,
    *,
    samples: int = 4,
    seed: int = 0,
) -> list[Slab]:
    """Random samples of every termination of a crystal with partially occupied sites.

    Each disordered site is taken by a stand-in of the mean charge, the parent so made is cut by
    :func:`make_slabs`, and whole atoms are drawn on its disordered sites: in exactly the bulk's
    composition, alike on both faces, every such decoration with the same probability. Of the
    operations that turn the parent slab over, the one that leaves most decorations is kept.
    Where the slab cannot hold the composition in this way, or in fewer than a hundred, its
    in-plane cell is repeated until it can; the disorder repeats with that cell, which is small.

    Args:
        bulk: such as :func:`average_spinel`, in any cell; every site is full.
        facet: Miller indices in that cell.
        thickness: Å, least distance between the outermost atoms.
        vacuum: Å, exact.
        samples: of each termination, independent of each other; two may be equal.
        seed: of the random generators; more samples begin with the same ones.

    Returns:
        slabs with terminations ``"a-s1"``, ``"a-s2"``, …, ``"b-s1"``, …; symmetric,
        stoichiometric and, where the bulk has oxidation states, free of dipole. ``bulk_site`` is
        the index in ``bulk``.

    Raises:
        RequestError: where all sites are whole, a site holds vacancies, no slab or no decoration
            exists, or the request makes no sense.
    """
    if samples < 1 or seed < 0:
        raise RequestError("samples is a whole number of 1 or more, a seed one of 0 or more")
    disorder = sublattices(bulk)
    cuts = make_slabs(parent_crystal(bulk, disorder), facet, thickness, vacuum)
    return [slab for cut in cuts for slab in _samples(cut, bulk, disorder, samples, seed)]


def parent_termination(slab: Slab) -> str:
    """Termination of the parent that a sample decorates: ``"a"`` of ``"a-s1"``."""
    return slab.termination.rpartition(SAMPLE)[0]


def _samples(
    cut: Slab, bulk: Structure, disorder: Sequence[Sublattice], samples: int, seed: int
) -> Iterator[Slab]:
    """Decorations of one slab of the parent, from a random stream of this termination alone."""
    repeats = enlargements(cut.structure.lattice.abc[:2])
    parents = (cut.structure.make_supercell((*r, 1), in_place=False) for r in repeats)
    ways = ((parent, symmetric_decorations(parent, disorder)) for parent in parents)
    parent, choices = first_with_choice(ways, bulk)
    rng = np.random.default_rng([seed, crc32(cut.name.encode())])
    asked, changed = cut.certificate.thickness_asked, cut.certificate.changed
    for k in range(1, samples + 1):
        structure = decorated(parent, choices, rng)
        yield Slab(
            structure,
            cut.facet,
            f"{cut.termination}{SAMPLE}{k}",
            certify(
                structure, bulk.composition, asked, changed, coordination=cut.bulk_coordination
            ),
            cut.bulk_coordination,
        )


def symmetric_decorations(
    slab: Structure, disorder: Sequence[Sublattice]
) -> list[Decorations] | None:
    """Decorations that keep one flip of the parent's slab, that which leaves most.

    Args:
        slab: of the parent, with its ``bulk_site``.
        disorder: sublattices of the bulk.

    Returns:
        those of each sublattice; None where there are none.
    """
    if decorations(slab, disorder, np.arange(len(slab))) is None:
        return None
    operations = symmetry_operations(slab)
    flips = operations.rotations[:, 2, 2] == -1
    chosen = SymmetryOperations(operations.rotations[flips], operations.translations[flips])
    kept = [decorations(slab, disorder, images) for images in permutations(slab, chosen)]
    best = max(filter(None, kept), key=number_of, default=None)
    return best if best and number_of(best) else None
