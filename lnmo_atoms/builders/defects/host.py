"""The perfect cell that defects are made in: atoms, empty octahedra, symmetry."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, DummySpecies, Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.charges import (
    formal_charges,
    formal_moment,
    total_charge,
    with_formal_charges,
)
from lnmo_atoms.builders.charges.assign import BASE, ions, plain_symbols
from lnmo_atoms.builders.charges.balance import are_whole
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops.labels import wyckoff_labels
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.sites import per_site, symbol
from lnmo_atoms.builders.spinel import ELEMENT_ORDER, valid_supercell
from lnmo_atoms.builders.symmetry import permutations, symmetry_operations

ROLES = MappingProxyType({"Li": "lithium", "Ni": "nickel", "Mn": "manganese", "O": "oxygen"})
EMPTY = DummySpecies("X", 0)
NEUTRAL = 1e-3
"""e, charges of a cell that add up to less are 0: mean valences are rounded."""


@dataclass(frozen=True, eq=False)
class Host:
    """Sites of a perfect cell, atoms and empty octahedra.

    Attributes:
        cell: the sites as a structure, stand-ins in the octahedra.
        coords: fractional, shape (n, 3).
        symbols: element on each site, ``""`` in an empty octahedron, shape (n,).
        valences: e, 0 in an empty octahedron, shape (n,).
        wyckoffs: Wyckoff position of each site in the bulk, shape (n,).
        parents: site of the Fd-3m parent, shape (n,); None where the bulk does not tell.
        bulk_sites: index of each site in the bulk, −1 of an octahedron, shape (n,).
        permutations: where each operation of the cell sends each site, shape (g, n).
        supercell: repeats of the bulk.
    """

    cell: Structure
    coords: NDArray[np.float64]
    symbols: NDArray[np.str_]
    valences: NDArray[np.float64]
    wyckoffs: NDArray[np.str_]
    parents: NDArray[np.str_] | None
    bulk_sites: NDArray[np.int_]
    permutations: NDArray[np.int_]
    supercell: tuple[int, int, int]

    @property
    def formula(self) -> str:
        """Of the perfect cell, such as ``"Li8 Mn12 Ni4 O32"``."""
        elements, numbers = np.unique(self.symbols[self.symbols != ""], return_counts=True)
        return Composition(dict(zip(elements.tolist(), numbers.tolist(), strict=True))).formula

    def valence(self, element: str) -> float:
        """What an ion that is put on a site starts with, in e.

        The mean where the host's ions share one, such as Mn3.5+; else that of most of its ions, as
        Ni4+ without lithium; that of LiNi0.5Mn1.5O4 for an element that it lacks.
        """
        own = self.valences[self.symbols == element]
        if not len(own):
            return BASE[element]
        if not are_whole(own):
            return float(own.mean())
        kinds, numbers = np.unique(own.round(), return_counts=True)
        return float(kinds[numbers.argmax()])

    def structure(self, symbols: NDArray[np.str_], valences: NDArray[np.float64]) -> Structure:
        """The cell with these elements and valences on its sites, sorted by element."""
        filled = np.flatnonzero(symbols != "")
        rank = [ELEMENT_ORDER[element] for element in symbols[filled].tolist()]
        sites = filled[np.argsort(rank, kind="stable")]
        species = ions(symbols[sites], valences[sites])
        moments = {ion: formal_moment(ion) for ion in set(species)}
        properties = {
            "role": [ROLES[element] for element in symbols[sites].tolist()],
            "wyckoff": self.wyckoffs[sites].tolist(),
            "magmom": [moments[ion] for ion in species],
            "bulk_site": self.bulk_sites[sites].tolist(),
        }
        if self.parents is not None:
            properties["parent"] = self.parents[sites].tolist()
        return Structure(self.cell.lattice, species, self.coords[sites], site_properties=properties)


def make_host(bulk: Structure, supercell: Sequence[int]) -> Host:
    """The cell that defects are made in.

    A bulk without oxidation states gets Li+, Ni2+, O2- and the mean valence of manganese.

    Raises:
        RequestError: where the bulk is no neutral crystal of whole Li, Ni, Mn and O atoms, or the
            supercell is no three positive integers.
    """
    plain_symbols(bulk)
    require_bulk(bulk)
    repeats = valid_supercell(supercell)
    bulk = with_formal_charges(bulk)
    if abs(charge := total_charge(bulk)) > NEUTRAL:
        raise RequestError(
            f"the crystal's formal charges add up to {charge:+g} e, not to 0: assign_charges gives "
            "it valences that do"
        )
    known = bulk.site_properties
    cell = _with_octahedra(bulk)
    cell.make_supercell(np.diag(repeats), to_unit_cell=True)
    symbols = np.array(per_site(cell, symbol))
    return Host(
        cell=cell,
        coords=cell.frac_coords,
        symbols=np.where(symbols == EMPTY.symbol, "", symbols),
        valences=np.array(formal_charges(cell)),
        wyckoffs=np.array(cell.site_properties["wyckoff"]),
        parents=np.array(cell.site_properties["parent"]) if "parent" in known else None,
        bulk_sites=np.array(cell.site_properties["bulk_site"]),
        permutations=permutations(cell, symmetry_operations(cell)),
        supercell=(int(repeats[0]), int(repeats[1]), int(repeats[2])),
    )


def _with_octahedra(bulk: Structure) -> Structure:
    """The bulk with stand-ins in its empty octahedra, moments, Wyckoff positions and indices."""
    centres = empty_octahedra(bulk)
    atoms, octahedra = wyckoff_labels(bulk, centres)
    unknown = [""] * len(bulk)
    moments = bulk.site_properties.get("magmom", unknown)
    parents = bulk.site_properties.get("parent", unknown)
    return Structure(
        bulk.lattice,
        [*bulk.species, *[EMPTY] * len(centres)],
        [*bulk.frac_coords, *centres],
        site_properties={
            "magmom": [*(float(m or 0.0) for m in moments), *[0.0] * len(centres)],
            "wyckoff": [*atoms, *octahedra],
            "parent": [*parents, *["16c"] * len(centres)],
            "bulk_site": [*range(len(bulk)), *[-1] * len(centres)],
        },
    )
