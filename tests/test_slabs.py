"""Slabs are what their certificates say, and pymatgen agrees."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from pymatgen.core.surface import Slab as ReferenceSlab

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import certify, check, distinct_facets, make_slabs
from lnmo_atoms.builders.slabs.orientation import enlarge, orient
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.builders.symmetry import symmetry_operations

LOW_INDEX = [(1, 0, 0), (1, 1, 0), (1, 1, 1)]
BULKS = {"LNMO": ordered_spinel(), "LiMn2O4": lithium_manganate()}


OTHERS = {
    "MgO": Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.21), ["Mg2+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ),
    "TiO2": Structure.from_spacegroup(
        "P4_2/mnm",
        Lattice.tetragonal(4.594, 2.959),
        ["Ti4+", "O2-"],
        [[0, 0, 0], [0.305, 0.305, 0]],
    ),
    "ZnO": Structure.from_spacegroup(
        "P6_3mc",
        Lattice.hexagonal(3.25, 5.2),
        ["Zn2+", "O2-"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
    ),
}


def copper(a=3.6):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["Cu"], [[0, 0, 0]])


def referee(slab):
    """The same slab in pymatgen's hands."""
    s = slab.structure
    return ReferenceSlab(
        s.lattice, s.species, s.frac_coords, slab.facet, s, 0, np.eye(3), reorient_lattice=False
    )


@pytest.fixture(scope="module", params=list(itertools.product(BULKS, LOW_INDEX)), ids=str)
def case(request):
    name, facet = request.param
    return BULKS[name], facet, make_slabs(BULKS[name], facet)


def test_every_slab_is_symmetric_stoichiometric_and_dipole_free(case):
    bulk, _, slabs = case
    assert slabs
    for slab in slabs:
        certificate = slab.certificate
        assert certificate.symmetric, slab.name
        assert certificate.stoichiometric, slab.name
        assert certificate.dipole_free, slab.name
        assert certificate.total_charge == pytest.approx(0)
        counts = slab.structure.composition.element_composition
        formula = bulk.composition.element_composition
        assert counts.reduced_composition == formula.reduced_composition


def test_pymatgen_finds_no_dipole_either(case):
    _, _, slabs = case
    assert not any(referee(slab).is_polar(tol_dipole_per_unit_area=1e-6) for slab in slabs)


def test_pymatgen_calls_slabs_of_limn2o4_symmetric():
    """Its test wants an inversion, a mirror or a screw normal to the face; Fd-3m has inversions."""
    for facet in LOW_INDEX:
        for slab in make_slabs(BULKS["LiMn2O4"], facet):
            if slab.certificate.flip.name == "inversion":
                assert referee(slab).is_symmetric()


def test_flip_really_swaps_the_faces(case):
    """Apply the certified operation by hand: every atom lands on one like it, upside down."""
    _, _, slabs = case
    for slab in slabs:
        s, flip = slab.structure, slab.certificate.flip
        image = s.frac_coords @ flip.rotation.T + flip.translation
        distances = s.lattice.get_all_distances(image, s.frac_coords)
        partner = distances.argmin(axis=1)
        assert distances.min(axis=1).max() < 1e-3
        assert [s[i].species for i in range(len(s))] == [s[int(j)].species for j in partner]
        z = s.frac_coords[:, 2]
        assert np.allclose(z + z[partner], 1.0, atol=1e-6)


def test_thickness_vacuum_and_frame_are_as_asked(case):
    bulk, facet, slabs = case
    d_max = bulk.lattice.d_hkl(facet) * 2  # a centred lattice repeats after at most twice d(hkl)
    for slab in slabs:
        certificate, matrix = slab.certificate, slab.structure.lattice.matrix
        z = slab.structure.cart_coords[:, 2]
        assert 12.0 - 1e-6 <= certificate.thickness < 12.0 + d_max
        assert matrix[2, 2] - np.ptp(z) == pytest.approx(15.0)
        assert np.allclose(matrix[2, :2], 0)
        assert np.allclose(matrix[:2, 2], 0)
        assert (z.max() + z.min()) / 2 == pytest.approx(matrix[2, 2] / 2)


