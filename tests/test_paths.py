"""Defect cells, states, end points and images against counts and geometry that can be derived."""

import itertools
import json
import logging
from collections import Counter
from itertools import pairwise

import ase.io
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.charges import formal_charges, formal_moment
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import canonical_ring, find_hops
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.paths import (
    Mode,
    StateSymmetry,
    closest,
    compensation,
    confirmed,
    defect_cell,
    defect_matrix,
    displacements,
    end_states,
    ion_index,
    least_image_distance,
    parse_mode,
    path_images,
    select_hops,
    state_cell,
)
from lnmo_atoms.builders.paths.cell import sublattices
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.builders.symmetry import space_group, symmetry_operations
from lnmo_atoms.cli.images import write_images

UNIMODULAR = st.lists(st.tuples(*[st.integers(0, 2)] * 2, st.integers(-3, 3)), max_size=6)
"""Rows to be added to other rows, how many times: shears that leave a lattice as it is."""


def sheared(matrix, shears):
    matrix = np.array(matrix)
    for i, j, times in shears:
        if i != j:
            matrix[i] += times * matrix[j]
    return matrix


def primitive(bulk):
    return bulk.get_primitive_structure(use_site_props=False)


# --- the defect's cell


@settings(max_examples=30, deadline=None)
@given(edges=st.tuples(*[st.floats(3, 7)] * 3), shears=UNIMODULAR)
def test_least_image_distance_does_not_depend_on_the_basis(edges, shears):
    """A brick's shortest lattice vector is its shortest edge, however skewed the basis."""
    skewed = Lattice(sheared(np.diag(edges), shears))
    assert least_image_distance(skewed) == pytest.approx(min(edges))


def test_least_image_distance_of_cubic_lattices():
    a = 8.0
    fcc = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * a / 2)
    bcc = Lattice(np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) * a / 2)
    assert least_image_distance(fcc) == pytest.approx(a / np.sqrt(2))
    assert least_image_distance(bcc) == pytest.approx(a * np.sqrt(3) / 2)


def test_every_sublattice_is_tried_once():
    """Sublattices of index n: 1, 7, 13, 35, 31, 91, 57, 155 (OEIS A001001)."""
    assert [len(sublattices(n)) for n in range(1, 9)] == [1, 7, 13, 35, 31, 91, 57, 155]
    assert np.allclose(np.linalg.det(sublattices(12)), 12)


def test_the_cubic_cell_of_spinel_is_the_defect_cell():
    for bulk in (ordered_spinel(), lithium_manganate()):
        cell = defect_cell(bulk)
        assert (cell.matrix == np.eye(3)).all()
        assert cell.structure == bulk
        assert cell.separation == pytest.approx(bulk.lattice.a)
    bulk = primitive(lithium_manganate())
    assert len(bulk) == 14
    cell = defect_cell(bulk)
    assert len(cell.structure) == 56
    assert cell.structure.lattice.angles == pytest.approx((90, 90, 90))
    assert cell.separation == pytest.approx(8.2442, abs=1e-3)
    assert space_group(cell.structure).number == 227
    assert len(symmetry_operations(cell.structure)) == 192


def test_the_defect_cell_is_the_smallest():
    """Referee: Niggli-reduced cells of all smaller sublattices are too narrow."""
    bulk = primitive(lithium_manganate())
    for asked, number in ((8.0, 4), (11.0, 8)):
        assert round(np.linalg.det(defect_matrix(bulk, asked))) == number
        smaller = np.concatenate([sublattices(n) for n in range(1, number)])
        for form in smaller:
            reduced = Lattice(form @ bulk.lattice.matrix).get_niggli_reduced_lattice()
            assert min(reduced.abc) < asked


@settings(max_examples=25, deadline=None)
@given(edges=st.tuples(*[st.floats(3, 9)] * 3), shears=UNIMODULAR, separation=st.floats(2.5, 12))
def test_defect_cells_keep_their_separation(edges, shears, separation):
    lattice = Lattice(sheared(np.diag(edges), shears))
    crystal = Structure(lattice, ["Li", *["O"] * 3], np.arange(12).reshape(4, 3) * 0.131)
    matrix = defect_matrix(crystal, separation)
    assert matrix.dtype.kind == "i"
    assert round(np.linalg.det(matrix)) >= 1
    assert least_image_distance(Lattice(matrix @ lattice.matrix)) > separation - 2e-3


