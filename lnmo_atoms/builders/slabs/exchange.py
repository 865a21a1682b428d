"""The inverse-spinel skin: surface manganese exchanged with the lithium below it.

Karim, Fosse and Persson, PRB 87, 075322 (2013), found it to lower the energy of LiMn2O4 (111).
"""

import itertools

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.slabs.certificate import Flip, find_flip, heights
from lnmo_atoms.builders.slabs.electrostatics import pair_energies
from lnmo_atoms.builders.slabs.planes import GAP

REACH = 2.5
"""Å below the surface manganese within which lithium is exchanged with it."""
MOST_EXCHANGES = 5_000


def exchange_skin(slab: Structure) -> tuple[Structure, str] | None:
    """Exchange the manganese of the outermost plane with lithium below, alike on both faces.

    Of all ways to choose the lithium the one of lowest formal-charge electrostatic energy is
    taken, so long as the slab keeps its flip.

    Args:
        slab: a symmetric slab with oxidation states.

    Returns:
        the slab and what was done, or None where the outermost plane holds no manganese, or too
        little lithium lies below.
    """
    flip, charges = find_flip(slab), formal_charges(slab)
    if flip is None or charges is None:
        return None
    z = heights(slab)
    symbols = np.array([site.specie.symbol for site in slab])
    metals = np.flatnonzero((symbols == "Mn") & (z > z.max() - GAP))
    if not len(metals):
        return None
    depth = z[metals].min() - z
    lithium = np.flatnonzero((symbols == "Li") & (depth > GAP) & (depth < REACH))
    if len(lithium) < len(metals):
        return None
    partner = _partners(slab, flip)
    pairs = pair_energies(slab.cart_coords, slab.lattice.matrix[:2])
    best: tuple[float, NDArray[np.int_]] | None = None
    ways = itertools.islice(itertools.permutations(lithium, len(metals)), MOST_EXCHANGES)
    if len({slab[int(i)].specie for i in metals}) == 1:
        ways = itertools.islice(itertools.combinations(lithium, len(metals)), MOST_EXCHANGES)
    for chosen in ways:
        order = np.arange(len(slab))
        taken = np.array(chosen)
        for a, b in ((metals, taken), (partner[metals], partner[taken])):
            order[a], order[b] = b, a
        energy = float(charges[order] @ pairs @ charges[order]) / 2
        if best is None or energy < best[0] - 1e-6:
            best = (energy, order)
    assert best is not None
    count = len(metals)
    return _permuted(slab, best[1]), f"{count} surface Mn per face exchanged with Li below"


def _partners(slab: Structure, flip: Flip) -> NDArray[np.int_]:
    """The atom on the other face that the flip makes of each atom."""
    image = slab.frac_coords @ flip.rotation.T + flip.translation
    delta = image[:, None] - slab.frac_coords[None]
    delta -= np.round(delta)
    partners: NDArray[np.int_] = np.linalg.norm(delta @ slab.lattice.matrix, axis=-1).argmin(axis=1)
    return partners


def _permuted(slab: Structure, order: NDArray[np.int_]) -> Structure:
    """Atom ``order[i]`` put on the position of atom i, in the slab's own order of atoms."""
    coords = np.empty_like(slab.frac_coords)
    coords[order] = slab.frac_coords
    return Structure(
        slab.lattice, slab.species, coords, site_properties=slab.site_properties
    )
