"""The inverse-spinel skin: surface manganese and nickel exchanged with the lithium below.

Karim, Fosse and Persson, PRB 87, 075322 (2013), found it to lower the energy of LiMn2O4 (111).
"""

import itertools
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.slabs.electrostatics import pair_energies
from lnmo_atoms.builders.slabs.flip import Flip, find_flip
from lnmo_atoms.builders.slabs.geometry import heights
from lnmo_atoms.builders.slabs.planes import GAP

REACH = 2.5
"""Å below the surface metals within which lithium is exchanged with them."""
MOST_EXCHANGES = 5_000


def exchange_skin(slab: Structure) -> tuple[Structure, str] | None:
    """Exchange Mn and Ni of the outermost plane with lithium below, alike on both faces.

    Of all ways to choose the lithium the one of lowest formal-charge electrostatic energy is
    taken, so long as the slab keeps its flip.

    Args:
        slab: a symmetric slab with oxidation states.

    Returns:
        the slab and what was done, or None where the outermost plane holds neither Mn nor Ni, or
        too little lithium lies below.
    """
    flip, charges = find_flip(slab), formal_charges(slab)
    if flip is None or charges is None:
        return None
    z = heights(slab)
    symbols = np.array([site.specie.symbol for site in slab])
    metals = np.flatnonzero(np.isin(symbols, ("Mn", "Ni")) & (z > z.max() - GAP))
    if not len(metals):
        return None
    depth = z[metals].min() - z
    lithium = np.flatnonzero((symbols == "Li") & (depth > GAP) & (depth < REACH))
    if len(lithium) < len(metals):
        return None
    orders = _exchanges(slab, flip, metals, lithium)
    pairs = pair_energies(slab.cart_coords, slab.lattice.matrix[:2])
    energies = np.einsum("ki,ki->k", charges[orders] @ pairs, charges[orders])
    lowest = orders[int(np.round(energies, 6).argmin())]
    named = ", ".join(f"{n} {symbol}" for symbol, n in sorted(Counter(symbols[metals]).items()))
    return _permuted(slab, lowest), f"{named} per face exchanged with Li below"


def _exchanges(
    slab: Structure, flip: Flip, metals: NDArray[np.int_], lithium: NDArray[np.int_]
) -> NDArray[np.int_]:
    """Every way to exchange the metals with as much lithium, alike on both faces.

    Returns:
        shape (k, n): the atom that comes to each position.
    """
    one_kind = len({slab[int(i)].specie for i in metals}) == 1
    ways = itertools.combinations if one_kind else itertools.permutations
    partner = _partners(slab, flip)
    orders = []
    for chosen in itertools.islice(ways(lithium, len(metals)), MOST_EXCHANGES):
        order, taken = np.arange(len(slab)), np.array(chosen)
        for a, b in ((metals, taken), (partner[metals], partner[taken])):
            order[a], order[b] = b, a
        orders.append(order)
    return np.array(orders)


def _partners(slab: Structure, flip: Flip) -> NDArray[np.int_]:
    """The atom on the other face that the flip makes of each atom."""
    image = slab.frac_coords @ flip.rotation.T + flip.translation
    delta = image[:, None] - slab.frac_coords[None]
    delta -= np.round(delta)
    partners: NDArray[np.int_] = np.linalg.norm(delta @ slab.lattice.matrix, axis=-1).argmin(axis=1)
    return partners


def _permuted(slab: Structure, order: NDArray[np.int_]) -> Structure:
    """Put atom ``order[i]`` on the position of atom i; the order of atoms stays."""
    coords = np.empty_like(slab.frac_coords)
    coords[order] = slab.frac_coords
    return Structure(slab.lattice, slab.species, coords, site_properties=slab.site_properties)