def test_a_tetragonal_crystal_stays_upright():
    """4 × 4 × 9 Å: in the plane √2 and √3 times are too short, so 2 × 2 it is."""
    lattice = Lattice.tetragonal(4, 9)
    crystal = Structure(lattice, ["Li", "O"], [[0, 0, 0], [0.5, 0.5, 0.4]])
    assert (defect_matrix(crystal) == np.diag([2, 2, 1])).all()


def test_symmetry_counts_more_than_width():
    """Of a hexagonal crystal threefold, √3 × √3 keeps all 24 rotations; wider cells do not."""
    lattice = Lattice.hexagonal(5.5, 7.0)
    crystal = Structure(lattice, ["Li"], [[0, 0, 0]])

    def operations(matrix):
        return len(symmetry_operations(crystal.make_supercell(matrix.tolist(), in_place=False)))

    chosen = defect_matrix(crystal, 7.0)
    widths = [least_image_distance(Lattice(form @ lattice.matrix)) for form in sublattices(3)]
    width = least_image_distance(Lattice(chosen @ lattice.matrix))
    assert operations(chosen) == 3 * 24 == max(map(operations, sublattices(3)))
    assert width == pytest.approx(7.0)
    assert max(widths) > 8.0


@pytest.mark.parametrize("separation", [0.0, -3.0, np.nan, np.inf, 60.0, 25.0])
def test_impossible_separations_are_refused(separation):
    with pytest.raises(RequestError) as refused:
        defect_matrix(ordered_spinel(), separation)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("bulk", "separation"),
    [
        (primitive(lithium_manganate()), 8.0),
        (ordered_spinel(), 10.0),
        (ordered_spinel(), 16.0),
        (disordered_spinel(seed=4), 11.0),
    ],
)
def test_hops_of_the_enlarged_crystal_are_the_same_hops(bulk, separation):
    """Lithium sites at the same arms from an empty octahedron, labels and rings kept."""
    cell = defect_cell(bulk, separation)
    crystal = cell.structure
    octahedra = empty_octahedra(crystal)
    for small in find_hops(bulk):
        hop = cell.hop(small)
        assert (hop.label, hop.ring, hop.multiplicity) == (
            small.label,
            small.ring,
            small.multiplicity,
        )
        assert {crystal[hop.start].specie.symbol, crystal[hop.end].specie.symbol} == {"Li"}
        delta = octahedra - hop.octahedron
        assert np.abs(delta - np.round(delta)).max(axis=1).min() < 1e-3
        ends = crystal.frac_coords[hop.start], crystal.frac_coords[hop.end] + hop.end_image
        arms = np.array(ends) - hop.octahedron
        old_ends = bulk.frac_coords[small.start], bulk.frac_coords[small.end] + small.end_image
        old_arms = np.array(old_ends) - small.octahedron
        assert np.allclose(arms @ crystal.lattice.matrix, old_arms @ bulk.lattice.matrix)


# --- states


def test_vacancy_orbits_of_ordered_spinel():
    """Distinct arrangements of n Li vacancies on the eight 8c of P4_332, n = 0 … 8."""
    symmetry = StateSymmetry(ordered_spinel())
    orbits = Counter(
        len(state)
        for state in {
            symmetry.representative(frozenset(chosen))
            for n in range(9)
            for chosen in itertools.combinations(range(8), n)
        }
    )
    assert [orbits[n] for n in range(9)] == [1, 1, 3, 3, 7, 3, 3, 1, 1]


def test_representatives_are_the_lowest_images():
    """Brute force: apply every operation to every vacant site and look where it lands."""
    bulk = disordered_spinel((1, 1, 1), nickel=0.0)
    symmetry = StateSymmetry(bulk)
    operations = symmetry_operations(bulk)
    state = frozenset({1, 4, 6})
    images = []
    for rotation, translation in zip(operations.rotations, operations.translations, strict=True):
        landed = bulk.frac_coords[sorted(state)] @ rotation.T + translation
        distances = bulk.lattice.get_all_distances(landed, bulk.frac_coords)
        images.append(tuple(sorted(int(i) for i in distances.argmin(axis=1))))
    assert tuple(sorted(symmetry.representative(state))) == min(images)
    assert symmetry.representative(frozenset(images[-1])) == symmetry.representative(state)


