"""No termination is missing and none comes twice: Burnside, brute force, and any facet at all."""

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.charges import formal_charges, set_formal_moments
from lnmo_atoms.builders.slabs import certify, make_slabs, matching_bulk
from lnmo_atoms.builders.slabs.cuts import find_cuts
from lnmo_atoms.builders.slabs.faces import distinct_faces
from lnmo_atoms.builders.slabs.orientation import orient
from lnmo_atoms.builders.slabs.planes import scanned_planes
from lnmo_atoms.builders.spinel import (
    LI,
    MN4,
    NI,
    O2,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.builders.symmetry import symmetry_operations
from lnmo_atoms.formats import read, write

FACETS = [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 1), (3, 1, 0), (3, 1, 1), (3, 3, 1), (5, 1, 1)]
FACETS.append((5, 3, 1))
SAME = StructureMatcher(
    ltol=0.01, stol=0.01, angle_tol=0.1, primitive_cell=False, scale=False, attempt_supercell=False
)


def rhombohedral():
    """The ordering of 14 atoms with one nickel of four on 16d, R-3m."""
    cell = lithium_manganate().get_primitive_structure()
    metals = [i for i, site in enumerate(cell) if site.specie.symbol == "Mn"]
    for site in cell:
        site.species = {"Li": LI, "Mn": MN4, "O": O2}[site.specie.symbol]
    cell[metals[0]].species = NI
    set_formal_moments(cell)
    return cell


CRYSTALS = {
    "LiMn2O4": lithium_manganate(),
    "primitive LiMn2O4": lithium_manganate().get_primitive_structure(),
    "ordered LNMO": ordered_spinel(),
    "R-3m": rhombohedral(),
    "disordered LNMO": disordered_spinel(seed=1),
}
GENERAL = {("ordered LNMO", (5, 3, 1))}
"""No two-fold axis of P4_332 lies in these planes; P1 has no axis at all."""


@pytest.mark.parametrize("facet", FACETS, ids=str)
@pytest.mark.parametrize("name", sorted(set(CRYSTALS) - {"primitive LiMn2O4"}))
def test_every_facet_has_certified_slabs(name, facet):
    bulk = CRYSTALS[name]
    repeat = 2 * bulk.lattice.d_hkl(facet)  # a centred lattice repeats after two d(hkl) at most
    for slab in make_slabs(bulk, facet, choices=2):
        certificate = slab.certificate
        assert certificate.stoichiometric, slab.name
        assert certificate.dipole_free, slab.name
        assert abs(certificate.dipole) < 1e-6
        assert 12 - 1e-6 < certificate.thickness < 12 + repeat
        if name != "disordered LNMO" and (name, facet) not in GENERAL:
            assert certificate.symmetric, slab.name


@pytest.mark.parametrize(
    ("name", "floor"), [("LiMn2O4", (4, 3, 6)), ("ordered LNMO", (2, 5, 3))], ids=str
)
def test_low_facets_have_no_fewer_terminations_than_a_crude_search_finds(name, floor):
    for facet, least in zip(((1, 0, 0), (1, 1, 0), (1, 1, 1)), floor, strict=True):
        slabs = make_slabs(CRYSTALS[name], facet)
        assert len(slabs) >= least
        groups = SAME.group_structures([slab.structure for slab in slabs])
        assert len(groups) == len(slabs)


@pytest.mark.parametrize("facet", [(1, 0, 0), (1, 1, 0), (1, 1, 1), (3, 1, 1)], ids=str)
@pytest.mark.parametrize("name", ["LiMn2O4", "R-3m"])
def test_distinct_faces_agree_with_burnside(name, facet):
    """Orbits of choices = mean, over the operations of the flat face, of the choices each fixes."""
    bulk = CRYSTALS[name]
    crystal = orient(bulk, symmetry_operations(bulk), facet)
    charges = formal_charges(bulk)
    species = [str(s) for s in range(9)]
    for cut in find_cuts(crystal, charges):
        faces = distinct_faces([cut], species, charges, None, np.random.default_rng(0))
        assert len(faces) == burnside(cut)


