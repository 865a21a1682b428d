"""Slabs of one termination, thicker and thicker."""

from collections.abc import Iterator, Sequence

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.build import make_slabs
from lnmo_atoms.builders.slabs.facet import facet_name
from lnmo_atoms.builders.slabs.reconstructions import kind_of
from lnmo_atoms.builders.slabs.slab import Slab

THICKER = 0.1
"""Å; the next slab is the thinnest one that exceeds the last by so much."""
SAME_AREA = 1e-3
"""Relative."""


def growing_slabs(
    bulk: Structure,
    facet: Sequence[int],
    termination: str,
    *,
    start: float,
    thickest: float,
    vacuum: float,
) -> Iterator[Slab]:
    """Every slab of a termination with a thickness between two limits, thinnest first.

    Args:
        bulk: an ordered crystal.
        facet: Miller indices in its cell.
        termination: as :func:`make_slabs` names it.
        start: Å, least thickness.
        thickest: Å, largest thickness.
        vacuum: Å.

    Raises:
        RequestError: where the termination does not exist at a thickness, or is another surface
            there than in the thinnest slab.
    """
    thickness, thinnest = start, None
    kind = kind_of(termination)
    kinds = [kind] if kind else []
    while thickness <= thickest:
        slab = _chosen(
            make_slabs(bulk, facet, thickness, vacuum, reconstructions=kinds),
            termination,
            thickness,
        )
        if slab.certificate.thickness > thickest:
            return
        thinnest = thinnest or slab
        if not _same_surface(thinnest, slab):
            thin, thick = (s.certificate.thickness for s in (thinnest, slab))
            raise RequestError(
                f"slab {slab.name} is another surface at {thick:.1f} Å than at {thin:.1f} Å: "
                "choose another termination"
            )
        yield slab
        thickness = slab.certificate.thickness + THICKER


def _chosen(slabs: Sequence[Slab], termination: str, thickness: float) -> Slab:
    for slab in slabs:
        if slab.termination == termination:
            return slab
    names = ", ".join(slab.termination for slab in slabs)
    raise RequestError(
        f"facet ({facet_name(slabs[0].facet)}) has no termination {termination} at "
        f"{thickness:.1f} Å: choose one of {names}"
    )


def _same_surface(one: Slab, other: Slab) -> bool:
    """Equal in-plane cells, and the same atoms kept and exchanged at the faces."""
    a, b = one.certificate, other.certificate
    return a.changed == b.changed and abs(a.area - b.area) < SAME_AREA * a.area