@settings(max_examples=40, deadline=None)
@given(x=st.floats(0.01, 0.99), seed=st.integers(0, 1000), number=st.integers(0, 1))
def test_content_states_hold_the_content(x, seed, number):
    bulk = ordered_spinel()
    hop = find_hops(bulk)[number]
    before, after = end_states(bulk, hop, Mode.content(x, seed))
    assert before ^ after == {hop.start, hop.end}
    assert hop.end in before
    assert hop.start in after
    ions = 8 - len(before)
    assert ions == len(after ^ set(range(8)))
    assert 1 <= ions <= 7
    assert abs(ions - 8 * x) <= 0.5 or ions in (1, 7)
    assert (before, after) == end_states(bulk, hop, Mode.content(x, seed))


def test_contents_are_drawn_anew_by_every_seed():
    bulk = disordered_spinel((1, 1, 2), seed=1)
    hop = find_hops(bulk)[0]
    drawn = {end_states(bulk, hop, Mode.content(0.5, seed))[0] for seed in range(20)}
    assert len(drawn) > 15


def test_one_vacancy_and_one_ion():
    bulk = ordered_spinel()
    hop = find_hops(bulk)[1]
    assert end_states(bulk, hop, Mode.vacancy()) == (frozenset({hop.end}), frozenset({hop.start}))
    before, after = end_states(bulk, hop, Mode.empty_host())
    assert before == set(range(8)) - {hop.start}
    assert after == set(range(8)) - {hop.end}
    assert state_cell(bulk, before).composition["Li+"] == 1


def test_modes_are_named_and_described():
    bulk = ordered_spinel()
    described = {
        "vacancy": "one vacancy",
        " Empty-Host ": "one Li in the empty host",
        "0.5": "Li content 0.50 (4 of 8 sites), seed 3",
        "0.45": "Li content 0.50 (4 of 8 sites; 0.45 asked), seed 3",
        "0.999": "Li content 0.88 (7 of 8 sites; 0.999 asked), seed 3",
    }
    for text, words in described.items():
        assert parse_mode(text, 3).describe(bulk) == words


@pytest.mark.parametrize("text", ["", "full", "0", "1", "1.2", "-0.5", "nan", "inf", "half"])
def test_what_is_no_mode_is_refused(text):
    with pytest.raises(RequestError):
        parse_mode(text)


def test_requests_without_a_sensible_state_are_refused():
    with pytest.raises(RequestError, match="negative"):
        Mode.content(0.5, -1)
    with pytest.raises(RequestError, match="two mobile sites"):
        Mode.vacancy().ions(1)
    bulk = primitive(lithium_manganate())
    (hop,) = find_hops(bulk)
    there = type(hop)(**{**vars(hop), "end": hop.start})
    with pytest.raises(RequestError, match="larger cell"):
        end_states(bulk, there, Mode.vacancy())


# --- relaxed end points


def test_displacements_survive_a_wrapped_relaxation():
    bulk = ordered_spinel()
    state = frozenset({2, 5})
    pushed = state_cell(bulk, state)
    pushed.translate_sites([3, 50], [0.01, -0.02, 0.03], to_unit_cell=True)
    shift = displacements(bulk, pushed, state)
    moved = np.flatnonzero(np.abs(shift).max(axis=1) > 1e-9)
    # the fourth atom of the cell without sites 2 and 5 is site 4, the fifty-first is site 52
    assert list(moved) == [4, 52]
    assert np.allclose(shift[moved], [0.01, -0.02, 0.03])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    vacancies=st.sets(st.integers(0, 7), min_size=1, max_size=6),
    bulk=st.sampled_from(
        [ordered_spinel(), lithium_manganate(), ordered_spinel(enantiomorph=True)]
    ),
)
def test_carried_displacements_are_those_of_the_moved_crystal(seed, vacancies, bulk):
    """Distort a state at random, move it bodily by an operation: that is the carried form."""
    rng = np.random.default_rng(seed)
    symmetry, state = StateSymmetry(bulk), frozenset(vacancies)
    shift = rng.normal(0, 0.01, (len(bulk), 3))
    shift[sorted(state)] = 0
    chosen = int(rng.integers(len(symmetry.operations)))
    target = frozenset(int(symmetry.where[chosen, i]) for i in state)
    forms = symmetry.carried(shift, state, target)
    for form, operation in forms:
        rotation = symmetry.operations.rotations[operation]
        coords = (bulk.frac_coords + shift) @ rotation.T
        coords += symmetry.operations.translations[operation]
        kept = [i for i in range(len(bulk)) if i not in state]
        there = [i for i in range(len(bulk)) if i not in target]
        moved = bulk.lattice.get_all_distances(coords[kept], (bulk.frac_coords + form)[there])
        assert moved.min(axis=1).max() < 1e-3
        assert sorted(moved.argmin(axis=1)) == list(range(len(there)))
        species = [bulk[there[k]].specie for k in moved.argmin(axis=1)]
        assert species == [bulk[i].specie for i in kept]
        # moments labelled by the atom arrive where the atom arrives
        labels = symmetry.carried_moments(np.arange(len(kept), dtype=float), state, operation)
        assert list(labels[moved.argmin(axis=1)]) == list(range(len(kept)))
    # a random distortion has no symmetry: one form for each operation that fits
    fits = (np.sort(symmetry.where[:, sorted(state)], axis=1) == sorted(target)).all(axis=1)
    assert len(forms) == fits.sum()


