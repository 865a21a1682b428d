"""Reconstructed slabs are what their names say, alike on both faces, and charge-balanced."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Species, Structure
from pymatgen.core.surface import Slab as ReferenceSlab

from lnmo_atoms.builders.charges import formal_moment
from lnmo_atoms.builders.coordination import coordination_numbers
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import certify, make_slabs
from lnmo_atoms.builders.slabs.reconstructions import KINDS, reconstruct, reconstructions
from lnmo_atoms.builders.slabs.reconstructions.half_lithium import half_lithium
from lnmo_atoms.builders.slabs.reconstructions.occupation import plain
from lnmo_atoms.builders.slabs.reconstructions.oxygen_vacancy import (
    oxygen_vacancies,
    surface_oxygen,
)
from lnmo_atoms.builders.slabs.reconstructions.skin import skin_of
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel

LOW_INDEX = [(1, 0, 0), (1, 1, 0), (1, 1, 1)]
BULKS = {"LNMO": ordered_spinel(), "LiMn2O4": lithium_manganate()}
STOICHIOMETRIC = {"exchanged", "half-lithium", "rock-salt", "nickel-rich", "nickel-poor"}


def plain_slabs(name, facet, thickness=12.0):
    """One slab of each cut, at most three; others differ in the choice of surface atoms alone."""
    slabs = make_slabs(BULKS[name], facet, thickness)
    distinct = {(s.certificate.changed, len(s.structure)): s for s in reversed(slabs)}
    return sorted(distinct.values(), key=lambda slab: len(slab.structure))[:3]


@pytest.fixture(scope="module", params=list(itertools.product(BULKS, LOW_INDEX)), ids=str)
def case(request):
    """Plain slabs of one facet, each with all its reconstructions."""
    return [(slab, reconstructions(slab)) for slab in plain_slabs(*request.param)]


def variants(case, *kinds):
    """(plain, reconstructed) of these kinds."""
    return [
        (slab, made)
        for slab, found in case
        for made in found
        if any(made.termination.startswith(f"{slab.termination}-{kind}") for kind in kinds)
    ]


def counts(structure):
    return Counter(site.specie.symbol for site in structure)


def gained(slab, made):
    """Change of composition per face."""
    before, after = counts(slab.structure), counts(made.structure)
    return {s: (after[s] - before[s]) / 2 for s in before if after[s] != before[s]}


def positions(structure, mask=None):
    """In-plane fractions and Å above the middle: vacuum apart, where atoms are."""
    coords = structure.frac_coords if mask is None else structure.frac_coords[mask]
    heights = (coords[:, 2] - 0.5) * structure.lattice.c
    in_plane = np.round(coords[:, :2] % 1.0, 4) % 1.0
    return {(*c, round(float(z), 3) + 0.0) for c, z in zip(in_plane.tolist(), heights, strict=True)}


def positions_of(structure, symbol):
    return positions(structure, [i for i, s in enumerate(structure) if s.specie.symbol == symbol])


def test_every_facet_has_reconstructions_of_most_kinds(case):
    found = {k for slab, made in case for m in made for k in KINDS if f"-{k}" in m.termination}
    assert {"mn3o4", "rock-salt", "oxygen-vacancy", "li-poor", "o-poor", "o-rich"} <= found


def test_certificates_hold(case):
    for slab, found in case:
        for made in found:
            certificate = made.certificate
            assert certificate.symmetric, made.name
            assert certificate.dipole_free, made.name
            assert certificate.total_charge == pytest.approx(0, abs=1e-9)
            again = certify(made.structure, slab.structure.composition)
            assert again.symmetric
            assert again.dipole_free
            assert certificate.vacuum == pytest.approx(
                made.structure.lattice.c - np.ptp(made.structure.cart_coords[:, 2])
            )


def test_pymatgen_agrees_that_nothing_is_polar(case):
    for _, found in case:
        for made in found:
            s = made.structure
            referee = ReferenceSlab(
                s.lattice, s.species, s.frac_coords, made.facet, s, 0, np.eye(3),
                reorient_lattice=False,
            )  # fmt: skip
            assert abs(sum(site.specie.oxi_state for site in s)) < 1e-9
            assert not referee.is_polar(tol_dipole_per_unit_area=1e-6)
            if made.certificate.flip.name == "inversion":
                assert referee.is_symmetric()


def test_atoms_keep_their_distance_and_their_bulk_site(case):
    for slab, found in case:
        sites = set(slab.structure.site_properties["bulk_site"])
        for made in found:
            distances = made.structure.distance_matrix
            np.fill_diagonal(distances, np.inf)
            assert distances.min() >= 1.6
            assert set(made.structure.site_properties["bulk_site"]) <= sites


def test_composition_changes_as_named(case):
    signs = {"rich": 1, "poor": -1}
    for slab, found in case:
        for made in found:
            kind = next(k for k in KINDS if made.termination.startswith(f"{slab.termination}-{k}"))
            change = gained(slab, made)
            if kind in STOICHIOMETRIC:
                assert not change
                assert made.certificate.stoichiometric
            elif kind == "oxygen-vacancy":
                assert change == {"O": -1}
            elif kind == "mn3o4":
                assert set(change) == {"Li", "Mn"}
                assert change["Mn"] == -change["Li"] > 0
            else:
                symbol, way = kind.split("-")
                last = made.termination.rpartition("-")[2]
                step = int(last) if last.isdigit() else 1
                assert change == {symbol.capitalize(): signs[way] * step}


def test_moments_follow_the_valences(case):
    """Every ion carries its spin-only moment, so the net moment changes as the valences do."""
    for slab, found in case:
        before = Counter(site.specie for site in slab.structure)
        for made in found:
            moments = made.structure.site_properties["magmom"]
            for site, moment in zip(made.structure, moments, strict=True):
                assert moment == pytest.approx(formal_moment(site.specie))
            after = Counter(site.specie for site in made.structure)
            expected = sum(
                formal_moment(ion) * (after[ion] - before[ion]) for ion in before | after
            )
            change = sum(moments) - sum(slab.structure.site_properties["magmom"])
            assert change == pytest.approx(expected)


def test_net_moment_of_named_changes(case):
    """High-spin Mn gains 1 μB for each electron, and Mn2+ has 5; Ni2+ and Ni3+ lose theirs."""
    for slab, made in variants(case, "oxygen-vacancy", "mn3o4", "exchanged", "rock-salt"):
        change = sum(made.structure.site_properties["magmom"]) - sum(
            slab.structure.site_properties["magmom"]
        )
        replaced = 2 * gained(slab, made).get("Mn", 0)
        electrons = 4 if "oxygen" in made.termination else replaced
        assert change == pytest.approx(5 * replaced + electrons)


def test_new_valences_are_those_of_the_elements(case):
    allowed = {"Li": (1, 1), "O": (-2, -2), "Mn": (2, 4), "Ni": (2, 4)}
    for slab, found in case:
        for made in found:
            for site in made.structure:
                least, largest = allowed[site.specie.symbol]
                assert least <= site.specie.oxi_state <= largest
            if "mn3o4" not in made.termination:
                assert not made.structure.composition.get("Mn2+")
            assert not slab.structure.composition.get("Mn2+")


def test_manganese_of_mn3o4_sits_in_oxygen_tetrahedra(case):
    found = variants(case, "mn3o4")
    assert found
    for slab, made in found:
        coordination = coordination_numbers(made.structure)
        new = [i for i, s in enumerate(made.structure) if s.specie == Species("Mn", 2)]
        assert len(new) == 2 * gained(slab, made)["Mn"]
        assert all(coordination[i] == 4 for i in new)
        lithium = {s.properties["bulk_site"] for s in slab.structure if s.specie.symbol == "Li"}
        assert all(made.structure[i].properties["bulk_site"] in lithium for i in new)


def test_rock_salt_lithium_is_octahedral_and_touches_no_tetrahedral_lithium(case):
    found = variants(case, "rock-salt")
    assert found
    for slab, made in found:
        s, coordination = made.structure, coordination_numbers(made.structure)
        old = positions(slab.structure)
        moved = [i for i in range(len(s)) if not positions(s, [i]) <= old]
        assert moved
        assert all(s[i].specie.symbol == "Li" and coordination[i] > 4 for i in moved)
        lithium = [i for i, site in enumerate(s) if site.specie.symbol == "Li"]
        for i in moved:
            others = [s.get_distance(i, j) for j in lithium if j != i]
            assert min(others) > 2.5


def test_nickel_kinds_move_nickel_out_and_in(case):
    for slab, made in variants(case, "nickel-rich", "nickel-poor"):

        def depth_of_nickel(structure):
            z = abs(structure.cart_coords[:, 2] - structure.lattice.c / 2)
            return sum(z[i] for i, s in enumerate(structure) if s.specie.symbol == "Ni")

        outward = depth_of_nickel(made.structure) - depth_of_nickel(slab.structure)
        assert (outward > 0) == ("rich" in made.termination)
        assert positions(made.structure) == positions(slab.structure)


def test_exchanging_manganese_alone_leaves_nickel(case):
    """Where Ni shares the outermost plane there are two variants, and one keeps Ni in place."""
    for slab, _ in case:
        z = slab.structure.cart_coords[:, 2]
        top = {s.specie.symbol for s, h in zip(slab.structure, z, strict=True) if h > z.max() - 0.4}
        try:
            made = reconstruct(slab, "exchanged")
        except RequestError:
            continue
        assert len(made) == (2 if {"Mn", "Ni"} <= top else 1)
        if len(made) == 2:
            where = positions_of(slab.structure, "Ni")
            stay = [positions_of(m.structure, "Ni") == where for m in made]
            assert sorted(stay) == [False, True]


@pytest.mark.parametrize("facet", LOW_INDEX, ids=str)
def test_vacancies_are_as_many_as_brute_force_finds(facet):
    """Every surface oxygen and its partner removed, the slabs grouped by pymatgen."""
    slab = plain_slabs("LiMn2O4", facet)[0]
    skin = skin_of(slab.structure)
    bare = [plain(skin).emptied([site]).structure() for site in surface_oxygen(skin)]
    matcher = StructureMatcher(
        ltol=1e-3, stol=1e-3, angle_tol=0.01, primitive_cell=False, scale=False
    )
    assert len(oxygen_vacancies(skin)) == len(matcher.group_structures(bare))


def test_electrons_of_a_vacancy_go_to_the_nearest_manganese():
    """In ordered LNMO the two Mn4+ beside the vacancy become Mn3+, on each face."""
    for slab in plain_slabs("LNMO", (1, 0, 0)):
        for made in reconstruct(slab, "oxygen-vacancy"):
            s, before = made.structure, slab.structure
            lost = [
                i
                for i, site in enumerate(before)
                if site.specie.symbol == "O" and not positions(before, [i]) <= positions(s)
            ]
            reduced = [i for i, site in enumerate(s) if site.specie == Species("Mn", 3)]
            assert len(lost) == 2
            assert len(reduced) == 4
            manganese = [i for i, site in enumerate(s) if site.specie.symbol == "Mn"]
            from_void = s.lattice.get_all_distances(
                before.frac_coords[lost], s.frac_coords[manganese]
            )
            nearest = {round(d, 2) for row in np.sort(from_void, axis=1) for d in row[:2]}
            taken = s.lattice.get_all_distances(before.frac_coords[lost], s.frac_coords[reduced])
            assert {round(d, 2) for d in taken.min(axis=0)} <= nearest


def test_lattice_goes_on_above_the_face():
    """Added ions stand where a thicker slab has the same element, seen from the ions below."""
    bulk = BULKS["LNMO"]
    for kind, symbol in (("li-rich", "Li"), ("o-rich", "O")):
        for slab in plain_slabs("LNMO", (1, 0, 0)):
            for made in reconstruct(slab, kind)[:1]:
                old = positions(slab.structure)
                for i, site in enumerate(made.structure):
                    if positions(made.structure, [i]) <= old:
                        continue
                    assert site.specie.symbol == symbol
                    here = {
                        (n.species_string[:2], round(n.nn_distance, 3))
                        for n in made.structure.get_neighbors(site, 3.0)
                    }
                    origin = bulk[site.properties["bulk_site"]]
                    there = {
                        (n.species_string[:2], round(n.nn_distance, 3))
                        for n in bulk.get_neighbors(origin, 3.0)
                    }
                    assert here
                    assert here <= there


def outermost(structure):
    z = structure.cart_coords[:, 2]
    return [structure[int(i)].specie.symbol for i in np.flatnonzero(z > z.max() - 0.4)]


def test_half_lithium_empties_a_full_layer_where_lithium_is_missing_below():
    """A spinel full of lithium has no free octahedron; a vacancy in the next layer is a place."""
    slab = next(s for s in plain_slabs("LNMO", (1, 0, 0)) if "1 of 2 Li+" in s.certificate.changed)
    full = reconstruct(slab, "li-rich")[0].structure
    assert outermost(full) == ["Li", "Li"]
    with pytest.raises(RequestError, match="without Li beside it"):
        half_lithium(skin_of(full))
    skin = skin_of(full)
    vacant = plain(skin).emptied(skin.planes(skin.of("Li"))[1][:1]).structure()
    made = half_lithium(skin_of(vacant))
    assert made
    for occupation, _ in made:
        assert counts(occupation.structure()) == counts(vacant)
        assert outermost(occupation.structure()) == ["Li"]


def test_half_lithium_fills_half_of_an_empty_layer():
    """The Li-poor (100) face has no outer lithium; one of the two below comes up."""
    slab = next(s for s in plain_slabs("LNMO", (1, 0, 0)) if "1 of 2 Li+" in s.certificate.changed)
    bare = reconstruct(slab, "li-poor")[0].structure
    assert "Li" not in outermost(bare)
    made = half_lithium(skin_of(bare))
    assert made
    for occupation, _ in made:
        half = occupation.structure()
        assert counts(half) == counts(bare)
        assert outermost(half) == ["Li"]
        assert len(positions_of(half, "Li") - positions_of(bare, "Li")) == 2


def test_half_lithium_is_what_100_has_already():
    for name in BULKS:
        slab = next(s for s in plain_slabs(name, (1, 0, 0)) if "of 2 Li+" in s.certificate.changed)
        with pytest.raises(RequestError, match="half full as it is cut"):
            reconstruct(slab, "half-lithium")


def test_variants_are_named_apart_and_ranked(case):
    for _, found in case:
        names = [made.name for made in found]
        assert len(set(names)) == len(names)
        assert all(len([n for n in names if f"-{k}" in n]) <= 4 for k in KINDS)


def test_wrong_requests_say_why():
    slab = plain_slabs("LiMn2O4", (1, 1, 1))[0]
    with pytest.raises(RequestError, match="is no reconstruction: ask for one of exchanged"):
        reconstruct(slab, "missing-row")
    with pytest.raises(RequestError, match="has no nickel-rich reconstruction: it has no"):
        reconstruct(slab, "nickel-rich")
    with pytest.raises(RequestError, match="reconstructed already: start from a"):
        reconstruct(replace(slab, termination="a-rock-salt"), "mn3o4")
    bare = slab.structure.copy()
    bare.remove_oxidation_states()
    with pytest.raises(RequestError, match="no oxidation states"):
        reconstruct(replace(slab, structure=bare), "mn3o4")


def test_a_crystal_without_lithium_or_manganese_has_vacancies_at_most():
    magnesia = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.21), ["Mg2+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    slab = make_slabs(magnesia, (1, 0, 0))[0]
    assert reconstructions(slab) == []
    with pytest.raises(RequestError, match="cannot take up the electrons"):
        reconstruct(slab, "oxygen-vacancy")


@pytest.mark.parametrize(("valence", "moment"), [(2, 5), (3, 4), (3.25, 3.75), (3.5, 3.5), (4, 3)])
def test_high_spin_manganese_has_one_moment_for_each_d_electron(valence, moment):
    assert formal_moment(Species("Mn", valence)) == pytest.approx(moment)


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(sorted(BULKS)),
    st.sampled_from(LOW_INDEX[:2]),
    st.sampled_from(sorted(KINDS)),
    st.floats(9.0, 16.0),
)
def test_whatever_is_asked_is_certified_or_refused(name, facet, kind, thickness):
    slab = plain_slabs(name, facet, thickness)[0]
    try:
        made = reconstruct(slab, kind)
    except RequestError as error:
        assert f"has no {kind} reconstruction" in str(error)  # noqa: PT017
        return
    assert 1 <= len(made) <= 4
    for new in made:
        assert new.certificate.symmetric
        assert new.certificate.dipole_free
        assert new.certificate.changed.startswith(slab.certificate.changed)
        assert new.certificate.thickness_asked == thickness


def test_vacuum_stays_what_was_asked(case):
    """Rock-salt skins are thinner than the slab as cut, Li-rich ones thicker."""
    for slab, found in case:
        for made in found:
            assert made.certificate.vacuum == pytest.approx(slab.certificate.vacuum)