def burnside(cut):
    """Counted without listing a choice, from the flat half-crystal's own symmetry."""
    oriented = cut.crystal
    depth = np.arange(-12, 1)
    n = len(cut.tops)
    flat = [(i, int(cut.tops[i] + k)) for i in range(n) for k in depth]
    pools = []
    for s, moves in enumerate(cut.moves):
        pool = cut.next if moves > 0 else cut.outermost
        lift = 1 if moves > 0 else 0
        members = [(int(i), int(cut.tops[i]) + lift) for i in pool if oriented.species[i] == s]
        if moves:
            pools.append((members, abs(moves)))
    movable = [atom for members, _ in pools for atom in members]
    atoms = flat + [atom for atom in movable if atom not in flat]
    points = np.array([oriented.coords[i] + [0, 0, k] for i, k in atoms]) @ oriented.basis
    z = points[:, 2]
    kinds = [f"{oriented.species[i]}" for i, _ in atoms]
    special = {atom: f"m{oriented.species[atom[0]]}" for atom in movable}
    names = sorted({*kinds, *special.values()})
    labels = [names.index(special.get(a, k)) + 1 for a, k in zip(atoms, kinds, strict=True)]
    elements = ["H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne"]
    cell = oriented.basis.copy()
    cell[:2, 2], cell[2] = 0, [0, 0, np.ptp(z) + 20]
    structure = Structure(
        Lattice(cell), [elements[m] for m in labels], points, coords_are_cartesian=True
    )
    operations = symmetry_operations(structure)
    places = [atoms.index(atom) for atom in movable]
    found = set()
    for rotation, shift in zip(operations.rotations, operations.translations, strict=True):
        if rotation[2, 2] < 0:
            continue
        images = structure.frac_coords[places] @ rotation.T + shift
        distances = structure.lattice.get_all_distances(images, structure.frac_coords[places])
        found.add(tuple(int(j) for j in distances.argmin(axis=1)))
    fixed = 0
    for permutation in found:
        ways = 1
        for members, moved in pools:
            positions = [movable.index(atom) for atom in members]
            ways *= fixed_subsets(permutation, positions, moved)
        fixed += ways
    assert fixed % len(found) == 0
    return fixed // len(found)


def fixed_subsets(permutation, positions, size):
    """Subsets of a given size that a permutation keeps: unions of its cycles."""
    left, cycles = set(positions), []
    while left:
        start = at = left.pop()
        length = 1
        while (at := permutation[at]) != start:
            left.remove(at)
            length += 1
        cycles.append(length)
    ways = [1] + [0] * size
    for length in cycles:
        ways = [w + (ways[n - length] if n >= length else 0) for n, w in enumerate(ways)]
    return ways[size]


def test_fixed_subsets_of_nothing_moved_are_binomials():
    assert fixed_subsets(tuple(range(6)), range(6), 3) == comb(6, 3)


IN_PLANE = {
    (1, 0, 0): [[0, 0.5, 0.5], [0, -0.5, 0.5]],
    (1, 1, 0): [[0.5, -0.5, 0], [0, 0, 1]],
}
"""Smallest in-plane cells of a face-centred lattice, in units of a."""


@pytest.mark.parametrize("facet", IN_PLANE, ids=str)
def test_brute_force_finds_the_same_slabs_of_limn2o4(facet):
    """Every subset of the planes beside every gap, mirrored at every inversion centre."""
    bulk = lithium_manganate()
    area = np.linalg.norm(np.cross(*np.array(IN_PLANE[facet]) * bulk.lattice.a))
    slabs = [
        slab.structure
        for slab in make_slabs(bulk, facet, thickness=8.0, choices=None)
        if slab.certificate.area == pytest.approx(area)
    ]
    expected = [group[0] for group in SAME.group_structures(brute_force(bulk, facet, 8.0))]
    assert expected
    assert len(slabs) == len(expected)
    for wanted in expected:
        assert sum(SAME.fit(wanted, slab) for slab in slabs) == 1