def test_undistorted_states_have_one_form():
    bulk = lithium_manganate()
    symmetry = StateSymmetry(bulk)
    ((form, _),) = symmetry.carried(np.zeros((56, 3)), frozenset({0}), frozenset({5}))
    assert not form.any()


def test_states_of_different_kind_are_not_carried():
    symmetry = StateSymmetry(ordered_spinel())
    for target in ({10}, {0, 1}):
        with pytest.raises(RequestError, match="not equivalent"):
            symmetry.carried(np.zeros((56, 3)), frozenset({0}), frozenset(target))


def test_closest_forms_of_broken_symmetry_are_paired():
    """Two vacancies whose surroundings distort along either of two axes: equal axes are paired."""
    x, y = np.zeros((4, 3)), np.zeros((4, 3))
    x[1], y[1] = (0.01, 0, 0), (0, 0.01, 0)
    for left, right, expected in (([x, y], [y], y), ([x], [y, x], x)):
        pair = closest(left, right)
        assert pair[0] is expected
        assert pair[1] is expected


# --- images


@pytest.mark.parametrize("mode", [Mode.vacancy(), Mode.empty_host(), Mode.content(0.5, 2)])
def test_paths_keep_atoms_together_and_pass_the_octahedron(mode):
    for bulk in (ordered_spinel(), lithium_manganate(), disordered_spinel(seed=2)):
        for hop in find_hops(bulk)[:6]:
            before, after = end_states(bulk, hop, mode)
            still = np.zeros((56, 3))
            images = path_images(bulk, hop, before, still, still, 7)
            assert images[0] == state_cell(bulk, before)
            assert all(image.species == images[0].species for image in images)
            # the last image is the state after, in another order of atoms
            assert images[-1].composition == state_cell(bulk, after).composition
            steps = [
                (b.frac_coords - a.frac_coords) @ bulk.lattice.matrix for a, b in pairwise(images)
            ]
            ion = ion_index(bulk, before, hop)
            for step in steps:
                lengths = np.linalg.norm(step, axis=1)
                assert list(np.flatnonzero(lengths > 1e-9)) == [ion]
                assert lengths[ion] < 0.7
            assert np.allclose(images[3].frac_coords[ion], hop.octahedron)
            end = bulk.frac_coords[hop.end] + hop.end_image
            assert np.allclose(images[-1].frac_coords[ion], end)


def test_relaxed_end_points_are_the_ends_of_the_path():
    bulk = ordered_spinel()
    hop = find_hops(bulk)[1]
    before, after = end_states(bulk, hop, Mode.content(0.6, 1))
    rng = np.random.default_rng(0)
    around = []
    for state in (before, after):
        shift = rng.normal(0, 0.005, (56, 3))
        shift[sorted(state)] = 0
        around.append(shift)
    images = path_images(bulk, hop, before, *around, 5)
    assert np.allclose(displacements(bulk, images[0], before), around[0])
    last = images[-1].frac_coords
    expected = state_cell(bulk, after).frac_coords + np.delete(around[1], sorted(after), axis=0)
    apart = bulk.lattice.get_all_distances(last, expected)
    assert apart.min(axis=1).max() < 1e-6
    assert sorted(apart.argmin(axis=1)) == list(range(len(expected)))


@pytest.mark.parametrize("images", [0, 1, 2, 4, -3])
def test_even_or_too_few_images_are_refused(images):
    bulk = ordered_spinel()
    hop, still = find_hops(bulk)[0], np.zeros((56, 3))
    with pytest.raises(RequestError, match="odd"):
        path_images(bulk, hop, frozenset({hop.end}), still, still, images)


# --- charge compensation


