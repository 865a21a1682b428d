"""From a facet and a bulk crystal to certified slabs."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, product
from string import ascii_lowercase

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.bulk import WIDEST_GAP, require_bulk
from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.coordination import coordination_numbers
from lnmo_atoms.builders.errors import PolarError, RequestError
from lnmo_atoms.builders.slabs.assembly import columns, slab_structure
from lnmo_atoms.builders.slabs.certificate import CHARGE_TOLERANCE, certify
from lnmo_atoms.builders.slabs.cuts import find_cuts
from lnmo_atoms.builders.slabs.faces import Face, distinct_faces
from lnmo_atoms.builders.slabs.facet import Facet, facet_name, valid_facet
from lnmo_atoms.builders.slabs.orientation import OrientedCrystal, orient
from lnmo_atoms.builders.slabs.reconstructions import reconstruct, valid_kind
from lnmo_atoms.builders.slabs.slab import Slab
from lnmo_atoms.builders.symmetry import ideal_crystal, site_kinds

LONGEST = 200
"""Å, of thickness and vacuum."""
MOST_CHOICES = 8
"""Symmetry-distinct choices of surface atoms kept for one cut, lowest in electrostatic energy."""


def make_slabs(
    bulk: Structure,
    facet: Sequence[int],
    thickness: float = 12.0,
    vacuum: float = 15.0,
    *,
    choices: int | None = MOST_CHOICES,
    reconstructions: Sequence[str] = (),
    seed: int = 0,
) -> list[Slab]:
    """Every stoichiometric, dipole-free termination of a facet, with equal faces where possible.

    For each cut between atomic planes the fewest atoms of the outermost planes are moved from face
    to face that make the slab stoichiometric and free of dipole, in every symmetry-distinct choice.
    The in-plane cell is the smallest, doubled where that saves moves or none would do; it and the
    name of a termination are the same for every thickness. Faces differ only where no operation of
    the crystal flips the facet's normal.

    Args:
        bulk: an ordered crystal in any cell; oxidation states make the dipole meaningful.
        facet: Miller indices in that cell.
        thickness: Å, least distance between the outermost atoms; less than one repeat more is
            given.
        vacuum: Å, exact.
        choices: symmetry-distinct choices kept of one cut, lowest in formal-charge electrostatic
            energy first; None keeps all.
        reconstructions: kinds (see :func:`reconstruct`) to add to every termination that allows
            them; of variants that do the same to other sites the first.
        seed: for drawing among too many choices at a face.

    Raises:
        RequestError: where no such slab exists, or the request makes no sense; a ``PolarError``
            where every stoichiometric slab keeps a dipole.
    """
    indices = valid_facet(facet)
    if choices is not None and choices < 1:
        raise RequestError("choices is a whole number of 1 or more, or None for all")
    for kind in reconstructions:
        valid_kind(kind)
    ideal, crystal = prepare(bulk, indices, thickness, vacuum)
    neighbours = tuple(coordination_numbers(ideal).tolist())
    held = [
        (face, atoms)
        for face in terminations(ideal, crystal, choices, seed)
        if (atoms := columns(face, thickness)) is not None
    ]
    slabs: list[Slab] = []
    for letter, (face, atoms) in zip(_letters(), held, strict=False):
        structure, flip = slab_structure(face.cut.crystal, atoms, ideal, vacuum)
        certificate = certify(
            structure, ideal.composition, thickness, face.note, flip=flip, coordination=neighbours
        )
        slabs.append(Slab(structure, indices, letter, certificate, neighbours))
    _require_certified(slabs, indices)
    return [variant for slab in slabs for variant in (slab, *_variants(slab, reconstructions))]


def _require_certified(slabs: list[Slab], facet: Facet) -> None:
    if not slabs:
        raise RequestError(
            f"no stoichiometric ({facet_name(facet)}) slab exists in the in-plane cell or twice "
            "that cell"
        )
    if not all(slab.certificate.dipole_free for slab in slabs):
        least = min(abs(slab.certificate.dipole) for slab in slabs)
        raise PolarError(
            f"every stoichiometric ({facet_name(facet)}) slab of this crystal keeps a dipole, of "
            f"{least:.2g} e/Å at least: no operation of the crystal flips this facet, and moving "
            "whole ions cannot cancel it; a relaxed disordered cell is cut in its ideal positions"
        )


def _variants(slab: Slab, kinds: Sequence[str]) -> list[Slab]:
    """The best variant of everything that these kinds of reconstruction can do to the slab."""
    best: dict[str, Slab] = {}
    for kind in kinds:
        with suppress(RequestError):
            for variant in reconstruct(slab, kind):
                best.setdefault(variant.certificate.changed, variant)
    return list(best.values())


def terminations(
    bulk: Structure, crystal: OrientedCrystal, choices: int | None, seed: int
) -> list[Face]:
    """The distinct faces of a facet, in the order of their letters.

    Args:
        bulk: the ideal crystal.
        crystal: the same, oriented.
        choices: kept of one cut; None keeps all.
        seed: for drawing among too many choices at a face.
    """
    charges = formal_charges(bulk)
    names = dict(zip(site_kinds(bulk).tolist(), bulk, strict=True))
    species = [names[kind].species_string for kind in sorted(names)]
    cuts = find_cuts(crystal, charges)
    return distinct_faces(cuts, species, charges, choices, np.random.default_rng(seed))


def prepare(
    bulk: Structure, facet: Facet, thickness: float, vacuum: float
) -> tuple[Structure, OrientedCrystal]:
    """The ideal crystal, and seen along the facet's normal; what cannot be cut is refused.

    Raises:
        RequestError: for lengths that make no sense, or what is no bulk of whole atoms.
    """
    require_bulk(bulk)
    if not (0 < thickness <= LONGEST and 0 < vacuum <= LONGEST):
        raise RequestError(f"thickness and vacuum are lengths in Å, above 0 and at most {LONGEST}")
    if vacuum <= WIDEST_GAP:
        raise RequestError(
            f"a vacuum of {vacuum:g} Å leaves the faces in touch: give more than {WIDEST_GAP:g} Å"
        )
    charges = formal_charges(bulk)
    if charges is not None and abs(charges.sum()) > CHARGE_TOLERANCE * len(bulk):
        raise RequestError(
            f"the bulk's oxidation states add up to {charges.sum():+g} e: correct them, every slab "
            "of a charged crystal is polar"
        )
    ideal, operations = ideal_crystal(bulk)
    return ideal, orient(ideal, operations, facet)


def _letters() -> Iterator[str]:
    """Names of slabs: a, b, …, z, aa, ab, …."""
    for length in count(1):
        yield from map("".join, product(ascii_lowercase, repeat=length))
