from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymatgen.analysis.wulff import WulffShape as Referee
from pymatgen.core import Lattice, Structure
from synthetic import cubic, surface

from lnmo_atoms.analyzers.wulff import wulff_shape
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import equivalent_facets, lowest_terms
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel

CUBIC = cubic()
gammas = st.floats(0.3, 3.0)


def shape_of(gamma_by_facet, bulk=CUBIC):
    return wulff_shape([surface(facet, g, bulk=bulk) for facet, g in gamma_by_facet.items()])


def test_111_alone_is_an_octahedron():
    shape = shape_of({(1, 1, 1): 0.8})
    assert len(shape.faces) == 8
    assert all(len(face.polygon) == 3 for face in shape.faces)
    assert shape.volume == pytest.approx(4 / 3 * (sqrt(3) * 0.8) ** 3)
    assert shape.weighted_gamma == pytest.approx(0.8)
    assert shape.effective_radius == pytest.approx((shape.volume * 3 / (4 * pi)) ** (1 / 3))


def test_100_alone_is_a_cube():
    shape = shape_of({(1, 0, 0): 0.7})
    assert [len(face.polygon) for face in shape.faces] == [4] * 6
    assert shape.volume == pytest.approx((2 * 0.7) ** 3)
    assert shape.shares == {(1, 0, 0): pytest.approx(1)}


def test_110_alone_is_a_rhombic_dodecahedron():
    shape = shape_of({(1, 1, 0): 1.0})
    assert [len(face.polygon) for face in shape.faces] == [4] * 12
    assert shape.volume == pytest.approx(4 * sqrt(2))


@pytest.mark.parametrize("ratio", [0.6, 0.7, sqrt(3) / 2, 0.95, 1.1, 2 / sqrt(3)])
def test_truncated_octahedron_has_its_analytic_areas(ratio):
    """With γ100 = 1 and s = √3 γ111 the octahedron's corners lie at s and are cut by t = s − 1."""
    s = sqrt(3) * ratio
    t = s - 1
    hexagons = 8 * sqrt(3) / 4 * 2 * (s**2 - 3 * t**2)
    squares = 6 * 2 * t**2
    shape = shape_of({(1, 1, 1): ratio, (1, 0, 0): 1.0})
    area = sum(face.area for face in shape.faces)
    assert area == pytest.approx(hexagons + squares, rel=1e-9)
    assert shape.shares[1, 0, 0] == pytest.approx(squares / (hexagons + squares), abs=1e-9)
    assert shape.volume == pytest.approx((4 * s**3 - 6 * 2 * t**3) / 3, rel=1e-9)


def test_cuboctahedron():
    """γ111/γ100 = 2/√3: the squares meet at their corners, the hexagons become triangles."""
    shape = shape_of({(1, 1, 1): 2 / sqrt(3), (1, 0, 0): 1.0})
    corners = {face.facet: len(face.polygon) for face in shape.faces}
    assert corners == {(1, 1, 1): 3, (1, 0, 0): 4}


def test_regular_truncated_octahedron():
    shape = shape_of({(1, 1, 1): sqrt(3) / 2, (1, 0, 0): 1.0})
    edges = [
        np.linalg.norm(face.polygon - np.roll(face.polygon, 1, axis=0), axis=1)
        for face in shape.faces
    ]
    assert np.ptp(np.concatenate(edges)) < 1e-9


def test_a_facet_of_too_high_gamma_has_no_share():
    shape = shape_of({(1, 1, 1): 0.5, (1, 0, 0): 0.9})
    assert shape.shares == {(1, 1, 1): pytest.approx(1), (1, 0, 0): 0}


