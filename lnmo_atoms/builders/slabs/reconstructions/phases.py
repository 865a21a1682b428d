"""Faces with more or less lithium or oxygen, for surface phase diagrams.

Each kind is a series of coverages: one ion per face, then two, and so on, the next one always
where the electrostatic energy is lowest. Surface energies of such slabs depend on the chemical
potentials of Li and O (Reuter and Scheffler, PRB 65, 035406, 2001).
"""

from collections.abc import Callable

import numpy as np

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.reconstructions.occupation import (
    CLOSEST,
    Occupation,
    Variant,
    lowest,
    plain,
)
from lnmo_atoms.builders.slabs.reconstructions.oxygen_vacancy import surface_oxygen, without_oxygen
from lnmo_atoms.builders.slabs.reconstructions.sites import BOND, with_lattice_sites
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin
from lnmo_atoms.builders.slabs.reconstructions.valence import oxidized, reduced, valence_note

MOST_COVERAGES = 4


def li_rich(skin: Skin) -> list[Variant]:
    """Lithium on the next sites that the bulk lattice offers; its electrons go to the metals.

    Raises:
        RequestError: where no site is offered, or no metal takes up the electrons.
    """
    skin = with_lattice_sites(skin, "Li")
    return _coverages(skin, _offered(skin, ("O",)), _with_lithium, "Li per face added")


def li_poor(skin: Skin) -> list[Variant]:
    """Lithium of the outermost lithium plane removed; the metals give the electrons.

    Raises:
        RequestError: where there is no lithium, or no metal to be oxidized.
    """
    planes = skin.planes(skin.of("Li"))
    if not planes:
        raise RequestError("it holds no lithium")
    return _coverages(skin, planes[0], _without_lithium, "Li per face removed")


def o_rich(skin: Skin) -> list[Variant]:
    """Oxygen on the next sites that the bulk lattice offers; the metals give two electrons each.

    Raises:
        RequestError: where no site is offered, or no metal to be oxidized.
    """
    skin = with_lattice_sites(skin, "O")
    return _coverages(skin, _offered(skin, ("Li", "Mn", "Ni")), _with_oxygen, "O per face added")


def o_poor(skin: Skin) -> list[Variant]:
    """Oxygen of the outermost oxygen plane removed; two electrons each go to the metals.

    Raises:
        RequestError: where there is no oxygen, or no metal takes up the electrons.
    """
    return _coverages(skin, surface_oxygen(skin), without_oxygen, "O per face removed")


def _with_lithium(occupation: Occupation, site: int) -> Occupation:
    return reduced(occupation.filled([site], "Li", 1.0), site, 1.0)


def _without_lithium(occupation: Occupation, site: int) -> Occupation:
    return oxidized(occupation.emptied([site]), site, 1.0)


def _with_oxygen(occupation: Occupation, site: int) -> Occupation:
    return oxidized(occupation.filled([site], "O", -2.0), site, 2.0)


def _offered(skin: Skin, neighbours: tuple[str, ...]) -> Sites:
    """The innermost plane of empty sites that touch such atoms and stand clear of all."""
    sites = skin.of("")
    atoms = skin.symbols != ""
    wanted = np.isin(skin.symbols, neighbours)
    touching = (skin.distances[sites][:, wanted] < BOND).any(axis=1)
    clear = (skin.distances[sites][:, atoms] >= CLOSEST).all(axis=1)
    planes = skin.planes(sites[touching & clear])
    if not planes:
        raise RequestError("the bulk lattice offers no free site that touches its faces")
    return planes[-1]


def _coverages(
    skin: Skin, sites: Sites, changed: Callable[[Occupation, int], Occupation], what: str
) -> list[Variant]:
    """One ion after the other, so long as the charge can be balanced.

    Args:
        skin: the slab.
        sites: where ions are added or removed.
        changed: adds or removes one ion.
        what: in words.
    """
    variants: list[Variant] = []
    occupation, left = plain(skin), [int(site) for site in sites]
    while left and len(variants) < MOST_COVERAGES:
        try:
            ways = {site: changed(occupation, site) for site in left}
        except RequestError:
            if not variants:
                raise
            break
        best = lowest(ways.values(), most=1)
        if not best:
            break
        occupation = best[0]
        left = [site for site in left if ways[site] is not occupation]
        variants.append((occupation, f"{len(variants) + 1} {what}, {valence_note(occupation)}"))
    if not variants:
        raise RequestError(f"every such site comes closer than {CLOSEST} Å to another atom")
    return variants
