"""One oxygen missing on each face, its two electrons on the manganese beside it."""

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.reconstructions.occupation import Occupation, Variant, lowest, plain
from lnmo_atoms.builders.slabs.reconstructions.skin import Sites, Skin
from lnmo_atoms.builders.slabs.reconstructions.valence import reduced, valence_note


def oxygen_vacancies(skin: Skin) -> list[Variant]:
    """Every symmetry-distinct surface oxygen removed, O2- → ½ O2 + 2 e, on both faces at once.

    Raises:
        RequestError: where there is no oxygen, or no Mn above 3+ to take up the electrons.
    """
    distinct = _distinct(skin, surface_oxygen(skin))
    vacancies = lowest(without_oxygen(plain(skin), site) for site in distinct)
    return [(vacancy, f"1 O per face removed, {valence_note(vacancy)}") for vacancy in vacancies]


def without_oxygen(occupation: Occupation, site: int) -> Occupation:
    """One oxygen less per face, its electrons on the nearest metals.

    Raises:
        RequestError: where no metal takes up the electrons.
    """
    return reduced(occupation.emptied([site]), site, 2.0)


def surface_oxygen(skin: Skin) -> Sites:
    """The outermost plane of oxygen.

    Raises:
        RequestError: where there is none.
    """
    planes = skin.planes(skin.of("O"))
    if not planes:
        raise RequestError("it holds no oxygen")
    return planes[0]


def _distinct(skin: Skin, sites: Sites) -> list[int]:
    """One site of each set that give, with their partners, the same slab by symmetry."""
    kept: dict[int, Occupation] = {}
    for site in map(int, sites):
        vacancy = plain(skin).emptied([site])
        if not any(vacancy.same_as(other) for other in kept.values()):
            kept[site] = vacancy
    return list(kept)
