"""Certificates: what can be worked out by hand, in any cell, from any file, spoiled or not."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.core.surface import SlabGenerator
from pymatgen.io.vasp import Poscar

from lnmo_atoms.builders.charges import with_formal_charges
from lnmo_atoms.builders.coordination import OXYGEN_SHELL, coordination_numbers
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import Flip, certify, check, make_slabs
from lnmo_atoms.builders.slabs.flip import confirmed
from lnmo_atoms.builders.slabs.stoichiometry import bulk_formula, formula_units
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel
from lnmo_atoms.formats import read, write

BULKS = {"LNMO": ordered_spinel(), "LiMn2O4": lithium_manganate()}
CASES = [(name, facet) for name in BULKS for facet in ((1, 0, 0), (1, 1, 0), (1, 1, 1))]


@cache
def slabs(name, facet):
    return make_slabs(BULKS[name], facet, thickness=8.0)


def by_hand(layers, a, spacing, vacuum=12.0):
    """Square layers a by a, each a list of (species, x, y), one above the other."""
    height = spacing * (len(layers) - 1) + vacuum
    sites = [(s, x, y, i * spacing / height) for i, layer in enumerate(layers) for s, x, y in layer]
    return Structure(
        Lattice.tetragonal(a, height), [s for s, *_ in sites], [xyz for _, *xyz in sites]
    )


def caesium_chloride(layers=6, a=4.12):
    """Alternate (100) planes of Cs+ and Cl-, a/2 apart."""
    kinds = [("Cs+", 0.0, 0.0), ("Cl-", 0.5, 0.5)]
    return by_hand([[kinds[i % 2]] for i in range(layers)], a, a / 2)


def magnesia(layers=5, a=4.21):
    """(100) planes of rock salt, two Mg and two O per a²."""
    even = [("Mg2+", 0, 0), ("Mg2+", 0.5, 0.5), ("O2-", 0.5, 0), ("O2-", 0, 0.5)]
    odd = [("O2-", 0, 0), ("O2-", 0.5, 0.5), ("Mg2+", 0.5, 0), ("Mg2+", 0, 0.5)]
    return by_hand([[even, odd][i % 2] for i in range(layers)], a, a / 2)


def numbers(certificate):
    """All that a certificate says but its flip's operation, in one flat form."""
    c = certificate
    return {
        "units": c.formula_units or 0,
        "charge": c.total_charge,
        "dipole": abs(c.dipole),
        "area": c.area,
        "thickness": c.thickness,
        "vacuum": c.vacuum,
        "layers": c.layers,
        "atoms": c.atoms,
        **{f"{e} per nm²": n for e, n in c.atoms_per_area.items()},
        **{f"exposed {e}": n for e, n in c.exposed.items()},
        **{f"{e} lost": float(np.sum(lost)) for e, lost in c.coordination_lost.items()},
        **{f"{e} exposed, both faces": len(lost) for e, lost in c.coordination_lost.items()},
    }


# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pairs", [1, 2, 5])
def test_dipole_of_caesium_chloride(pairs):
    """Every pair of planes ±e per a², a/2 apart, adds e/2a; without oxygen nothing is exposed."""
    certificate = check(caesium_chloride(2 * pairs))
    assert certificate.dipole == pytest.approx(-pairs / (2 * 4.12))
    assert certificate.exposed == certificate.coordination_lost == {}
    assert certificate.excess == {}
    first, second = certificate.problems
    assert first.startswith("faces differ, no operation maps top onto bottom")
    assert second.startswith(f"a dipole of {-pairs / (2 * 4.12):+.3g} e/Å")


def test_one_plane_more_makes_the_faces_equal_but_charged():
    certificate = check(caesium_chloride(7), Composition("CsCl"))
    assert certificate.symmetric
    assert certificate.excess == {"Cs": 1}
    assert certificate.formula_units is None
    assert not certificate.dipole_free
    first, second = certificate.problems
    assert "1 Cs too many" in first
    assert "charged with +1 e" in second


@pytest.mark.parametrize("layers", [3, 4, 5])
def test_rock_salt_100_exposes_a_whole_plane_of_each_ion(layers):
    certificate = check(magnesia(layers))
    assert certificate.problems == ()
    assert certificate.exposed == pytest.approx({"Mg": 2 / 0.421**2, "O": 2 / 0.421**2})
    assert certificate.coordination_lost == {"Mg": (1,) * 4}
    assert certificate.atoms_per_area == pytest.approx(
        {"Mg": 2 * layers / 0.421**2, "O": 2 * layers / 0.421**2}
    )