def brute_force(bulk, facet, thickness):
    """Per gap the stoichiometric slabs with the fewest atoms moved, as thin as may be."""
    length = bulk.lattice.a
    normal = np.array(facet) / np.linalg.norm(facet)
    frame = np.array([*np.array(IN_PLANE[facet]) * length, normal])
    images = np.array(list(itertools.product(range(-5, 6), repeat=3)))
    points = (bulk.frac_coords[None] + images[:, None]).reshape(-1, 3) * length
    local = points @ np.linalg.inv(frame)
    # inversion centres of Fd-3m, origin 2: halves of the face-centred lattice's vectors
    halves = np.array([v for v in images if v.sum() % 2 == 0]) * length / 4
    centres = {round(float(c @ normal), 3): c @ np.linalg.inv(frame) for c in halves}
    inside = ((local[:, :2] > -1e-6) & (local[:, :2] < 1 - 1e-6)).all(axis=1)
    inside &= np.abs(local[:, 2]) < thickness + 5
    local = local[inside]
    symbols = np.tile([site.specie.symbol for site in bulk], len(images))[inside]
    z = local[:, 2]
    levels = np.sort(z)
    gaps = levels[:-1][np.diff(levels) > 0.3] + 0.15
    found = []
    for lower, gap, upper in zip(gaps, gaps[1:], gaps[2:], strict=False):
        if not 0 <= gap < length:
            continue
        ways = []
        for plane, present in (((z > lower) & (z < gap), False), ((z > gap) & (z < upper), True)):
            members = np.flatnonzero(plane)
            for size in range(len(members) + 1):
                for chosen in itertools.combinations(members, size):
                    held = z < gap
                    held[list(chosen)] = present
                    slab = mirrored(local, symbols, held, centres, thickness, frame)
                    if slab is not None:
                        ways.append((size, slab))
        fewest = min((size for size, _ in ways), default=0)
        found += [slab for size, slab in ways if size == fewest]
    return found


def mirrored(local, symbols, held, centres, thickness, frame):  # noqa: PLR0917
    """The thinnest stoichiometric slab with this upper half that an inversion completes."""
    top = local[held, 2].max()
    deep_enough = sorted((h for h in centres if 2 * (top - h) > thickness - 1e-6), reverse=True)
    for height in deep_enough[:4]:
        half = local[held & (local[:, 2] > height - 1e-3)]
        kinds = symbols[held & (local[:, 2] > height - 1e-3)]
        middle = np.abs(half[:, 2] - height) < 1e-3
        coords = np.concatenate([half, 2 * centres[height] - half[~middle]])
        kinds = np.concatenate([kinds, kinds[~middle]])
        lithium, manganese, oxygen = ((kinds == s).sum() for s in ("Li", "Mn", "O"))
        if manganese == 2 * lithium and oxygen == 4 * lithium:
            cell = frame * [[1], [1], [np.ptp(coords[:, 2]) + 15]]
            ions = [{"Li": "Li+", "Mn": "Mn3.5+", "O": "O2-"}[k] for k in kinds]
            return Structure(Lattice(cell), ions, coords @ frame, coords_are_cartesian=True)
    return None


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(sorted(CRYSTALS)),
    facet=st.tuples(*[st.integers(-3, 3)] * 3).filter(any),
    thickness=st.floats(4, 9),
    vacuum=st.floats(7, 20),
)
def test_any_facet_of_any_cell(tmp_path_factory, name, facet, thickness, vacuum):
    bulk = CRYSTALS[name]
    nearest = bulk.get_neighbor_list(3.0)[3].min()
    slabs = make_slabs(bulk, facet, thickness, vacuum, choices=2)
    per_unit = sum(bulk.site_properties["magmom"]) / units_of(bulk.composition)
    for slab in slabs[:3]:
        structure, certificate = slab.structure, slab.certificate
        assert structure.get_neighbor_list(3.0)[3].min() > nearest - 1e-6
        assert certificate.thickness > thickness - 1e-6
        assert certificate.vacuum == pytest.approx(vacuum)
        moment = sum(structure.site_properties["magmom"])
        assert moment == pytest.approx(per_unit * certificate.formula_units, abs=1e-9)
        path = tmp_path_factory.mktemp("slabs") / "slab.vasp"
        write(structure, path)
        again = read(path)
        again.add_oxidation_state_by_site([site.specie.oxi_state for site in structure])
        recomputed = certify(again, bulk.composition)
        assert recomputed.symmetric == certificate.symmetric
        assert recomputed.stoichiometric
        assert recomputed.dipole_free
    for one, other in itertools.combinations([s.structure for s in slabs[:3]], 2):
        assert len(one) > 250 or not SAME.fit(one, other)