def test_charges_moments_and_origin_survive(case):
    bulk, _, slabs = case
    units = bulk.composition.element_composition.get_reduced_composition_and_factor()[1]
    per_unit = sum(bulk.site_properties["magmom"]) / units
    for slab in slabs:
        moment = sum(slab.structure.site_properties["magmom"])
        assert moment == pytest.approx(per_unit * slab.certificate.formula_units, abs=1e-9)
        for site in slab.structure:
            assert site.species == bulk[site.properties["bulk_site"]].species


def test_inside_of_a_slab_is_bulk():
    """Atoms 5 Å below both faces have exactly the neighbour distances of the bulk."""
    bulk = ordered_spinel()
    for slab in make_slabs(bulk, (1, 1, 1), thickness=18)[:1]:
        s = slab.structure
        z = s.cart_coords[:, 2]
        inside = np.flatnonzero((z > z.min() + 5) & (z < z.max() - 5))
        assert len(inside) > 20
        for i in inside:
            here = sorted(n.nn_distance for n in s.get_neighbors(s[int(i)], 4.0))
            origin = bulk[s[int(i)].properties["bulk_site"]]
            there = sorted(n.nn_distance for n in bulk.get_neighbors(origin, 4.0))
            assert np.allclose(here, there, atol=1e-6)


def test_area_is_that_of_the_facet():
    """Smallest in-plane cell of the primitive lattice: V_primitive / d, or twice that."""
    for bulk, lattice_points in ((lithium_manganate(), 4), (ordered_spinel(), 1)):
        for facet in LOW_INDEX:
            crystal = orient(bulk, symmetry_operations(bulk), facet)
            area = np.linalg.norm(np.cross(*crystal.basis[:2]))
            assert area * crystal.spacing == pytest.approx(bulk.volume / lattice_points)
            for slab in make_slabs(bulk, facet):
                multiple = slab.certificate.area / area
                assert multiple == pytest.approx(round(multiple))
                assert round(multiple) in (1, 2)


def test_half_of_the_lithium_stays_on_100():
    """Li2 and M4O8 planes alternate on (100) with charges +2 and −2: half of the outer Li moves."""
    slabs = make_slabs(ordered_spinel(), (1, 0, 0))
    assert len(slabs) == 2
    for slab in slabs:
        assert "1 of 2 Li+" in slab.certificate.changed
        z = slab.structure.cart_coords[:, 2]
        top = [slab.structure[int(i)].specie.symbol for i in np.flatnonzero(z > z.max() - 0.2)]
        assert top == ["Li"]


def test_parity_doubles_111_of_limn2o4():
    """Each flip of the primitive (111) cell fixes a plane of one or three Mn; 2n Mn are even."""
    bulk = lithium_manganate()
    crystal = orient(bulk, symmetry_operations(bulk), (1, 1, 1))
    area = np.linalg.norm(np.cross(*crystal.basis[:2]))
    for slab in make_slabs(bulk, (1, 1, 1)):
        assert slab.certificate.area == pytest.approx(2 * area)


def test_rounding_of_the_lattice_parameter_changes_no_choice():
    """The same crystal a little larger has the same terminations, in the same order."""
    for a, nearly in ((8.166, 8.1660001), (8.312, 8.3120669)):
        one, other = (make_slabs(ordered_spinel(a=b), (1, 1, 0), 11.0) for b in (a, nearly))
        assert [s.certificate.changed for s in one] == [s.certificate.changed for s in other]
        assert [s.structure.site_properties["bulk_site"] for s in one] == [
            s.structure.site_properties["bulk_site"] for s in other
        ]


def test_enlarged_crystal_is_the_same_crystal():
    bulk = ordered_spinel()
    crystal = orient(bulk, symmetry_operations(bulk), (1, 1, 0))
    double = enlarge(crystal, np.array([[1, 1], [-1, 1]]))
    assert len(double.rotations) / len(double.coords) == (
        len(crystal.rotations) / len(crystal.coords)
    )
    density = [len(c.coords) / np.linalg.det(c.basis) for c in (crystal, double)]
    assert density[0] == pytest.approx(density[1])
    atoms, _ = double.locate(double.coords @ double.rotations[-1].T + double.translations[-1])
    assert sorted(atoms) == list(range(len(double.coords)))
    assert (double.species[atoms] == double.species).all()


