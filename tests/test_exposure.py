import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from synthetic import cut, plain_slab, slab

from lnmo_atoms.analyzers.exposure import exposed_cations
from lnmo_atoms.builders.coordination import coordination_numbers
from lnmo_atoms.builders.slabs import Slab
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel


def rock_salt(cation="Mn", a=4.44):
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), [f"{cation}2+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def by_symbol(structure, counts):
    return {
        symbol: {
            int(n)
            for n, site in zip(counts, structure, strict=True)
            if site.specie.symbol == symbol
        }
        for symbol in {site.specie.symbol for site in structure}
    }


@pytest.mark.parametrize("scale", [0.94, 1.0, 1.1])
def test_bulk_coordination_is_that_of_a_spinel(scale):
    """Li has four oxygen neighbours, Ni and Mn six, O four cations, also when stretched."""
    ordered, manganate = ordered_spinel(8.2 * scale), lithium_manganate(8.3 * scale)
    assert by_symbol(ordered, coordination_numbers(ordered)) == {
        "Li": {4}, "Ni": {6}, "Mn": {6}, "O": {4},
    }  # fmt: skip
    assert by_symbol(manganate, coordination_numbers(manganate)) == {"Li": {4}, "Mn": {6}, "O": {4}}


def test_coordination_survives_a_surface_relaxation():
    structure = ordered_spinel(8.312)
    before = coordination_numbers(structure)
    structure.perturb(0.15)
    assert (coordination_numbers(structure) == before).all()


def test_rock_salt_100_by_hand():
    """Every metal atom of the (100) face of MnO lacks one of six neighbours; two per a²."""
    found = exposed_cations(slab((1, 0, 0), bulk=rock_salt()))
    for face in found:
        assert face.density["Mn"] == pytest.approx(2 / 0.444**2)
        assert face.missing["Mn"] == pytest.approx(1)
        assert face.density["Li"] == face.missing["Li"] == face.density["Ni"] == 0


def test_rock_salt_111_by_hand():
    """A (111) cut ends in a metal plane that lacks three of six, and an oxygen plane."""
    top, bottom = exposed_cations(slab((1, 1, 1), bulk=rock_salt()))
    metal, oxygen = sorted((top, bottom), key=lambda face: -face.density["Mn"])
    assert metal.density["Mn"] == pytest.approx(4 / np.sqrt(3) / 0.444**2)
    assert metal.missing["Mn"] == pytest.approx(3)
    assert oxygen.density["Mn"] == 0


def test_other_cations_are_reported_too():
    top, _ = exposed_cations(slab((1, 0, 0), bulk=rock_salt("Co", 4.26)))
    assert list(top.density) == ["Li", "Mn", "Ni", "Co"]
    assert top.density["Co"] > 0


def test_a_metal_exposes_none():
    for face in exposed_cations(plain_slab((1, 1, 1))):
        assert set(face.density.values()) == set(face.missing.values()) == {0}


def test_missing_neighbours_add_up_to_the_cut_bonds():
    """Bonds cut = half of what all ions lose, for each had an end on a cation and one on oxygen."""
    bulk = ordered_spinel()
    structure = cut(bulk, (1, 1, 0))
    one = slab((1, 1, 0), bulk=bulk)
    in_bulk = np.array(one.bulk_coordination)[structure.site_properties["bulk_site"]]
    lost = (in_bulk - coordination_numbers(structure)).sum() / 2
    area = one.certificate.area / 100
    assert lost == pytest.approx(
        sum(
            face.density[c] * face.missing[c] * area
            for face in exposed_cations(one)
            for c in face.density
        )
    )


def test_turning_a_slab_over_swaps_its_faces():
    one = slab((1, 1, 1))
    turned = one.structure.copy()
    for i, xyz in enumerate(one.structure.frac_coords):
        turned.translate_sites([i], -2 * (xyz - 0.5), to_unit_cell=False)
    over = Slab(turned, one.facet, "b", one.certificate, one.bulk_coordination)
    top, bottom = exposed_cations(one)
    assert exposed_cations(over) == (bottom, top)
    assert top != bottom
