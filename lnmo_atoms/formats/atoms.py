"""The one way from pymatgen's Structure to ASE's Atoms and back.

==========================  ==============================================
Structure                   Atoms
==========================  ==============================================
oxidation states            ``initial_charges`` (e), absent without states
site property ``magmom``    ``initial_magmoms`` (μB), absent without moments
``selective_dynamics``      FixAtoms and FixScaled
any other site property     array of that name
``properties``              ``info``
==========================  ==============================================
"""

import logging
from typing import Any

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms, FixScaled
from ase.data import atomic_numbers
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.sites import (
    CONSTRAINT,
    ion,
    moments,
    plain,
    property_names,
    report_loss,
    require_ordered,
    spins,
)

log = logging.getLogger(__name__)

RESERVED = {"numbers", "positions", "initial_charges", "initial_magmoms"}
"""Arrays of Atoms whose place no site property may take."""


def to_atoms(structure: Structure) -> Atoms:
    """ASE's Atoms with the charges, moments and site properties of a structure, in its order.

    No coordinate is wrapped. A site property that only some sites have, or that is not made of
    numbers, strings or vectors, becomes an array of objects.

    Raises:
        RequestError: for a partially occupied site, an element that ASE does not know, or
            charges or moments on some sites only.
    """
    require_ordered(structure, "ASE's Atoms")
    symbols = [site.specie.symbol for site in structure]
    if unknown := sorted(set(symbols) - set(atomic_numbers)):
        raise RequestError(f"ASE does not know the element {unknown[0]}: replace it")
    atoms = Atoms(
        symbols,
        positions=structure.cart_coords,
        cell=structure.lattice.matrix,
        pbc=structure.lattice.pbc,
        charges=formal_charges(structure),
        magmoms=moments(structure),
        info=dict(structure.properties),
        constraint=_constraints(structure),
    )
    names = [name for name in property_names(structure) if name not in ("magmom", CONSTRAINT)]
    lost = spins(structure) + [name for name in names if name in RESERVED]
    report_loss(log, "ASE's Atoms", lost, logging.WARNING)
    for name in names:
        if name not in RESERVED:
            atoms.arrays[name] = site_array([site.properties.get(name) for site in structure])
    return atoms


def site_array(values: list[Any]) -> NDArray[Any]:
    """One value per site as an array: of numbers or strings where possible, else of objects."""
    if all(isinstance(value, str) for value in values) or not any(
        isinstance(value, str) or value is None for value in values
    ):
        try:
            array = np.array(values)
        except ValueError:
            array = np.array(None)
        if array.dtype.kind in "biufU" and len(np.atleast_1d(array)) == len(values):
            return array
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _constraints(structure: Structure) -> list[FixAtoms | FixScaled]:
    """FixAtoms for wholly fixed sites, one FixScaled for each other pattern of fixed axes."""
    if CONSTRAINT not in property_names(structure):
        return []
    free = [site.properties.get(CONSTRAINT) for site in structure]
    fixed = np.array([[False] * 3 if f is None else [not axis for axis in f] for f in free])
    if fixed.shape != (len(structure), 3):
        raise RequestError(f"{CONSTRAINT} must be three booleans per site")
    patterns = np.unique(fixed[fixed.any(axis=1)], axis=0)
    return [
        FixAtoms(indices) if pattern.all() else FixScaled(indices, mask=pattern)
        for pattern in patterns
        for indices in [np.flatnonzero((fixed == pattern).all(axis=1))]
    ]


def to_structure(atoms: Atoms) -> Structure:
    """The structure with the charges, moments and arrays of ASE's Atoms, in their order.

    Only initial charges and moments are taken, not those a calculator has computed. An array
    ``initial_charges`` of zeros means charge 0; without that array species have no oxidation
    state. No coordinate is wrapped. The species of shared sites, of which ASE's reader of CIF files
    keeps one as the atom and all in ``info["occupancy"]``, are put back.

    Raises:
        RequestError: without atoms, without three lattice vectors, or with an unknown element.
    """
    if len(atoms) == 0:
        raise RequestError("there are no atoms")
    if atoms.cell.rank < 3:
        raise RequestError(
            "there is no lattice: a crystal or slab needs three lattice vectors (add vacuum)"
        )
    arrays = atoms.arrays
    charges = plain(arrays.get("initial_charges", np.full(len(atoms), None)))
    properties = {
        name: plain(array) for name, array in arrays.items() if name not in RESERVED
    } | _free_axes(atoms)
    if "initial_magmoms" in arrays:
        properties["magmom"] = plain(arrays["initial_magmoms"])
    return Structure(
        Lattice(atoms.cell.array, pbc=(bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2]))),
        [
            {ion(symbol, charge): share for symbol, share in shares.items()}
            for shares, charge in zip(_shares(atoms), charges, strict=True)
        ],
        atoms.positions,
        coords_are_cartesian=True,
        site_properties=properties,
        properties={name: plain(value) for name, value in atoms.info.items()},
    )


def _shares(atoms: Atoms) -> list[dict[str, float]]:
    """Species of every site with their occupancies."""
    occupancy = atoms.info.get("occupancy", {})
    kinds = plain(atoms.arrays.get("spacegroup_kinds", np.full(len(atoms), -1)))
    shares = [occupancy.get(str(kind), {}) for kind in kinds]
    return [
        of_site if symbol in of_site else {symbol: 1.0}
        for symbol, of_site in zip(atoms.symbols, shares, strict=True)
    ]


def _free_axes(atoms: Atoms) -> dict[str, list[list[bool]]]:
    """The site property ``selective_dynamics`` of the constraints, if there are any."""
    free = np.ones((len(atoms), 3), dtype=bool)
    for constraint in atoms.constraints:
        if isinstance(constraint, FixAtoms):
            free[constraint.index] = False
        elif isinstance(constraint, FixScaled):
            free[constraint.index] &= ~np.asarray(constraint.mask, dtype=bool)
        else:
            report_loss(log, "a Structure", [type(constraint).__name__], logging.WARNING)
    return {} if free.all() else {CONSTRAINT: free.tolist()}