def test_spinel_100_by_hand():
    """Mn4O8 planes with one of two lithium outside, per a².

    Each of 4 Mn lacks the oxygen above, the lithium 2 of 4; of 8 O 4 lack the Mn above and 2 the
    lithium that is not there.
    """
    a2 = (BULKS["LiMn2O4"].lattice.a / 10) ** 2
    for slab in slabs("LiMn2O4", (1, 0, 0)):
        if "1 of 2 Li" in slab.certificate.changed:
            assert slab.certificate.exposed == pytest.approx(
                {"Li": 1 / a2, "Mn": 4 / a2, "O": 6 / a2}
            )
            repeats = round(slab.certificate.area / 100 / a2 * 2)
            assert slab.certificate.coordination_lost == {
                "Li": (2,) * repeats, "Mn": (1,) * 4 * repeats,
            }  # fmt: skip
            break
    else:
        pytest.fail("no slab with half of the outer lithium")


def test_spinel_111_by_hand():
    """Li–O4–Mn3–O4–Li, per √3a²/4: lithium lacks its apex oxygen, every oxygen one cation."""
    bulk = BULKS["LiMn2O4"]
    a = bulk.lattice.a
    bulk = bulk.copy()
    bulk.make_supercell([[1, -1, 0], [0, 1, -1], [1, 1, 1]])
    height = bulk.lattice.volume / (np.sqrt(3) * a**2)
    z = bulk.frac_coords[:, 2] * height
    planes = [z[i] for i, site in enumerate(bulk) if site.specie.symbol == "Mn"]
    kagome = next(h for h in planes if sum(abs(h - other) < 0.1 for other in planes) == 12)
    near = np.abs((z - kagome + height / 2) % height - height / 2) < 2.1
    matrix = bulk.lattice.matrix.copy()
    coords = bulk.cart_coords + np.outer((z - kagome + height / 2) % height - z, matrix[2] / height)
    matrix[2] *= 1 + 15 / height
    slab = Structure(
        Lattice(matrix),
        [site.specie for site, inside in zip(bulk, near, strict=True) if inside],
        coords[near],
        coords_are_cartesian=True,
        site_properties={"bulk_site": np.flatnonzero(near).tolist()},
    )
    certificate = certify(slab, bulk.composition, coordination=coordination_numbers(bulk))
    per_nm2 = 100 / (np.sqrt(3) / 4 * a**2)
    assert slab.composition.element_composition.formula == "Li8 Mn12 O32"
    assert certificate.exposed == pytest.approx({"Li": per_nm2, "Mn": 0.0, "O": 4 * per_nm2})
    assert certificate.coordination_lost == {"Li": (1,) * 8, "Mn": ()}
    assert certificate.excess == {"Mn": -4}
    assert certificate.symmetric


@pytest.mark.parametrize("facet", [(1, 0, 0), (1, 1, 0), (1, 1, 1)])
def test_dipoles_of_pymatgens_own_slabs(facet):
    """Cut at a plane, with c leaning: the dipole that pymatgen works out itself."""
    bulk = BULKS["LiMn2O4"]
    for theirs in SlabGenerator(bulk, facet, 10, 15).get_slabs():
        certificate = check(Structure.from_sites(theirs.sites))
        dipole = theirs.dipole @ theirs.normal / theirs.surface_area
        assert certificate.dipole == pytest.approx(dipole, abs=1e-9)
        assert certificate.symmetric == theirs.is_symmetric()
        assert certificate.area == pytest.approx(theirs.surface_area)


# --- the bulk's coordination ---------------------------------------------------------------------


def bonds(structure, i):
    """Neighbours of the other kind, oxygen against the rest."""
    near = structure.get_neighbors(structure[i], OXYGEN_SHELL)
    own = structure[i].specie.symbol == "O"
    return sum((n.specie.symbol == "O") != own for n in near)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_middle_of_a_slab_stands_for_the_bulk(case):
    """Known or looked up in the slab: the same exposed ions, and those of a brute-force count."""
    bulk = BULKS[case[0]]
    for slab in slabs(*case):
        known = certify(slab.structure, bulk.composition, coordination=coordination_numbers(bulk))
        assert known.exposed == slab.certificate.exposed
        assert known.coordination_lost == slab.certificate.coordination_lost
        s = slab.structure
        symbols = np.array([site.specie.symbol for site in s])
        found = np.array([bonds(s, i) for i in range(len(s))])
        whole = {"Li": 4, "Mn": 6, "Ni": 6, "O": 4}
        for element, density in known.exposed.items():
            fewer = found[symbols == element] < whole[element]
            assert density * known.area / 100 * 2 == pytest.approx(fewer.sum())
            if element != "O":
                lost = (whole[element] - found[symbols == element])[fewer]
                assert known.coordination_lost[element] == tuple(sorted(lost))


