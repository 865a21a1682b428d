"""The kinds of defect, each by what stands on its sites before and after."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lnmo_atoms.builders.errors import RequestError

Pattern = tuple[tuple[str, str], ...]
"""Element before and after on each site of a defect; ``""`` is an empty site: before, one of the
empty octahedra (16c of the parent spinel)."""

KINDS: Mapping[str, tuple[Pattern, ...]] = MappingProxyType(
    {
        "lithium vacancy": ((("Li", ""),),),
        "oxygen vacancy": ((("O", ""),),),
        "oxygen vacancy pair": ((("O", ""), ("O", "")),),
        "lithium interstitial": ((("", "Li"),),),
        "lithium antisite": ((("Ni", "Li"),), (("Mn", "Li"),)),
        "lithium exchange": ((("Ni", "Li"), ("Li", "Ni")), (("Mn", "Li"), ("Li", "Mn"))),
        "antisite pair": ((("Mn", "Ni"), ("Ni", "Mn")),),
        "nickel antisite": ((("Mn", "Ni"),),),
        "manganese antisite": ((("Ni", "Mn"),),),
    }
)
"""Kind → its patterns."""
USUAL_KINDS = tuple(kind for kind in KINDS if kind != "oxygen vacancy pair")
"""All kinds but the one of which there are many hundreds."""


def require_kinds(kinds: Sequence[str]) -> None:
    """Refuse an unknown kind of defect.

    Raises:
        RequestError: naming those that there are.
    """
    if isinstance(kinds, str) or not kinds:
        raise RequestError(f"give a list of kinds of defect, of {', '.join(KINDS)}")
    for kind in kinds:
        if kind not in KINDS:
            raise RequestError(f"defect {kind!r} is not known: use {', '.join(KINDS)}")