@settings(max_examples=12, deadline=None)
@given(facet=st.tuples(*[st.integers(-2, 2)] * 3).filter(any))
def test_any_facet_of_copper_has_a_slab_of_the_right_density(facet):
    slab = make_slabs(copper(), facet, thickness=8)[0]
    certificate = slab.certificate
    assert certificate.symmetric
    indices = np.array(facet) // np.gcd.reduce(facet)
    # fcc: planes of equal density, spacing a/|hkl| for unmixed, half of it for mixed indices
    spacing = 3.6 / np.linalg.norm(indices) / (1 if (indices % 2).all() else 2)
    per_area = certificate.atoms / certificate.area
    planes = certificate.thickness / spacing + 1
    assert planes == pytest.approx(round(planes))
    assert per_area == pytest.approx(4 / 3.6**3 * spacing * planes)


@pytest.mark.parametrize(
    ("crystal", "facet"),
    [
        ("MgO", (1, 0, 0)),
        ("MgO", (1, 1, 1)),
        ("MgO", (2, 1, 0)),
        ("TiO2", (1, 1, 0)),
        ("TiO2", (1, 0, 0)),
        ("TiO2", (0, 0, 1)),
        ("ZnO", (1, 0, 0)),
        ("ZnO", (1, 1, 0)),
    ],
)
def test_other_crystals_get_certified_slabs_too(crystal, facet):
    for slab in make_slabs(OTHERS[crystal], facet):
        assert slab.certificate.symmetric
        assert slab.certificate.stoichiometric
        assert slab.certificate.dipole_free
        assert not referee(slab).is_polar(tol_dipole_per_unit_area=1e-6)


def test_rock_salt_111_needs_half_a_layer_on_each_face():
    """Alternate planes of Mg and O: the octopolar problem; half of the last plane must move."""
    slabs = make_slabs(OTHERS["MgO"], (1, 1, 1), thickness=8.0)
    outermost = set()
    for slab in slabs:
        z = slab.structure.cart_coords[:, 2]
        top = [slab.structure[int(i)].specie.symbol for i in np.flatnonzero(z > z.max() - 0.2)]
        below = (z > z.max() - 1.5).sum() - len(top)
        assert len(top) * 2 == below
        outermost.update(top)
    assert outermost == {"Mg", "O"}


def test_polar_axis_of_wurtzite_keeps_a_dipole():
    """P6_3mc: no operation turns c into -c, and Zn–O bilayers of no special height stay polar."""
    with pytest.raises(RequestError, match=r"keeps a dipole, of 0\.\d+ e/Å at least"):
        make_slabs(OTHERS["ZnO"], (0, 0, 1))


@pytest.mark.parametrize("name", BULKS)
def test_equivalent_facets_give_equal_slabs(name):
    """All six faces of {100} are equivalent."""

    def listed(facet):
        return sorted(
            (s.certificate.atoms, round(s.certificate.thickness, 3))
            for s in make_slabs(BULKS[name], facet)
        )

    assert listed((1, 0, 0))
    for facet in ((0, 1, 0), (0, 0, -1), (-1, 0, 0)):
        assert listed(facet) == listed((1, 0, 0))


def test_certificate_sees_through_a_spoiled_slab():
    slab = make_slabs(lithium_manganate(), (1, 0, 0))[0]
    bulk = lithium_manganate().composition
    lopsided = slab.structure.copy()
    top = int(lopsided.cart_coords[:, 2].argmax())
    lopsided.translate_sites([top], [0, 0, 0.3], frac_coords=False)
    assert not certify(lopsided, bulk).symmetric
    assert not certify(lopsided, bulk).dipole_free
    robbed = slab.structure.copy()
    robbed.remove_sites([top])
    certificate = certify(robbed, bulk)
    assert not certificate.stoichiometric
    assert not certificate.dipole_free