@settings(max_examples=40, deadline=None)
@given(g111=gammas, g100=gammas, g110=gammas, g311=gammas)
def test_areas_agree_with_pymatgen(g111, g100, g110, g311):
    found = {(1, 1, 1): g111, (1, 0, 0): g100, (1, 1, 0): g110, (3, 1, 1): g311}
    shape = shape_of(found)
    referee = Referee(CUBIC.lattice, list(found), list(found.values()))
    for facet, fraction in referee.area_fraction_dict.items():
        assert shape.shares[facet] == pytest.approx(fraction, abs=1e-6)
    assert shape.volume == pytest.approx(referee.volume, rel=1e-6)
    assert shape.weighted_gamma == pytest.approx(referee.weighted_surface_energy, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(g111=gammas, g100=gammas, g110=gammas, factor=st.floats(0.01, 100))
def test_scaling_gamma_scales_the_shape(g111, g100, g110, factor):
    found = {(1, 1, 1): g111, (1, 0, 0): g100, (1, 1, 0): g110}
    one, other = shape_of(found), shape_of({f: g * factor for f, g in found.items()})
    assert sum(one.shares.values()) == pytest.approx(1)
    assert other.effective_radius == pytest.approx(one.effective_radius * factor)
    assert other.volume == pytest.approx(one.volume * factor**3)
    for facet, share in one.shares.items():
        assert other.shares[facet] == pytest.approx(share, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(g111=gammas, g100=gammas, far=st.floats(20, 1e6))
def test_a_very_costly_facet_changes_nothing(g111, g100, far):
    found = {(1, 1, 1): g111, (1, 0, 0): g100}
    one, other = shape_of(found), shape_of(found | {(2, 1, 0): far})
    assert other.shares.pop((2, 1, 0)) == 0
    assert other.shares[1, 1, 1] == pytest.approx(one.shares[1, 1, 1], abs=1e-9)
    assert other.volume == pytest.approx(one.volume)


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.tuples(*[st.floats(3, 9)] * 3),
    angles=st.tuples(*[st.floats(65, 115)] * 3),
    values=st.tuples(*[gammas] * 4),
    axis=st.tuples(*[st.floats(-1, 1)] * 3),
    angle=st.floats(0, 2 * pi),
)
def test_any_cell_in_any_orientation(lengths, angles, values, axis, angle):
    """A triclinic shape is closed, its faces add up, and turning the crystal changes no share."""
    assume(np.linalg.norm(axis) > 0.1)
    lattice = Lattice.from_parameters(*lengths, *angles)
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    facets = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]
    found = dict(zip(facets, values, strict=True))
    one = shape_of(found, Structure(lattice, ["Po"], [[0, 0, 0]]))
    other = shape_of(found, Structure(Lattice(lattice.matrix @ turn), ["Po"], [[0, 0, 0]]))
    gamma_of = {form.facet: form.gamma for form in one.forms}
    vectors = sum(face.area * face.normal for face in one.faces)
    assert np.linalg.norm(vectors) < 1e-8 * sum(face.area for face in one.faces)
    for face in one.faces:
        assert face.polygon @ face.normal == pytest.approx(gamma_of[face.facet])
        assert np.cross(
            np.array(face.indices) @ lattice.inv_matrix.T, face.normal
        ) == pytest.approx(0)
    for facet, share in one.shares.items():
        assert other.shares[facet] == pytest.approx(share, abs=1e-7)


def test_normals_of_a_hexagonal_cell_come_from_the_reciprocal_lattice():
    """{100} and {001} of a hexagonal crystal: a prism of six sides and area shares by hand."""
    bulk = Structure(
        Lattice.hexagonal(3.2, 5.2), ["Mg", "Mg"], [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]]
    )
    shape = shape_of({(1, 0, 0): 1.0, (0, 0, 1): 0.8}, bulk)
    side = 2 / sqrt(3)
    ends, sides = 2 * 6 * sqrt(3) / 4 * side**2, 6 * side * 1.6
    assert len(shape.faces) == 8
    assert shape.shares[0, 0, 1] == pytest.approx(ends / (ends + sides))


