"""The Mn3O4-like skin: manganese in the tetrahedra of the surface lithium.

Amos et al., Nano Lett. (2016), doi 10.1021/acs.nanolett.5b03926, see it on LiMn2O4 by electron
microscopy; Mn3O4 is the spinel Mn2+(8a) Mn3+(16d)2 O4.
"""

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.reconstructions.occupation import Variant, plain
from lnmo_atoms.builders.slabs.reconstructions.skin import Skin
from lnmo_atoms.builders.slabs.reconstructions.valence import reduced, valence_note

TETRAHEDRAL = 4


def mn3o4(skin: Skin) -> list[Variant]:
    """The outermost lithium in whole tetrahedra becomes Mn2+, one electron each on the nearest Mn.

    The slab gains manganese and loses lithium, so its surface energy depends on both chemical
    potentials.

    Raises:
        RequestError: where no lithium sits in a tetrahedron, or too little Mn4+ is there.
    """
    lithium = skin.of("Li")
    layers = skin.planes(lithium[skin.oxygen_neighbours[lithium] == TETRAHEDRAL])
    if not layers or "Mn" not in skin.symbols:
        raise RequestError("no lithium sits in a whole tetrahedron of oxygen beside manganese")
    changed = plain(skin).filled(layers[0], "Mn", 2.0)
    for site in layers[0]:
        changed = reduced(changed, int(site), 1.0)
    note = f"{len(layers[0])} tetrahedral Li+ per face replaced by Mn2+"
    return [(changed, f"{note}, {valence_note(changed)}")]
