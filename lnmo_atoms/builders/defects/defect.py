"""A defect: what was changed, its neutral cell, and how often the crystal offers it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure


@dataclass(frozen=True, eq=False)
class Defect:
    """A neutral defect in a cell of the crystal, unrelaxed.

    Attributes:
        name: unlike that of any other in the list, such as ``"v_O(8c)+2Mn3+ near"``.
        kind: of :data:`~lnmo_atoms.builders.defects.KINDS`.
        structure: sorted by element, with formal charges that add up to 0, moments, and the site
            properties ``role``, ``wyckoff`` (in the perfect crystal), ``parent`` (if the bulk has
            it) and ``bulk_site``, the site of the given bulk, −1 for an atom between its sites.
        multiplicity: equivalent defects, charge order included, in the perfect cell.
        added: element → atoms that come from a reservoir.
        removed: element → atoms that go to a reservoir.
        changes: of valence, in words, such as ``"2 Mn4+ → Mn3+"``.
        sites: fractional coordinates of the changed sites in the cell, shape (k, 3).
        bulk_formula: of the perfect cell, such as ``"Li8 Mn12 Ni4 O32"``.
        supercell: repeats of the bulk along its axes.
    """

    name: str
    kind: str
    structure: Structure
    multiplicity: int
    added: dict[str, int]
    removed: dict[str, int]
    changes: tuple[str, ...]
    sites: NDArray[np.float64]
    bulk_formula: str
    supercell: tuple[int, int, int]

    @property
    def separation(self) -> float | None:
        """Å between the two sites of a pair; None for a single site."""
        if len(self.sites) < 2:
            return None
        distances = self.structure.lattice.get_all_distances(self.sites, self.sites)
        return float(distances.max())
