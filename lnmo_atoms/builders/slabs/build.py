"""From a facet and a bulk crystal to certified slabs."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.coordination import oxygen_coordination
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.assembly import electrostatic_energies, slab_structure, stack
from lnmo_atoms.builders.slabs.certificate import certify
from lnmo_atoms.builders.slabs.exchange import exchange_skin
from lnmo_atoms.builders.slabs.facet import Facet, facet_name, valid_facet
from lnmo_atoms.builders.slabs.orientation import OrientedCrystal, orient
from lnmo_atoms.builders.slabs.slab import Slab
from lnmo_atoms.builders.slabs.terminations import (
    Termination,
    distinct_choices,
    terminations,
)
from lnmo_atoms.builders.symmetry import symmetrized, symmetry_operations

MOST_CHOICES = 4
"""Symmetry-distinct choices of surface atoms kept for one cut, lowest in electrostatic energy."""


def make_slabs(
    bulk: Structure,
    facet: Sequence[int],
    thickness: float = 12.0,
    vacuum: float = 15.0,
    *,
    exchanged: bool = True,
    seed: int = 0,
) -> list[Slab]:
    """Every symmetric, stoichiometric, dipole-free termination of a facet, thinnest first.

    A slab keeps all atomic planes up to the outermost, and of that one the atoms which make it
    exactly stoichiometric, in every symmetry-distinct choice (the lowest in electrostatic energy
    where there are many). The in-plane cell is the smallest, doubled where no slab exists in it.

    Args:
        bulk: an ordered crystal in any cell; oxidation states make the dipole meaningful.
        facet: Miller indices in that cell.
        thickness: Å, least distance between the outermost atoms.
        vacuum: Å, exact.
        exchanged: add, for each cut whose outermost plane holds Mn or Ni, the slab with them
            exchanged with lithium below (Karim et al., PRB 87, 075322, 2013).
        seed: for drawing among too many choices at a face.

    Raises:
        RequestError: where no such slab exists, or the request makes no sense.
    """
    indices = valid_facet(facet)
    ideal, crystal = prepare(bulk, indices, thickness, vacuum)
    cuts = terminations(crystal, thickness)
    rng = np.random.default_rng(seed)
    slabs = [slab for cut in cuts for slab in _slabs_of(cut, ideal, vacuum, rng)]
    if not slabs:
        raise RequestError(
            f"no symmetric and stoichiometric ({facet_name(indices)}) slab exists in the in-plane "
            "cell or twice that cell"
        )
    coordination = tuple(int(n) for n in oxygen_coordination(ideal))
    named: list[Slab] = []
    for letter, (structure, changed) in zip(_letters(len(slabs)), slabs, strict=True):
        variants = [(letter, structure, changed)]
        if exchanged and (skin := exchange_skin(structure)) is not None:
            note = "; ".join(filter(None, (changed, skin[1])))
            variants.append((f"{letter}-exchanged", skin[0], note))
        named += [
            Slab(s, indices, name, certify(s, ideal.composition, thickness, note), coordination)
            for name, s, note in variants
        ]
    return named


def prepare(
    bulk: Structure, facet: Facet, thickness: float, vacuum: float
) -> tuple[Structure, OrientedCrystal]:
    """The ideal crystal, and seen along the facet's normal; what cannot be cut is refused.

    Raises:
        RequestError: for lengths that make no sense, what is no bulk of whole atoms, or a facet
            that no operation flips.
    """
    if not (0 < thickness <= 200 and 0 < vacuum <= 200):
        raise RequestError("thickness and vacuum are lengths in Å, above 0 and at most 200")
    require_bulk(bulk)
    ideal = symmetrized(bulk)
    crystal = orient(ideal, symmetry_operations(ideal), facet)
    if not (crystal.rotations[:, 2, 2] < 0).any():
        raise RequestError(
            f"no symmetry operation of this crystal flips its ({facet_name(facet)}) planes: "
            "a slab with two equal faces does not exist"
        )
    return ideal, crystal


def _letters(count: int) -> list[str]:
    """Names of slabs: a, b, …, z, aa, ab, …."""
    singles = list(ascii_lowercase)
    return (singles + [x + y for x in singles for y in singles])[:count]


def _slabs_of(
    cut: Termination, bulk: Structure, vacuum: float, rng: np.random.Generator
) -> list[tuple[Structure, str]]:
    """The slabs of one cut, one for each distinct choice at its face."""
    choices, total, complete = distinct_choices(cut, rng)
    whole = stack(cut)
    note = _describe(cut, bulk)
    if len(choices) > MOST_CHOICES:
        energies = electrostatic_energies(whole, choices, bulk)
        listed = f"{len(choices)} distinct" if complete else f"{total:,}"
        note += f" ({MOST_CHOICES} of {listed} choices kept, lowest in electrostatic energy)"
        choices = choices[np.argsort(np.round(energies, 6), kind="stable")[:MOST_CHOICES]]
    return [(slab_structure(whole, choice, bulk, vacuum), note) for choice in choices]


def _describe(cut: Termination, bulk: Structure) -> str:
    """What stays of the outermost plane, in words; empty where it is whole."""
    if cut.complete:
        return ""
    kinds = sorted({site.species_string for site in bulk})
    present = cut.crystal.species[cut.plane.atoms]
    parts = [
        f"{kept} of {(present == s).sum()} {kinds[s]}"
        for s, kept in enumerate(cut.kept)
        if (present == s).any()
    ]
    return f"the outermost plane of each face keeps {', '.join(parts)}"
