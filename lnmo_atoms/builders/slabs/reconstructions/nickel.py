"""Nickel-rich and nickel-poor skins of the same composition.

Octahedral LNMO particles truncated by {100} were found Ni-rich there (Chem. Mater. 30, 2174, 2018).
"""

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.reconstructions.occupation import Variant, lowest, plain
from lnmo_atoms.builders.slabs.reconstructions.skin import Skin


def nickel_rich(skin: Skin) -> list[Variant]:
    """One Mn of the outermost metal plane exchanged with an Ni of the slab's inside.

    Raises:
        RequestError: without Mn at the surface or Ni inside.
    """
    return _exchanged(skin, "Mn", "Ni")


def nickel_poor(skin: Skin) -> list[Variant]:
    """One Ni of the outermost metal plane exchanged with an Mn of the slab's inside.

    Raises:
        RequestError: without Ni at the surface or Mn inside.
    """
    return _exchanged(skin, "Ni", "Mn")


def _exchanged(skin: Skin, outer: str, inner: str) -> list[Variant]:
    """Inside is nearer to the slab's middle than to its face."""
    metals = skin.of("Mn", "Ni")
    surface = skin.planes(metals)[0] if len(metals) else metals
    at_surface = surface[skin.symbols[surface] == outer]
    inside = metals[(skin.symbols[metals] == inner) & (skin.height[metals] < skin.top / 2)]
    if not len(at_surface) or not len(inside):
        raise RequestError(f"it has no {outer} in its outermost metal plane or no {inner} inside")
    whole = plain(skin)
    swaps = (whole.moved([a, b], [b, a]) for a in at_surface for b in inside)
    note = f"1 {outer} per face exchanged with {inner} inside"
    return [(swap, note) for swap in lowest(swaps, most=4)]