@pytest.mark.parametrize("removed", range(9))
def test_nickel_pays_in_ordered_spinel(removed):
    """LiNi0.5Mn1.5O4: Ni2+/3+ for the first half of the lithium, Ni3+/4+ for the second."""
    found = compensation(ordered_spinel(), frozenset(range(removed)))
    expected = [f"{min(removed, 4)} Ni2+ → Ni3+"] * (removed > 0)
    expected += [f"{removed - 4} Ni3+ → Ni4+"] * (removed > 4)
    assert list(found.changes) == expected
    assert found.charge == 0


@settings(max_examples=20, deadline=None)
@given(
    nickel=st.sampled_from([0.0, 0.125, 0.25, 0.375, 0.5]),
    seed=st.integers(0, 99),
    removed=st.integers(1, 8),
)
def test_manganese_3_pays_before_nickel(nickel, seed, removed):
    """Electrons given equal the lithium removed, and Mn3+ gives all it has before Ni2+ does."""
    bulk = disordered_spinel(nickel=nickel, seed=seed)
    manganese = int(bulk.composition["Mn3+"])
    found = compensation(bulk, frozenset(range(removed)))
    given = {change.split(" ", 1)[1]: int(change.split()[0]) for change in found.changes}
    assert sum(given.values()) == removed
    assert given.get("Mn3+ → Mn4+", 0) == min(removed, manganese)
    assert found.charge == 0


def test_mean_valences_change_in_words():
    """One of eight lithium taken from sixteen Mn3.5+: 3.5 + 1/16."""
    bulk = lithium_manganate()
    found = compensation(bulk, frozenset({0}))
    assert found.changes == ("mean Mn valence 3.50 → 3.56",)
    assert found.text == "formally mean Mn valence 3.50 → 3.56"
    assert compensation(bulk, frozenset(range(8))).changes == ("mean Mn valence 3.50 → 4.00",)


def test_other_chemistry_keeps_its_charge():
    bulk = ordered_spinel()
    titanate = bulk.copy()
    titanate.replace_species({"Mn4+": "Ti4+", "Ni2+": "Mg2+"})
    found = compensation(titanate, frozenset({3}))
    assert found.text == "no redox ion known: the cell's formal charge is −1 e"
    assert found.charge == pytest.approx(formal_charges(state_cell(titanate, frozenset({3}))).sum())
    bare = bulk.copy()
    bare.remove_oxidation_states()
    assert "no oxidation states" in compensation(bare, frozenset({3})).text
    assert compensation(bulk, frozenset()).text == "nothing to balance"


def test_what_nickel_cannot_pay_is_left():
    """Half the nickel of LiNi0.5Mn1.5O4 replaced by magnesium pays for half the lithium."""
    bulk = ordered_spinel()
    for i in [i for i, site in enumerate(bulk) if site.species_string == "Ni2+"][:2]:
        bulk.replace(i, "Mg2+", properties=bulk[i].properties)
    found = compensation(bulk, frozenset(range(6)))
    assert found.changes == ("2 Ni2+ → Ni3+", "2 Ni3+ → Ni4+")
    assert found.charge == -2
    assert found.text.endswith("beyond that no redox ion known: the cell's formal charge is −2 e")


def _moments(bulk, changed=()):
    """Formal moments, about four fifths of them as in DFT; some ions with another valence."""
    species = dict(enumerate(site.specie for site in bulk)) | dict(changed)
    return np.array([0.8 * formal_moment(species[i]) for i in range(len(bulk))])


@pytest.mark.parametrize("signed", [True, False])
def test_engines_confirm_or_not(signed):
    bulk = ordered_spinel()
    nickel = [i for i, site in enumerate(bulk) if site.specie.symbol == "Ni"]
    manganese = next(i for i, site in enumerate(bulk) if site.specie.symbol == "Mn")
    state = frozenset({1})
    expected = compensation(bulk, state)
    view = (lambda values: values) if signed else np.abs
    before = view(_moments(bulk))

    def verdict(after):
        return confirmed(expected, bulk, state, before, np.delete(view(after), 1))

    ni3 = type(bulk[nickel[0]].specie)("Ni", 3)
    one = verdict(_moments(bulk, {nickel[1]: ni3}))
    sizes = "-1.60 → -0.80" if signed else "1.60 → 0.80"
    assert one == f"confirmed by the moment of Ni {nickel[1]} ({sizes} μB)"
    two = verdict(_moments(bulk, dict.fromkeys(nickel[:2], ni3)))
    assert two.startswith("not as expected (1 Ni oxidised)")
    other = verdict(_moments(bulk, {manganese: bulk[0].specie}))
    assert other.startswith("not as expected")
    none = verdict(_moments(bulk))
    assert none == "not resolved by the engine: no moment changed by more than 0.5 μB"
    assert "no moments" in confirmed(expected, bulk, state, None, None)


