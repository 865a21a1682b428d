"""Kinds of reconstruction by name, and certified slabs of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from pymatgen.core import Composition

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.certificate import certify
from lnmo_atoms.builders.slabs.geometry import with_vacuum
from lnmo_atoms.builders.slabs.reconstructions.exchange import exchanged
from lnmo_atoms.builders.slabs.reconstructions.half_lithium import half_lithium
from lnmo_atoms.builders.slabs.reconstructions.mn3o4 import mn3o4
from lnmo_atoms.builders.slabs.reconstructions.nickel import nickel_poor, nickel_rich
from lnmo_atoms.builders.slabs.reconstructions.occupation import Occupation, Variant
from lnmo_atoms.builders.slabs.reconstructions.oxygen_vacancy import oxygen_vacancies
from lnmo_atoms.builders.slabs.reconstructions.phases import li_poor, li_rich, o_poor, o_rich
from lnmo_atoms.builders.slabs.reconstructions.rock_salt import rock_salt
from lnmo_atoms.builders.slabs.reconstructions.skin import Skin, skin_of
from lnmo_atoms.builders.slabs.slab import Slab

KINDS: Mapping[str, Callable[[Skin], list[Variant]]] = MappingProxyType(
    {
        "exchanged": exchanged,
        "half-lithium": half_lithium,
        "mn3o4": mn3o4,
        "rock-salt": rock_salt,
        "oxygen-vacancy": oxygen_vacancies,
        "nickel-rich": nickel_rich,
        "nickel-poor": nickel_poor,
        "li-rich": li_rich,
        "li-poor": li_poor,
        "o-rich": o_rich,
        "o-poor": o_poor,
    }
)
"""Reconstructions by the name that a user asks for them with."""

MOST_VARIANTS = 4
"""Variants of one kind kept for one slab."""


def reconstruct(slab: Slab, kind: str) -> list[Slab]:
    """The variants of one reconstruction of a slab, both faces alike, at most four.

    Formal-charge electrostatic energy ranks them, lowest first; series of coverages (li-rich,
    li-poor, o-rich, o-poor) begin with the fewest ions changed.

    Args:
        slab: as ``make_slabs`` gives it, with oxidation states.
        kind: a name in ``KINDS``.

    Returns:
        slabs named after the kind: ``"a-rock-salt"``, then ``"a-rock-salt-2"`` and on.

    Raises:
        RequestError: for an unknown kind, a slab that is reconstructed already, or where this
            slab's faces cannot be reconstructed so; the message says why.
    """
    return [_certified(slab, kind, n, *variant) for n, variant in _variants(slab, kind)]


def reconstructions(slab: Slab) -> list[Slab]:
    """Every reconstruction that the slab's faces allow, in the order of ``KINDS``.

    Where two kinds come to the same slab, such as one oxygen vacancy and the first step of o-poor,
    it is listed once.

    Args:
        slab: as ``make_slabs`` gives it, with oxidation states.

    Raises:
        RequestError: for a slab that is reconstructed already.
    """
    _require_plain(slab)
    found: list[Slab] = []
    seen: list[Occupation] = []
    for kind in KINDS:
        try:
            variants = _variants(slab, kind)
        except RequestError:
            continue
        for n, (occupation, note) in variants:
            if not any(occupation.same_as(other) for other in seen):
                seen.append(occupation)
                found.append(_certified(slab, kind, n, occupation, note))
    return found


def valid_kind(kind: str) -> str:
    """The kind itself.

    Raises:
        RequestError: for a name that is not in ``KINDS``.
    """
    if kind not in KINDS:
        raise RequestError(f"{kind!r} is no reconstruction: ask for one of {', '.join(KINDS)}")
    return kind


def kind_of(termination: str) -> str:
    """Kind of reconstruction in the name of a termination: of ``"a-rock-salt-2"`` ``"rock-salt"``.

    Returns:
        a name in ``KINDS``, or an empty string for a slab as cut.
    """
    kind = termination.partition("-")[2].rstrip("-0123456789")
    return kind if kind in KINDS else ""


def why_not(slabs: Sequence[Slab], kind: str) -> str | None:
    """Why none of these slabs has been reconstructed so, in words; None where one has."""
    if any(kind_of(slab.termination) == kind for slab in slabs):
        return None
    plain = next(slab for slab in slabs if not kind_of(slab.termination))
    try:
        reconstruct(plain, kind)
    except RequestError as reason:
        return str(reason)
    return None


def _variants(slab: Slab, kind: str) -> list[tuple[int, Variant]]:
    """The variants with their numbers, from 1."""
    _require_plain(slab)
    try:
        variants = KINDS[valid_kind(kind)](skin_of(slab.structure))
    except RequestError as reason:
        raise RequestError(f"slab {slab.name} has no {kind} reconstruction: {reason}") from reason
    return list(enumerate(variants[:MOST_VARIANTS], start=1))


def _require_plain(slab: Slab) -> None:
    letter, _, done = slab.termination.partition("-")
    if done:
        raise RequestError(f"slab {slab.name} is reconstructed already: start from {letter}")


def _certified(slab: Slab, kind: str, number: int, occupation: Occupation, note: str) -> Slab:
    """The slab of one variant, examined like every other."""
    before = slab.certificate
    structure = with_vacuum(occupation.structure(), before.vacuum)
    changed = "; ".join(filter(None, (before.changed, note)))
    bulk = Composition(before.formula)
    name = f"{slab.termination}-{kind}" + (f"-{number}" if number > 1 else "")
    return replace(
        slab,
        structure=structure,
        termination=name,
        certificate=certify(
            structure,
            bulk,
            before.thickness_asked,
            changed,
            flip=before.flip,
            coordination=slab.bulk_coordination,
        ),
    )
