"""From a cut to whole slabs: complete planes, chosen surface atoms, their images, vacuum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.slabs.electrostatics import pair_energies
from lnmo_atoms.builders.slabs.terminations import Termination, core_atoms


@dataclass(frozen=True)
class Stack:
    """All atoms that a cut may hold: its complete planes, then both outermost planes in full.

    Attributes:
        cut: the cut.
        atoms: indices into the oriented crystal, shape (n,).
        coords: fractional coordinates in the oriented basis, shape (n, 3).
        faces: atoms in one outermost plane; the last 2·faces entries are the upper plane and, in
            the same order, its image on the lower face.
    """

    cut: Termination
    atoms: NDArray[np.int_]
    coords: NDArray[np.float64]
    faces: int

    def occupied(self, choices: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which atoms are present, shape (k, n), for choices of shape (k, faces)."""
        core = np.ones((len(choices), len(self.atoms) - 2 * self.faces), dtype=bool)
        return np.concatenate([core, choices, choices], axis=1)


def stack(cut: Termination) -> Stack:
    """Gather the atoms of a cut; the lower face is the upper one flipped."""
    crystal, plane = cut.crystal, cut.plane
    core, repeats = core_atoms(cut.planes, cut.mid_plane.height, plane)
    inner = crystal.coords[core] + np.outer(repeats, [0, 0, 1])
    upper = crystal.coords[plane.atoms] + np.outer(plane.repeats, [0, 0, 1])
    partners, lifts = crystal.locate(cut.mid_plane.flip(upper))
    lower = crystal.coords[partners] + np.outer(lifts, [0, 0, 1])
    return Stack(
        cut,
        np.concatenate([core, plane.atoms, partners]),
        np.concatenate([inner, upper, lower]),
        len(plane.atoms),
    )


def electrostatic_energies(
    stack: Stack, choices: NDArray[np.bool_], bulk: Structure
) -> NDArray[np.float64]:
    """eV, formal-charge energy of each choice at the face, shape (k,); zeros without charges."""
    charges = formal_charges(bulk)
    if charges is None:
        return np.zeros(len(choices))
    crystal = stack.cut.crystal
    pairs = pair_energies(stack.coords @ crystal.basis, crystal.basis[:2])
    filled = stack.occupied(choices) * charges[crystal.bulk_sites[stack.atoms]]
    energies: NDArray[np.float64] = np.einsum("ki,ki->k", filled @ pairs, filled) / 2
    return energies


def slab_structure(
    stack: Stack, choice: NDArray[np.bool_], bulk: Structure, vacuum: float
) -> Structure:
    """One slab, centred in its cell, atoms sorted by species in the bulk's order, then by height.

    Args:
        stack: the cut's atoms.
        choice: shape (faces,), the atoms of the outermost plane that stay.
        bulk: where species and site properties come from.
        vacuum: Å.
    """
    crystal = stack.cut.crystal
    present = np.flatnonzero(stack.occupied(choice[None])[0])
    positions = stack.coords[present] @ crystal.basis
    z = positions[:, 2]
    height = float(np.ptp(z)) + vacuum
    positions[:, 2] += height / 2 - (z.max() + z.min()) / 2
    in_plane = crystal.basis[:2].copy()
    in_plane[:, 2] = 0.0
    cell = Lattice([*in_plane, [0.0, 0.0, height]])
    sites = crystal.bulk_sites[stack.atoms[present]]
    coords = cell.get_fractional_coords(positions)
    coords[:, :2] -= np.floor(coords[:, :2] + 1e-9)
    rank = {species: i for i, species in enumerate(dict.fromkeys(bulk.species))}
    order = sorted(
        range(len(present)),
        key=lambda i: (rank[bulk[int(sites[i])].specie], *np.round(coords[i][::-1], 6)),
    )
    properties = {
        name: [values[int(sites[i])] for i in order]
        for name, values in bulk.site_properties.items()
    }
    return Structure(
        cell,
        [bulk[int(sites[i])].specie for i in order],
        coords[order],
        site_properties=properties | {"bulk_site": [int(sites[i]) for i in order]},
    )
