"""What crystallography calls the sites that a hop passes."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import DummySpecies, Structure

from lnmo_atoms.builders.symmetry import space_group

OTHER_ORIGIN = {
    212: ("4a", str.maketrans("ab", "ba")),
    213: ("4b", str.maketrans("ab", "ba")),
    227: ("16c", str.maketrans("abcd", "badc")),
}
"""Groups that can be described from two origins, half a cell apart, that swap letters: what the
spinel's empty octahedra are called by convention, and the swap."""


def wyckoff_labels(bulk: Structure, octahedra: NDArray[np.float64]) -> tuple[list[str], list[str]]:
    """Wyckoff sites of the atoms and of the octahedra; those of the parent for a P1 cell."""
    parents = bulk.site_properties.get("parent")
    moments = bulk.site_properties.get("magmom", [0.0] * len(bulk))
    full = Structure(
        bulk.lattice,
        [*bulk.species, *[DummySpecies("X")] * len(octahedra)],
        [*bulk.frac_coords, *octahedra],
        site_properties={"magmom": [*(float(m or 0.0) for m in moments), *[0.0] * len(octahedra)]},
    )
    group = space_group(full)
    if group.number == 1 and parents is not None:
        return [str(p) for p in parents], ["16c"] * len(octahedra)
    letters = list(group.wyckoffs)
    usual, swap = OTHER_ORIGIN.get(group.number, (None, {}))
    if usual is not None and usual not in letters[len(bulk) :]:
        letters = [letter.translate(swap) for letter in letters]
    return letters[: len(bulk)], letters[len(bulk) :]