def units_of(composition):
    return composition.element_composition.get_reduced_composition_and_factor()[1]


@pytest.mark.parametrize("name", ["LiMn2O4", "ordered LNMO"])
def test_terminations_and_cell_are_those_of_every_thickness(name):
    """Names, in-plane vectors and surface stay; the inside grows by whole repeats."""
    for facet in ((1, 0, 0), (1, 1, 1)):
        thin, thick = (make_slabs(CRYSTALS[name], facet, t, choices=2) for t in (8.0, 17.0))
        assert [slab.termination for slab in thin] == [slab.termination for slab in thick]
        for small, large in zip(thin, thick, strict=True):
            in_plane = (slab.structure.lattice.matrix[:2] for slab in (small, large))
            assert np.allclose(*in_plane)
            assert small.certificate.changed == large.certificate.changed
            assert np.allclose(skin(small), skin(large), atol=1e-6)


def skin(slab):
    """Bulk sites and depths of the atoms within 3 Å of the top."""
    z = slab.structure.cart_coords[:, 2]
    sites = slab.structure.site_properties["bulk_site"]
    inside = [i for i, h in enumerate(z) if z.max() - h < 3]
    return sorted((sites[i], float(z.max() - z[i])) for i in inside)


def test_planes_come_from_the_scan_not_from_a_guess():
    """(100) of the spinel: planes of lithium, and of metal and oxygen 0.1 Å apart, 0.9 Å away."""
    bulk = lithium_manganate()
    crystal = orient(bulk, symmetry_operations(bulk), (1, 0, 0))
    counts = [planes.count for planes in scanned_planes(crystal)]
    assert counts[0] == 4  # Li, MnO, Li, MnO in half the cubic repeat
    assert 8 in counts  # metal and two of oxygen apart


@pytest.mark.parametrize("name", ["LiMn2O4", "ordered LNMO"])
def test_bulk_cell_matches_the_slab_in_plane(name):
    bulk = CRYSTALS[name]
    for facet in ((1, 0, 0), (1, 1, 0), (1, 1, 1)):
        for slab in make_slabs(bulk, facet, choices=1):
            cell = matching_bulk(slab, bulk)
            assert np.allclose(cell.lattice.matrix[:2], slab.structure.lattice.matrix[:2])
            assert StructureMatcher(scale=False).fit(cell, bulk)
            inside = slab.structure.cart_coords[:, 2] - slab.structure.lattice.c / 2
            middle = int(np.abs(inside).argmin())
            here = slab.structure.get_neighbors(slab.structure[middle], 3.0)
            site = slab.structure.site_properties["bulk_site"][middle]
            there = cell[cell.site_properties["bulk_site"].index(site)]
            shifts = [
                np.sort([n.coords - s.coords for n in near], axis=0)
                for s, near in (
                    (slab.structure[middle], here),
                    (there, cell.get_neighbors(there, 3.0)),
                )
            ]
            assert np.allclose(*shifts, atol=1e-6)