def test_dipole_of_a_polar_cut_is_that_of_a_capacitor():
    """n parallel layers ±σ a distance d apart: dipole per area n σ d, here worked by hand."""
    charges, z, area = [2, -2, 2, -2], [0.0, 1.0, 2.0, 3.0], 9.0
    cell = Lattice.from_parameters(3, 3, 20, 90, 90, 90)
    slab = Structure(
        cell,
        ["Mg2+" if q > 0 else "O2-" for q in charges],
        [[0, 0, h] for h in z],
        coords_are_cartesian=True,
    )
    assert certify(slab, slab.composition).dipole == pytest.approx(
        sum(q * h for q, h in zip(charges, z, strict=True)) / area
    )


@pytest.mark.parametrize(
    ("bulk", "facet", "options", "hint"),
    [
        (ordered_spinel(), (0, 0, 0), {}, "000"),
        (ordered_spinel(), (1, 1), {}, "three whole Miller indices"),
        (ordered_spinel(), (1, 0.5, 0), {}, "three whole Miller indices"),
        (ordered_spinel(), (1, 1, 1), {"thickness": -1}, "lengths in Å"),
        (average_spinel(), (1, 1, 1), {}, "partially occupied"),
    ],
)
def test_impossible_slabs_are_refused_in_one_line(bulk, facet, options, hint):
    with pytest.raises(RequestError, match=hint) as error:
        make_slabs(bulk, facet, **options)
    assert "\n" not in str(error.value)


def test_charges_are_all_or_none():
    mixed = ordered_spinel()
    mixed[0].species = "Li"
    with pytest.raises(RequestError, match="oxidation states are missing on Li"):
        formal_charges(mixed)
    mixed.remove_oxidation_states()
    assert formal_charges(mixed) is None


def test_equal_facets_are_cut_once():
    """{100} of a cubic crystal has six faces; 222 cuts like 111; hkl and its negative share γ."""
    facets = [(1, 0, 0), (0, 0, -1), (2, 2, 2), (1, -1, 1), (1, 1, 0)]
    assert distinct_facets(facets, ordered_spinel()) == [(1, 0, 0), (1, 1, 1), (1, 1, 0)]


def test_a_slab_is_no_bulk():
    slab = make_slabs(lithium_manganate(), (1, 0, 0))[0].structure
    with pytest.raises(RequestError, match=r"gap of 15\.\d Å along c: it is a slab"):
        make_slabs(slab, (0, 0, 1))


def test_sublattices_of_opposite_moments_stay_balanced():
    """Antiferromagnetic MnO, layers of (001) up and down in turn: no slab has a net moment."""
    bulk = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.44), ["Mn2+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    up = [abs(site.frac_coords[2]) < 0.1 for site in bulk]
    manganese = [site.specie.symbol == "Mn" for site in bulk]
    bulk.add_site_property(
        "magmom", [5.0 * (2 * u - 1) * m for u, m in zip(up, manganese, strict=True)]
    )
    for facet in ((0, 0, 1), (1, 0, 0), (1, 1, 0)):
        for slab in make_slabs(bulk, facet, thickness=8.0):
            assert slab.certificate.symmetric
            assert sum(slab.structure.site_properties["magmom"]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("given", ["POSCAR", None, make_slabs(copper(), (1, 0, 0))[0]])
def test_what_is_no_structure_is_refused_by_name(given):
    for examine in (lambda it: make_slabs(it, (1, 1, 1)), check):
        with pytest.raises(RequestError, match=f"not {type(given).__name__}"):
            examine(given)


def test_choices_are_limited_or_all():
    bulk = ordered_spinel()
    counts = [len(make_slabs(bulk, (1, 1, 0), choices=n)) for n in (1, 3, None)]
    assert counts[0] < counts[1] < counts[2]
    for wrong in (0, -1):
        with pytest.raises(RequestError, match="choices is a whole number"):
            make_slabs(bulk, (1, 1, 0), choices=wrong)


def test_a_disordered_cubic_cell_keeps_its_own_axes():
    """Its symmetry is C2 or less; the conventional cell of that is another, with other facets."""
    from lnmo_atoms.builders.symmetry import conventional_cell

    cell = disordered_spinel(seed=0)
    assert conventional_cell(cell) is cell
    assert len(conventional_cell(lithium_manganate().get_primitive_structure())) == 56