# --- any cell, any file --------------------------------------------------------------------------

CELLS = {
    "as built": np.eye(3, dtype=int),
    "left-handed": np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
    "c downwards": np.diag([1, 1, -1]),
    "skewed in the plane": np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
}


def moved(structure, cell, shift, order):
    """The same slab in another cell of the same lattice, shifted, each atom in any image."""
    coords = structure.frac_coords @ np.linalg.inv(cell) + [0.1, 0.2, shift]
    coords = coords % 1.0 + np.outer(order, [1, 2, 4]) % 3 - 1
    return Structure(
        Lattice(cell @ structure.lattice.matrix),
        [structure[i].specie for i in order],
        coords[order],
        site_properties={n: [v[i] for i in order] for n, v in structure.site_properties.items()},
    )


@settings(max_examples=25, deadline=None)
@given(
    case=st.sampled_from(CASES),
    cell=st.sampled_from(sorted(CELLS)),
    shift=st.floats(0, 1),
    data=st.data(),
)
def test_a_file_in_any_cell_gives_the_same_certificate(tmp_path_factory, case, cell, shift, data):
    slab = data.draw(st.sampled_from(slabs(*case)))
    suffix = data.draw(st.sampled_from(["vasp", "cif"]))
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(slab.structure))
    path = tmp_path_factory.mktemp("certificate") / f"slab.{suffix}"
    write(moved(slab.structure, CELLS[cell], shift, [int(i) for i in order]), path)
    again = check(read(path))
    assert numbers(again) == pytest.approx(numbers(slab.certificate), rel=1e-6, abs=1e-6)
    assert again.problems == ()
    assert again.flip.name == slab.certificate.flip.name
    assert again.flip.residual < 1e-6


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_leaning_c_is_the_only_thing_wrong(case):
    """The vacuum's images shifted by half a vector: the slab itself is as symmetric as before."""
    slab = slabs(*case)[0]
    matrix = slab.structure.lattice.matrix.copy()
    shift = (matrix[0] + matrix[1]) / 3
    matrix[2] += shift
    leaning = Structure(
        Lattice(matrix), slab.structure.species, slab.structure.cart_coords + np.array([0, 0, 9]),
        coords_are_cartesian=True, to_unit_cell=True,
        site_properties=slab.structure.site_properties,
    )  # fmt: skip
    certificate = check(leaning)
    angle = np.degrees(np.arctan(np.linalg.norm(shift) / matrix[2, 2]))
    assert certificate.tilt == pytest.approx(angle)
    assert numbers(certificate) == pytest.approx(numbers(slab.certificate), rel=1e-6, abs=1e-6)
    (problem,) = certificate.problems
    assert problem.startswith(f"c leans {angle:.2f}° off the normal")


def test_magnetic_order_and_constraints_follow_the_atoms_into_a_poscar(tmp_path):
    """Atoms in any order: MAGMOM and selective dynamics stay with their positions."""
    slab = slabs("LNMO", (1, 1, 0))[0].structure
    order = [int(i) for i in np.random.default_rng(5).permutation(len(slab))]
    mixed = moved(slab, np.eye(3), 0.0, order)
    free = [[bool(z > 0.5), bool(z > 0.4), True] for z in mixed.frac_coords[:, 2]]
    mixed.add_site_property("selective_dynamics", free)
    write(mixed, tmp_path / "POSCAR")
    theirs = Poscar.from_file(str(tmp_path / "POSCAR")).structure
    ours = read(tmp_path / "POSCAR")
    for back in (ours, theirs):
        place = mixed.lattice.get_all_distances(back.frac_coords, mixed.frac_coords).argmin(axis=1)
        assert sorted(place) == list(range(len(mixed)))
        for site, i in zip(back, place, strict=True):
            assert site.specie.symbol == mixed[int(i)].specie.symbol
            assert list(site.properties["selective_dynamics"]) == free[int(i)]
            if back is ours:
                assert site.properties["magmom"] == mixed[int(i)].properties["magmom"]


