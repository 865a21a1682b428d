"""The inverse-spinel skin: surface manganese and nickel exchanged with the lithium below.

Karim, Fosse and Persson, PRB 87, 075322 (2013), found it to lower the energy of LiMn2O4 (111).
Warburton, Iddir, Curtiss and Greeley, ACS Appl. Mater. Interfaces (2016), find Li-rich (111) faces
with the normal spinel below them: that is what slabs are before any reconstruction.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.slabs.reconstructions.occupation import (
    Occupation,
    Variant,
    lowest,
    plain,
    selections,
)
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin

REACH = 2.5
"""Å below the surface metals within which lithium is exchanged with them."""


def exchanged(skin: Skin) -> list[Variant]:
    """All metals of the outermost plane exchanged with Li below; where Ni is there, Mn alone too.

    Raises:
        RequestError: without Mn or Ni in the outermost plane, or with too little Li below.
    """
    metals = skin.of("Mn", "Ni")
    metals = metals[skin.height[metals] > skin.top - GAP]
    if not len(metals):
        raise RequestError("its outermost plane holds neither Mn nor Ni")
    manganese = metals[skin.symbols[metals] == "Mn"]
    sets = [metals] if len(manganese) in {0, len(metals)} else [metals, manganese]
    variants = [
        (best, f"{_counted(skin, chosen)} per face exchanged with Li below")
        for chosen in sets
        for best in lowest(_exchanges(skin, chosen), most=1)
    ]
    if not variants:
        raise RequestError(f"less Li than Mn and Ni lies within {REACH} Å below the surface metals")
    return variants


def _exchanges(skin: Skin, metals: Sites) -> Iterator[Occupation]:
    """Every way to exchange the metals with as much lithium."""
    lithium = skin.of("Li")
    depth = skin.height[metals].min() - skin.height[lithium]
    lithium = lithium[(depth > GAP) & (depth < REACH)]
    if len(lithium) < len(metals):
        return
    nickel = metals[skin.symbols[metals] == "Ni"]
    manganese = metals[skin.symbols[metals] == "Mn"]
    whole = plain(skin)
    for chosen in selections(lithium, len(metals)):
        for below_nickel in combinations(chosen, len(nickel)):
            below = [li for li in chosen if li not in below_nickel]
            above = [*manganese, *nickel]
            yield whole.moved([*above, *below, *below_nickel], [*below, *below_nickel, *above])


def _counted(skin: Skin, metals: Sites) -> str:
    """``"1 Mn, 1 Ni"``."""
    counts = Counter(map(str, skin.symbols[metals]))
    return ", ".join(f"{n} {symbol}" for symbol, n in sorted(counts.items()))