def test_faces_come_from_the_point_group():
    ordered, manganate = ordered_spinel(), lithium_manganate()
    for bulk in (ordered, manganate):
        assert len(equivalent_facets((1, 1, 1), bulk)) == 8
        assert len(equivalent_facets((1, 0, 0), bulk)) == 6
        assert len(equivalent_facets((3, 1, 1), bulk)) == 24
    assert lowest_terms((2, -2, 0)) == (1, -1, 0)


def test_the_best_ranked_termination_speaks_for_its_family():
    shape = wulff_shape(
        [
            surface((1, 1, 1), 0.9, "a"),
            surface((1, 1, 1), 0.6, "b"),
            surface((-1, 1, 1), 0.55, "c"),
            surface((1, 1, 1), 0.1, "d", converged=False),
            surface((1, 0, 0), 0.7),
            surface((1, 1, 0), None),
        ]
    )
    assert [(form.facet, form.gamma) for form in shape.forms] == [
        ((1, 1, 1), 0.55),
        ((1, 0, 0), 0.7),
    ]
    assert shape.forms[0].termination == "-111-c"
    assert shape.left_out == ((1, 1, 0),)
    assert "of the facets computed: (111) and (100)" in shape.caveat
    assert "(110) left out" in shape.caveat


@pytest.mark.parametrize("gamma", [-0.12, 0.0])
def test_a_gamma_that_is_not_positive_is_refused_by_name(gamma):
    with pytest.raises(RequestError, match=r"\(110\) is .* J/m²"):
        shape_of({(1, 1, 1): 0.5, (1, 1, 0): gamma})


@pytest.mark.parametrize("gamma", [float("nan"), float("inf")])
def test_a_gamma_that_is_no_number_is_refused_by_name(gamma):
    with pytest.raises(RequestError, match=r"\(110\).*not a number"):
        shape_of({(1, 1, 1): 0.5, (1, 1, 0): gamma})


def test_an_open_set_names_what_is_missing():
    tetragonal = Structure(Lattice.tetragonal(3, 4), ["Po"], [[0, 0, 0]])
    with pytest.raises(RequestError, match=r"\(100\) alone encloses no shape.*compute \(001\) too"):
        shape_of({(1, 0, 0): 1.0}, tetragonal)
    triclinic = Structure(Lattice.from_parameters(3, 4, 5, 80, 95, 100), ["Po"], [[0, 0, 0]])
    with pytest.raises(RequestError, match=r"\(001\) alone .*compute \(100\) and \(010\) too"):
        shape_of({(0, 0, 1): 1.0}, triclinic)
    with pytest.raises(RequestError, match=r"\(001\) and \(100\) enclose no shape"):
        shape_of({(0, 0, 1): 1.0, (1, 0, 0): 1.0}, triclinic)


def test_nothing_ranked_is_refused():
    with pytest.raises(RequestError, match=r"no termination of \(111\) was relaxed"):
        shape_of({(1, 1, 1): None})
    with pytest.raises(RequestError, match="no surface energies"):
        wulff_shape([])


def test_two_crystals_or_engines_are_not_mixed():
    with pytest.raises(RequestError, match="different bulk crystals"):
        wulff_shape([surface((1, 1, 1), 1.0), surface((1, 0, 0), 1.0, bulk=cubic(3.4))])
    with pytest.raises(RequestError, match="one engine"):
        wulff_shape([surface((1, 1, 1), 1.0), surface((1, 0, 0), 1.0, engine="other 2")])


@pytest.mark.parametrize("gamma", [5.5e-269, 1e-160, 5e-324])
@pytest.mark.parametrize("other", [{}, {(1, 0, 0): 0.7}])
def test_a_gamma_next_to_nothing_still_has_shares(gamma, other):
    """Its square is less than any float; alone or beside others, its facet is all there is."""
    shape = shape_of({(1, 1, 1): gamma} | other)
    assert shape.shares == {(1, 1, 1): pytest.approx(1)} | dict.fromkeys(other, 0)