# --- spoiled slabs -------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(case=st.sampled_from(CASES), data=st.data())
def test_an_atom_moved_along_the_normal_is_told(case, data):
    """The dipole of one charge moved by δ is qδ/A."""
    slab = data.draw(st.sampled_from(slabs(*case)))
    i = data.draw(st.integers(0, len(slab.structure) - 1))
    spoiled = slab.structure.copy()
    spoiled.translate_sites([i], [0, 0, 0.1], frac_coords=False)
    certificate = check(spoiled)
    dipole = 0.1 * spoiled[i].specie.oxi_state / certificate.area
    assert certificate.dipole == pytest.approx(dipole, abs=1e-9)
    assert not certificate.symmetric
    assert not certificate.dipole_free
    first, second = certificate.problems
    assert first.startswith("faces differ, the ")
    assert "only within 0.100 Å" in first or "only within 0.200 Å" in first
    assert second.startswith(f"a dipole of {dipole:+.3g} e/Å")


@settings(max_examples=15, deadline=None)
@given(case=st.sampled_from(CASES), data=st.data())
def test_a_lost_atom_is_named(case, data):
    slab = data.draw(st.sampled_from(slabs(*case)))
    i = data.draw(st.integers(0, len(slab.structure) - 1))
    lost = slab.structure[i].specie
    spoiled = slab.structure.copy()
    spoiled.remove_sites([i])
    certificate = check(spoiled)
    assert certificate.excess == {lost.symbol: -1}
    assert certificate.total_charge == pytest.approx(-lost.oxi_state)
    assert f"1 {lost.symbol} missing" in certificate.problems[0]
    assert f"charged with {-lost.oxi_state:+g} e" in certificate.problems[1]


def test_swapped_species_are_told():
    """Ni on one face for Mn: stoichiometric and neutral, but the faces differ, with a dipole."""
    slab = slabs("LNMO", (1, 0, 0))[0]
    s = slab.structure
    z = s.cart_coords[:, 2]
    kinds = [site.specie.symbol for site in s]
    m = max((i for i, k in enumerate(kinds) if k == "Mn"), key=lambda i: z[i])
    n = min((i for i, k in enumerate(kinds) if k == "Ni"), key=lambda i: z[i])
    order = list(range(len(s)))
    order[m], order[n] = n, m
    spoiled = Structure(s.lattice, [s[i].specie for i in order], s.frac_coords)
    certificate = check(spoiled)
    assert certificate.stoichiometric
    assert certificate.neutral
    assert certificate.dipole == pytest.approx(2 * (z[n] - z[m]) / certificate.area)
    assert [p.split(",")[0].split(" of")[0] for p in certificate.problems] == [
        "faces differ", "a dipole",
    ]  # fmt: skip


def test_a_turned_moment_makes_faces_differ():
    slab = slabs("LNMO", (1, 0, 0))[0]
    spoiled = slab.structure.copy()
    moments = list(spoiled.site_properties["magmom"])
    top = int(np.argmax(spoiled.cart_coords[:, 2] * (np.array(moments) > 0)))
    moments[top] *= -1
    spoiled.add_site_property("magmom", moments)
    certificate = check(spoiled)
    assert not certificate.symmetric
    assert certificate.dipole_free
    assert len(certificate.problems) == 1


# --- a flip that the caller believes in ----------------------------------------------------------


def shifted(flip, x, z):
    return replace(flip, translation=flip.translation + np.array([x, 0, z]))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_believed_flip_is_measured_not_trusted(case):
    slab = slabs(*case)[0]
    s, bulk, flip = slab.structure, BULKS[case[0]].composition, slab.certificate.flip
    assert certify(s, bulk, flip=replace(flip, residual=9.0)).flip.residual < 1e-9
    nudged = shifted(flip, 0, 5e-4 / s.lattice.c)
    assert certify(s, bulk, flip=nudged).flip.residual == pytest.approx(5e-4)
    upside = np.diag([1, 1, -1]) @ flip.rotation
    for wrong in (
        shifted(flip, 0.03, 0),
        shifted(flip, 0, 0.1),
        replace(flip, rotation=upside),
        replace(flip, rotation=np.array([[1, 1, 0], [0, 1, 0], [0, 0, -1]]) @ flip.rotation),
    ):
        assert confirmed(s, wrong) is None
        assert certify(s, bulk, flip=wrong).flip.residual < 1e-9
    spoiled = s.copy()
    spoiled.translate_sites([0], [0, 0, 0.1], frac_coords=False)
    assert confirmed(spoiled, flip) is None
    charges = s.copy()
    charges.replace_species({"Li+": "Na+"})
    assert confirmed(charges, flip) is not None
    charges.replace(0, "Li+", properties=charges[0].properties)
    assert confirmed(charges, flip) is None


