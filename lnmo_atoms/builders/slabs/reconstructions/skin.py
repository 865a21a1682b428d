"""A slab seen from its upper face: the sites of its skin and what its flip makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.coordination import OXYGEN_SHELL
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.sites import per_site, symbol
from lnmo_atoms.builders.slabs.electrostatics import pair_energies
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.symmetry import SymmetryOperations, symmetry_operations

Sites = NDArray[np.int_]
"""Indices of sites: the slab's atoms first, then the empty sites."""

SAME_SITE = 0.1
"""Å within which an operation must bring a site onto another."""
MIDDLE = 0.1
"""Å, sites this close to the slab's middle belong to neither half."""


@dataclass(frozen=True)
class Skin:
    """A slab, the empty sites that its faces offer, and the flip that keeps its faces alike.

    Attributes:
        slab: with oxidation states, centred in its cell, c along the normal.
        coords: fractional coordinates of all sites, atoms first, shape (p, 3).
        templates: an atom of the same bulk site as each site; −1 where the bulk has none there,
            shape (p,).
        operations: the slab's symmetry operations.
        flip: the involution that swaps the faces.
    """

    slab: Structure
    coords: NDArray[np.float64]
    templates: Sites
    operations: SymmetryOperations
    flip: SymmetryOperations

    @cached_property
    def partner(self) -> Sites:
        """The site on the other face that the flip makes of each site, shape (p,)."""
        mapped: Sites = self._mapped(self.flip)[0]
        return mapped

    @cached_property
    def permutations(self) -> NDArray[np.int_]:
        """Where each operation sends each site, shape (operations, p)."""
        return self._mapped(self.operations)

    @cached_property
    def height(self) -> NDArray[np.float64]:
        """Å above the slab's middle, shape (p,)."""
        return self.heights_of(self.coords)

    @cached_property
    def upper(self) -> NDArray[np.bool_]:
        """Which sites lie in the upper half, shape (p,)."""
        return self.height > MIDDLE

    @cached_property
    def top(self) -> float:
        """Å, height of the outermost atom above the slab's middle."""
        return float(self.height[: len(self.slab)].max())

    @cached_property
    def symbols(self) -> NDArray[np.str_]:
        """Element on each site, empty where there is no atom, shape (p,)."""
        empty = len(self.coords) - len(self.slab)
        return np.array(per_site(self.slab, symbol) + [""] * empty)

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """Å between sites, nearest images, shape (p, p)."""
        found: NDArray[np.float64] = self.slab.lattice.get_all_distances(self.coords, self.coords)
        return found

    @cached_property
    def pair_energies(self) -> NDArray[np.float64]:
        """eV/e² between unit charges on the sites, shape (p, p)."""
        matrix = self.slab.lattice.matrix
        return pair_energies(self.coords @ matrix, matrix[:2])

    @cached_property
    def oxygen_neighbours(self) -> Sites:
        """Oxygen atoms of the slab around each site, shape (p,)."""
        near = self.distances[:, self.symbols == "O"] < OXYGEN_SHELL
        counts: Sites = near.sum(axis=1)
        return counts

    def of(self, *elements: str) -> Sites:
        """Sites of these elements in the upper half, outermost first; ``""`` is the empty sites."""
        found = np.flatnonzero(np.isin(self.symbols, elements) & self.upper)
        return found[np.argsort(-self.height[found], kind="stable")]

    def planes(self, sites: Sites) -> list[Sites]:
        """The sites by atomic plane, outermost plane first."""
        ordered = sites[np.argsort(-self.height[sites], kind="stable")]
        ends = np.flatnonzero(-np.diff(self.height[ordered]) > GAP) + 1
        return [plane for plane in np.split(ordered, ends) if len(plane)]

    def heights_of(self, coords: NDArray[np.float64]) -> NDArray[np.float64]:
        """Å above the slab's middle of fractional points, shape (k,)."""
        above: NDArray[np.float64] = (coords[:, 2] - 0.5) * self.slab.lattice.c
        return above

    def both(self, sites: Sequence[int] | Sites) -> Sites:
        """The sites, then their partners on the other face."""
        chosen = np.asarray(sites, dtype=int)
        return np.concatenate([chosen, self.partner[chosen]])

    def with_empty(self, coords: NDArray[np.float64], templates: Sites) -> "Skin":
        """The skin with more empty sites: those of the upper face given, and their partners.

        Args:
            coords: fractional, shape (m, 3), all in the upper half.
            templates: shape (m,), atoms of the same bulk site, or −1.
        """
        images = coords @ self.flip.rotations[0].T + self.flip.translations[0]
        images -= np.floor(images)
        lower = np.where(templates < 0, -1, self.partner[templates])
        return replace(
            self,
            coords=np.concatenate([self.coords, coords, images]),
            templates=np.concatenate([self.templates, templates, lower]),
        )

    def _mapped(self, operations: SymmetryOperations) -> NDArray[np.int_]:
        """Where operations send the sites; those that lead off the sites are left out."""
        found = []
        for rotation, translation in zip(
            operations.rotations, operations.translations, strict=True
        ):
            delta = (self.coords @ rotation.T + translation)[:, None] - self.coords[None]
            delta -= np.round(delta)
            distances = np.linalg.norm(delta @ self.slab.lattice.matrix, axis=-1)
            if distances.min(axis=1).max() < SAME_SITE:
                found.append(distances.argmin(axis=1))
        return np.array(found)


def skin_of(slab: Structure) -> Skin:
    """The skin of a slab, without empty sites.

    Args:
        slab: as ``make_slabs`` builds it, with oxidation states.

    Raises:
        RequestError: where the slab has no oxidation states or no operation swaps its faces.
    """
    if formal_charges(slab) is None:
        raise RequestError("it has no oxidation states: give them in the bulk (a CIF holds them)")
    operations = symmetry_operations(slab)
    flips = _involutions(operations)
    if not flips:
        raise RequestError("no inversion, two-fold axis or mirror plane swaps its faces")
    first = flips[0]
    flip = SymmetryOperations(operations.rotations[[first]], operations.translations[[first]])
    return Skin(slab, slab.frac_coords % 1.0, np.arange(len(slab)), operations, flip)


def _involutions(operations: SymmetryOperations) -> list[int]:
    """Operations that turn the slab upside down, and twice applied do nothing; inversions first."""
    rotations, translations = operations.rotations, operations.translations
    found = [
        int(o)
        for o in np.flatnonzero(rotations[:, 2, 2] == -1)
        if (rotations[o] @ rotations[o] == np.eye(3)).all()
        and _is_whole(rotations[o] @ translations[o] + translations[o])
    ]
    return sorted(found, key=lambda o: int(np.trace(rotations[o])))


def _is_whole(vector: NDArray[np.float64]) -> bool:
    """A lattice vector, within the noise of spglib's translations."""
    return bool(np.abs(vector - np.round(vector)).max() < 1e-3)