# --- selection


def test_ring_classes_are_bracelets():
    """Six beads of two and three colours, rotated and mirrored ones alike: 13 and 92."""
    for colours, number in (("ab", 13), ("abc", 92)):
        rings = itertools.product(colours, repeat=6)
        assert len({canonical_ring(ring) for ring in rings}) == number


@given(ring=st.lists(st.sampled_from(["Ni2+", "Mn3+", "Mn4+"]), max_size=6), k=st.integers(0, 5))
def test_turned_and_mirrored_rings_are_one(ring, k):
    turned = ring[k:] + ring[:k] if k <= len(ring) else ring
    assert canonical_ring(turned) == canonical_ring(ring[::-1]) == canonical_ring(ring)


@settings(max_examples=10, deadline=None)
@given(per_ring=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_selection_takes_so_many_of_each_ring(per_ring, seed):
    hops = find_hops(disordered_spinel((1, 1, 2), seed=5))
    chosen = select_hops(hops, per_ring, seed)
    there = Counter(canonical_ring(hop.ring) for hop in hops)
    taken = Counter(canonical_ring(hop.ring) for hop in chosen)
    assert taken == {ring: min(n, per_ring) for ring, n in there.items()}
    assert chosen == [hop for hop in hops if any(hop is c for c in chosen)]
    again = select_hops(hops, per_ring, seed)
    assert all(a is b for a, b in zip(chosen, again, strict=True))


def test_nothing_is_selected_from_nothing():
    assert select_hops([], 2, 0) == []
    with pytest.raises(RequestError, match="1 or more"):
        select_hops([], 0, 0)


# --- files for VASP


@pytest.mark.parametrize(
    ("bulk", "mode"),
    [
        (ordered_spinel(), Mode.vacancy()),
        (primitive(lithium_manganate()), Mode.empty_host()),
        (disordered_spinel(nickel=0.25, seed=1), Mode.content(0.5, 1)),
    ],
)
def test_written_images_are_a_path_for_vasp(bulk, mode, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    cell = defect_cell(bulk)
    hops = find_hops(bulk)[:3]
    write_images(cell, hops, mode, 7, tmp_path / "paths")
    folders = sorted((tmp_path / "paths").iterdir())
    assert len(folders) == len(hops)
    for hop in map(cell.hop, hops):
        place = tmp_path / "paths" / f"{hop.name}-{hop.start}-{hop.end}"
        facts = json.loads((place / "hop.json").read_text(encoding="utf-8"))
        files = [place / f"{k:02d}" / "POSCAR" for k in range(7)]
        for images in (
            [ase.io.read(file, format="vasp") for file in files],
            [Structure.from_file(file).to_ase_atoms() for file in files],
        ):
            symbols = images[0].get_chemical_symbols()
            # one block per element
            assert len(list(itertools.groupby(symbols))) == len(set(symbols))
            assert all(image.get_chemical_symbols() == symbols for image in images)
            ion = facts["moving_atom_in_POSCAR_from_0"]
            assert symbols[ion] == "Li"
            assert facts["moving_atom_in_POSCAR_from_1"] == ion + 1
            for a, b in pairwise(images):
                step = np.linalg.norm(b.positions - a.positions, axis=1)
                assert list(np.flatnonzero(step > 1e-6)) == [ion]
                assert step[ion] < 1.0
            centre = cell.structure.lattice.get_cartesian_coords(hop.octahedron)
            assert np.allclose(images[3].positions[ion], centre, atol=1e-6)
            oxygen = [k for k, symbol in enumerate(symbols) if symbol == "O"]
            near = np.sort(images[3].get_distances(ion, oxygen, mic=True))[:7]
            assert near[5] < 2.4 < near[6]
        assert facts["images"] == 7
        assert facts["mode"] == mode.describe(cell.structure)
        assert facts["INCAR"][0] == "IMAGES = 5"
        assert facts["INCAR"][1].startswith("MAGMOM = ")
        assert facts["ring"] == list(hop.ring)
        assert "→" in facts["charge_compensation"]
    assert not caplog.records
