"""Half of the outermost lithium layer, the compensated Li face of the spinel.

On (100) planes of Li2 and M4O8 alternate with charges +2 and −2; a face without a dipole keeps
half of the lithium (Tasker, J. Phys. C 12, 4977, 1979).
"""

from collections.abc import Iterator

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.slabs.reconstructions.occupation import (
    Occupation,
    Variant,
    lowest,
    plain,
    selections,
)
from lnmo_atoms.builders.slabs.reconstructions.sites import (
    with_empty_octahedra,
    with_lattice_sites,
    without_lithium_beside,
)
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin

HOLDS = 2
"""Oxygen atoms that hold a lithium in a layer at the face."""
DEEPEST = 5.0
"""Å below the outermost lithium layer: the empty sites that its surplus may go to."""


def half_lithium(skin: Skin) -> list[Variant]:
    """Lithium moved between the outermost layer and the sites below until half of it is full.

    An empty layer takes lithium from the next one below; a full layer gives it to empty sites
    of the skin that touch no lithium.

    Raises:
        RequestError: where the face does not end in a lithium layer, the layer is half full, its
            sites are odd in number, or the lithium has no place to go.
    """
    skin = with_lattice_sites(skin, "Li")
    layer = _outermost_layer(skin)
    filled = layer[skin.symbols[layer] == "Li"]
    half, odd = divmod(len(layer), 2)
    if odd:
        raise RequestError(f"half of the {len(layer)} sites of its outermost Li layer is not whole")
    if len(filled) == half:
        raise RequestError("its outermost Li layer is half full as it is cut")
    moves = _inwards if len(filled) > half else _outwards
    variants = lowest(moves(skin, layer, abs(len(filled) - half)), most=4)
    if not variants:
        raise RequestError(
            "the surplus lithium finds no empty site in the skin without Li beside it"
        )
    way = "below" if len(filled) > half else "up"
    note = f"{abs(len(filled) - half)} Li per face moved {way}, half of the outer Li layer stays"
    return [(variant, note) for variant in variants]


def _outermost_layer(skin: Skin) -> Sites:
    """All sites of the lithium layer that the face ends in, full and empty, each held by oxygen."""
    layers = skin.planes(skin.of("Li", ""))
    held = [layer for layer in layers if (skin.oxygen_neighbours[layer] >= HOLDS).all()]
    if not held or skin.height[held[0]].max() < skin.top - GAP:
        raise RequestError("its faces do not end in a lithium layer")
    return held[0]


def _outwards(skin: Skin, layer: Sites, count: int) -> Iterator[Occupation]:
    """Lithium of the next layer below on empty sites of the outermost."""
    lower = [p for p in skin.planes(skin.of("Li")) if not set(p) & set(layer)]
    if not lower or len(lower[0]) < count:
        raise RequestError("the lithium layer below the outermost is too poor to fill half of it")
    whole = plain(skin)
    for targets in selections(layer[skin.symbols[layer] == ""], count):
        for sources in selections(lower[0], count):
            yield whole.moved(sources, targets)


def _inwards(skin: Skin, layer: Sites, count: int) -> Iterator[Occupation]:
    """Lithium of the outermost layer on empty sites below it, tetrahedral or octahedral."""
    skin = with_empty_octahedra(skin)
    whole = plain(skin)
    for sources in selections(layer[skin.symbols[layer] == "Li"], count):
        free = without_lithium_beside(skin, sources)
        depth = skin.height[layer].min() - skin.height[free]
        free = free[(depth > GAP) & (depth < DEEPEST)]
        if len(free) >= count:
            for targets in selections(free, count):
                yield whole.moved(sources, targets)