def test_a_flip_must_turn_the_slab_over_and_keep_lengths():
    """A diagonal two-fold axis maps the square slab; in a rectangle it maps atoms, not lengths."""
    square = magnesia()
    axis = Flip(
        "two-fold axis", np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]]),
        np.array([0, 0, square.frac_coords[:, 2].max()]), 0.0,
    )  # fmt: skip
    assert confirmed(square, axis).residual < 1e-9
    rectangle = Structure(
        Lattice(square.lattice.matrix * [[1.1], [1], [1]]), square.species, square.frac_coords
    )
    assert confirmed(rectangle, axis) is None
    assert confirmed(square, replace(axis, rotation=np.eye(3), translation=np.zeros(3))) is None


# --- stoichiometry -------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    counts=st.fixed_dictionaries({e: st.integers(0, 40) for e in ("Li", "Mn", "Ni", "O")}),
    formula=st.sampled_from(["LiMn2O4", "Li2Mn3NiO8", "LiNi0.5Mn1.5O4", "MnO"]),
)
def test_excess_is_the_least_of_all(counts, formula):
    bulk = Composition(formula)
    unit = Composition(bulk.get_integer_formula_and_factor()[0]).as_dict()
    units, excess = formula_units(counts, bulk)

    def beyond(n):
        return sum(abs(c - n * unit.get(e, 0)) for e, c in counts.items())

    assert units == min(range(60), key=lambda n: (beyond(n), n))
    assert sum(map(abs, excess.values())) == beyond(units)
    assert all(counts[e] - units * unit.get(e, 0) == n for e, n in excess.items())


@pytest.mark.parametrize(
    ("content", "formula", "said"),
    [
        ("Li20Mn30Ni10O80", "Li2Mn3NiO8", False),
        ("Li20Mn40O80", "LiMn2O4", False),
        ("Li20Mn36Ni4O80", "Li5Mn9NiO20", False),
        ("Li19Mn30Ni10O80", "Li2Mn3NiO8", True),
        ("Li20Mn39O80", "LiMn2O4", True),
        ("Mg18O18", "MgO", False),
        ("Mg18O17", "Mg18O17", True),
        ("Cu7", "Cu", False),
    ],
)
def test_the_bulk_formula_that_a_slab_tells(content, formula, said, caplog):
    assert bulk_formula(Composition(content)).reduced_formula == formula
    assert bool(caplog.text) is said


def test_charges_of_a_spoiled_slab_are_those_of_its_bulk():
    """Without one Li its Mn would need more than 4+; balanced against the bulk it lacks +1 e."""
    bare = slabs("LNMO", (1, 0, 0))[0].structure.copy()
    bare.remove_oxidation_states()
    bare.remove_sites([0])
    with pytest.raises(RequestError, match="valence"):
        with_formal_charges(bare)
    assert check(with_formal_charges(bare, Composition("Li2Mn3NiO8"))).total_charge == -1


# --- no slabs ------------------------------------------------------------------------------------


def test_what_is_no_slab_is_refused():
    slab = slabs("LNMO", (1, 0, 0))[0].structure
    across = Structure(
        Lattice(slab.lattice.matrix[[2, 0, 1]]), slab.species, slab.frac_coords[:, [2, 0, 1]]
    )
    wire = Structure(
        Lattice(slab.lattice.matrix * [[3], [1], [1]]), slab.species, slab.frac_coords / [3, 1, 1]
    )
    partial = slab.copy()
    partial.replace_species({"Ni2+": {"Ni2+": 0.5, "Mn4+": 0.5}})
    for structure, hint in (
        (BULKS["LNMO"], "no slab"),
        (across, "its vacuum is not along c"),
        (wire, "wire or a molecule"),
        (partial, "partially occupied"),
    ):
        with pytest.raises(RequestError, match=hint):
            check(structure)


def test_a_bulk_given_for_a_slab_has_no_vacuum():
    certificate = certify(BULKS["LNMO"], BULKS["LNMO"].composition)
    assert any(p.startswith("no vacuum, the widest gap") for p in certificate.problems)
