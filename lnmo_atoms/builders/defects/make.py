"""Every symmetry-distinct defect of a crystal, neutral as a whole."""

from collections import Counter
from collections.abc import Sequence
from string import ascii_lowercase

from pymatgen.core import Structure

from lnmo_atoms.builders.charges.placement import Placement, valid_placement
from lnmo_atoms.builders.defects.defect import Defect
from lnmo_atoms.builders.defects.host import Host, make_host
from lnmo_atoms.builders.defects.kinds import KINDS, USUAL_KINDS, require_kinds
from lnmo_atoms.builders.defects.plans import Plan, plans
from lnmo_atoms.builders.errors import RequestError

MOST = 20_000
"""Defects that are listed at most."""


def make_defects(
    bulk: Structure,
    kinds: Sequence[str] = USUAL_KINDS,
    supercell: Sequence[int] = (1, 1, 1),
    mn3: Placement = "near",
    seed: int = 0,
) -> list[Defect]:
    """Every symmetry-distinct defect of some kinds, each balanced by ions that change valence.

    An oxygen vacancy leaves two electrons, which make two Mn3+; a lithium vacancy takes one, which
    leaves a Mn4+ where there is Mn3+, else a Ni3+. An atom on a foreign site brings its valence
    of LiNi0.5Mn1.5O4. Ions near a defect are those of the nearest shell of metals; each distinct
    choice among them is a defect of its own. In a crystal of mean valence, such as LiMn2O4 with
    Mn3.5+, the mean changes instead.

    Lithium interstitials sit in the middle of empty octahedra (16c), 1.8 Å from two other lithium;
    all must be relaxed.

    Args:
        bulk: ordered, disordered, or LiMn2O4; whole atoms. Without oxidation states it gets Li+,
            Ni2+, O2- and manganese's mean valence.
        kinds: of defect, see :data:`~lnmo_atoms.builders.defects.KINDS`; by default all but the
            pairs of oxygen vacancies. A kind whose elements the crystal lacks has no defects.
        supercell: repeats of the bulk.
        mn3: where ions change their valence: ``"near"`` the defect in every distinct way; or in
            one way, ``"far"`` from the defect and from each other or at ``"random"``.
        seed: of the random generator.

    Returns:
        kind by kind as asked for; pairs with the nearest first.

    Raises:
        RequestError: for an unknown kind or placement, no crystal of Li, Ni, Mn and O, a defect
            that no change of valence balances, more than 20,000 defects, or none.
    """
    require_kinds(kinds)
    valid_placement(mn3)
    host = make_host(bulk, supercell)
    found = [
        (kind, plan)
        for kind in dict.fromkeys(kinds)
        for pattern in KINDS[kind]
        for plan in plans(host, pattern, mn3, seed)
    ]
    if not found:
        raise RequestError(f"{host.formula} has no {' or '.join(kinds)}: ask for another kind")
    if len(found) > MOST:
        raise RequestError(
            f"these are {len(found):,} defects, more than {MOST:,}: ask for fewer kinds, a smaller "
            "cell, or ions that are placed in one way ('far') instead of in all ways near"
        )
    names = _unlike([plan.name(host) for _, plan in found])
    return [
        _defect(host, kind, plan, name) for (kind, plan), name in zip(found, names, strict=True)
    ]


def _defect(host: Host, kind: str, plan: Plan, name: str) -> Defect:
    gained = Counter(after for _, after in plan.pattern if after)
    lost = Counter(before for before, _ in plan.pattern if before)
    return Defect(
        name=name,
        kind=kind,
        structure=host.structure(plan.symbols, plan.valences),
        multiplicity=plan.multiplicity,
        added=dict(gained - lost),
        removed=dict(lost - gained),
        changes=plan.changes(),
        sites=host.coords[plan.sites],
        bulk_formula=host.formula,
        supercell=host.supercell,
    )


def _unlike(names: Sequence[str]) -> list[str]:
    """The names, with letters after those that come more than once."""
    total, seen, unlike = Counter(names), Counter[str](), []
    for name in names:
        unlike.append(f"{name} {_letters(seen[name])}" if total[name] > 1 else name)
        seen[name] += 1
    return unlike


def _letters(number: int) -> str:
    """Such as ``a`` to ``z``, then ``aa``."""
    more, last = divmod(number, 26)
    return (_letters(more - 1) if more else "") + ascii_lowercase[last]
