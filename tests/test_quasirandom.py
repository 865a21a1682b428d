"""Quasi-random cells: their clusters, long-range order and composition, by counting anew."""

import itertools
import json
import logging
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.clusters import cluster_orbits, metal_sites
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.metals import metal_spins
from lnmo_atoms.builders.quasirandom import cells, disorder_figures, order_parameter
from lnmo_atoms.builders.quasirandom.long_range import order_of, variants
from lnmo_atoms.builders.quasirandom.short_range import correlations, target_correlations
from lnmo_atoms.builders.slabs import make_slabs
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.builders.symmetry import space_group
from lnmo_atoms.formats import read, write


def nickel_sets():
    """The nickel sites of ordered LNMO and their images: 4 lattice translations lost, 2 hands.

    In quarters of the lattice parameter, modulo 4; the cell's origin is 1/8 off that of Fd-3m.
    """
    ordered = ordered_spinel()
    nickel = [s.frac_coords - 1 / 8 for s in ordered if s.specie.symbol == "Ni"]
    home = np.rint(4 * np.array(nickel)).astype(int)
    faces = np.array([(0, 0, 0), (0, 2, 2), (2, 0, 2), (2, 2, 0)])
    return [
        {tuple(p) for p in ((sign * home + face) % 4).tolist()}
        for sign in (1, -1)
        for face in faces
    ]


def order_by_hand(structure, supercell):
    """S = (f - x)/(1 - x), the largest of eight variants, counted atom by atom."""
    quarters = structure.frac_coords * supercell * 4
    metals = [
        (tuple(np.rint(q).astype(int) % 4), site.specie.symbol)
        for q, site in zip(quarters.round(6), structure, strict=True)
        if site.specie.symbol in {"Ni", "Mn"}
    ]
    x = Fraction(sum(symbol == "Ni" for _, symbol in metals), len(metals))
    shares = [
        Fraction(sum(s == "Ni" and p in places for p, s in metals), len(metals) // 4)
        for places in nickel_sets()
    ]
    return float((max(shares) - x) / (1 - x))


def shell_means(structure, a):
    """Mean product of spins in the first three shells, from pymatgen's list of neighbours."""
    crystal = Structure.from_sites([s for s in structure if s.specie.symbol in {"Ni", "Mn"}])
    spins = np.array([1 if s.specie.symbol == "Ni" else -1 for s in crystal])
    first, second, _, distance = crystal.get_neighbor_list(0.75 * a)
    shell = np.rint((4 * distance / a) ** 2).astype(int)
    return [spins[first[shell == d]] @ spins[second[shell == d]] / (shell == d).sum()
            for d in (2, 6, 8)]  # fmt: skip


def triangle_mean(structure, a):
    """Mean product of spins over three nearest neighbours of each other."""
    crystal = Structure.from_sites([s for s in structure if s.specie.symbol in {"Ni", "Mn"}])
    spins = np.array([1 if s.specie.symbol == "Ni" else -1 for s in crystal])
    near = np.abs(crystal.distance_matrix - a * np.sqrt(2) / 4) < 0.1
    products = [
        spins[i] * spins[j] * spins[k]
        for i in range(len(crystal))
        for j, k in itertools.combinations(np.flatnonzero(near[i]), 2)
        if i < j and near[j, k]
    ]
    return np.mean(products)


@pytest.mark.parametrize("seed", range(3))
def test_448_atoms_are_exactly_quasirandom(seed):
    """At 1:3 random pairs have (-1/2)² and triangles (-1/2)³; no variant has more nickel."""
    bulk = disordered_spinel((2, 2, 2), method="sqs", seed=seed, a=8.17)
    assert shell_means(bulk, 8.17) == [1 / 4] * 3
    assert triangle_mean(bulk, 8.17) == -1 / 8
    figures = disorder_figures(bulk)
    assert [orbit.correlation for orbit in figures.orbits] == [1 / 4] * 4 + [-1 / 8]
    assert figures.worst.deviation == 0
    assert figures.variants == (0,) * 8
    assert order_by_hand(bulk, (2, 2, 2)) == 0


def test_quasirandom_cells_at_an_order_parameter():
    """Counted in 1,512 atoms: S within half a step of 1/81, the variants of P4_332 by hand."""
    for order in (0.0, 0.2, 0.5, 0.83):
        for method in ("random", "sqs")[order == 0 :]:
            bulk = disordered_spinel((3, 3, 3), method, order, seed=4)
            found = order_by_hand(bulk, (3, 3, 3))
            assert abs(found - order) <= 0.01
            assert order_parameter(bulk) == pytest.approx(found)
    figures = disorder_figures(bulk)
    for orbit in figures.orbits:
        assert abs(orbit.deviation) <= (4 if "triangle" in orbit.name else 2) / orbit.clusters


@pytest.mark.parametrize("cell", [(1, 1, 1), (2, 1, 1)])
@pytest.mark.parametrize("method", ["random", "sqs"])
def test_full_order_is_p4_332(cell, method):
    bulk = disordered_spinel(cell, method, order=1)
    assert space_group(bulk).number == 212
    assert order_parameter(bulk) == 1


def test_what_a_cell_of_56_atoms_cannot_match_is_least_and_said(caplog):
    """Against all 1,820 decorations: the least sum of deviations at each order parameter."""
    orbits = cluster_orbits((1, 1, 1))
    least = {}
    for chosen in itertools.combinations(range(16), 4):
        spins = np.where(np.isin(np.arange(16), chosen), 1, -1)
        on_4b = int((variants((1, 1, 1)) & (spins > 0)).sum(axis=1).max())
        deviation = correlations(spins, orbits) - target_correlations(on_4b, 4, 16)
        least[on_4b] = min(least.get(on_4b, np.inf), np.abs(deviation).sum())
    assert least[1] > 0.1  # no exact quasi-random cell
    for on_4b, sum_of_deviations in least.items():
        figures = disorder_figures(
            disordered_spinel(method="sqs", order=order_of(on_4b, 4, 16), seed=on_4b)
        )
        assert figures.order == pytest.approx(order_of(on_4b, 4, 16))
        found = sum(abs(orbit.deviation) for orbit in figures.orbits)
        assert found == pytest.approx(sum_of_deviations)
        worst = f"{figures.worst.name} is {abs(figures.worst.deviation):.3f} off"
        assert on_4b == 4 or worst in caplog.text


@settings(max_examples=40, deadline=None)
@given(
    cell=st.tuples(*[st.integers(1, 2)] * 3),
    eighths=st.integers(0, 4),
    method=st.sampled_from(["random", "sqs"]),
    order=st.floats(0.15, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_order_keeps_composition_and_is_the_nearest_held(cell, eighths, method, order, seed):
    bulk = disordered_spinel(cell, method, order, nickel=eighths / 8, seed=seed)
    units = 8 * int(np.prod(cell))
    n_nickel = eighths * units // 8
    counts = bulk.composition
    assert len(bulk) == 7 * units
    assert counts["Ni2+"] == n_nickel
    assert counts["Mn3+"] == units - 2 * n_nickel
    assert formal_charges(bulk).sum() == pytest.approx(0)
    x = n_nickel / (2 * units)
    some = -(-n_nickel // 4)
    held = [(n / (units / 2) - x) / (1 - x) for n in range(some, min(units // 2, n_nickel) + 1)]
    found = order_by_hand(bulk, cell)
    assert abs(found - order) == pytest.approx(min(abs(s - order) for s in held))
    assert order_parameter(bulk) == pytest.approx(found)


@settings(max_examples=15, deadline=None)
@given(cell=st.tuples(*[st.integers(1, 3)] * 3), seed=st.integers(0, 2**32 - 1))
def test_quasirandom_cells_without_order_have_none(cell, seed):
    """At x = 1/2 each variant's share of nickel can be whole, so that all eight are alike."""
    bulk = disordered_spinel(cell, "sqs", seed=seed)
    assert disorder_figures(bulk).variants == (0,) * 8
    assert order_by_hand(bulk, cell) == 0


@pytest.mark.parametrize("order", [0.0, 0.4, 1.0])
def test_targets_are_the_means_of_independent_sites(order):
    """Nickel drawn site by site, f(4b) and f(12d) its probability: within five standard errors."""
    supercell = (2, 2, 2)
    orbits, on_4b = cluster_orbits(supercell), variants(supercell)[0]
    n_4b = round((0.25 + 0.75 * order) * 32)
    share = np.where(on_4b, n_4b / 32, (32 - n_4b) / 96)
    rng = np.random.default_rng(1)
    draws = np.array(
        [correlations(np.where(rng.random(128) < share, 1, -1), orbits) for _ in range(2000)]
    )
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - target_correlations(n_4b, 32, 128)) <= 5 * error).all()


def test_superlattice_intensity_grows_as_the_square_of_order(monkeypatch):
    """Lines that Fd-3m forbids, in Cu Kα, by pymatgen, sublattices at their mean occupation."""
    monkeypatch.setattr(XRDCalculator, "SCALED_INTENSITY_TOL", 1e-9)

    def intensities(order):
        bulk = disordered_spinel((2, 2, 2), "sqs", order, seed=1)
        _, spins = metal_spins(bulk)
        on_4b = variants((2, 2, 2))[0]
        f_4b, f_12d = ((spins[block] > 0).mean() for block in (on_4b, ~on_4b))
        cell = average_spinel()
        for site, ordered in zip(cell[8:24], variants((1, 1, 1))[0], strict=True):
            f = f_4b if ordered else f_12d
            site.species = {"Ni": f, "Mn": 1 - f}
        pattern = XRDCalculator().get_pattern(cell, scaled=False, two_theta_range=(10, 60))
        return (f_4b - 0.25) / 0.75, {
            abs(h[0]["hkl"][0]) ** 2 + h[0]["hkl"][1] ** 2 + h[0]["hkl"][2] ** 2: y
            for h, y in zip(pattern.hkls, pattern.y, strict=True)
        }

    _, full = intensities(1.0)
    for asked in (0.25, 0.5, 0.75):
        held, partial = intensities(asked)
        assert held == asked  # in steps of 1/24
        for line in (2, 5, 6, 10, 13):  # (110) (210) (211) (310) (320)
            assert partial[line] / full[line] == pytest.approx(asked**2, rel=0.01)


def test_figures_of_the_ordered_crystal_and_its_mirror_image():
    """Its origin is 1/8 off and its manganese displaced; all correlations are those of S = 1."""
    for bulk in (ordered_spinel(), ordered_spinel(enantiomorph=True)):
        figures = disorder_figures(bulk)
        assert figures.order == 1
        assert sorted(figures.variants) == pytest.approx([-1 / 3] * 3 + [0] * 4 + [1])
        assert all(orbit.deviation == pytest.approx(0) for orbit in figures.orbits)
    assert disorder_figures(lithium_manganate()).order == 0


@pytest.mark.parametrize("name", ["POSCAR", "cell.cif", "cell.extxyz"])
def test_figures_of_files_read_back(name, tmp_path):
    bulk = disordered_spinel((1, 2, 1), "sqs", 0.5, seed=2)
    write(bulk, tmp_path / name)
    back, figures = disorder_figures(read(tmp_path / name)), disorder_figures(bulk)
    assert back.order == pytest.approx(figures.order)
    assert [o.correlation for o in back.orbits] == [o.correlation for o in figures.orbits]
    assert json.loads(json.dumps(back.as_dict()))["order_parameter"] == pytest.approx(0.5)


@settings(max_examples=20, deadline=None)
@given(shift=st.tuples(*[st.floats(-1, 1)] * 3), seed=st.integers(0, 100))
def test_figures_do_not_depend_on_origin_noise_or_numbering(shift, seed):
    bulk = disordered_spinel((1, 1, 2), seed=seed)
    figures = disorder_figures(bulk)
    moved = bulk.copy()
    rng = np.random.default_rng(seed)
    coords = moved.cart_coords + 8.17 * np.array(shift) + rng.uniform(-0.2, 0.2, (112, 3))
    moved = Structure(moved.lattice, moved.species, coords, coords_are_cartesian=True)
    moved = Structure.from_sites([moved[i] for i in rng.permutation(112)])
    again = disorder_figures(moved)
    assert sorted(again.variants) == pytest.approx(sorted(figures.variants))
    assert [o.correlation for o in again.orbits] == [o.correlation for o in figures.orbits]


def test_random_cells_without_order_are_draws_on_all_sites():
    """A seed's cell is the first nickel atoms of a permutation of 16d, as ever."""
    bulk = disordered_spinel((2, 1, 1), seed=7)
    drawn = np.random.default_rng(7).permutation(32)[:8]
    _, spins = metal_spins(bulk)
    quarters = metal_sites((2, 1, 1))[drawn] / [8, 4, 4]
    nickel = [s.frac_coords % 1 for s in bulk if s.specie.symbol == "Ni"]
    assert (spins > 0).sum() == 8
    assert {tuple(p.round(3)) for p in nickel} == {tuple(p.round(3)) for p in quarters}


def test_a_seed_fixes_the_cell():
    for method, order in (("sqs", 0.0), ("sqs", 0.5), ("random", 0.5)):
        one, same, other = (disordered_spinel((1, 2, 2), method, order, seed=s) for s in (1, 1, 2))
        assert one == same
        assert one != other


def test_an_order_the_cell_cannot_hold_is_said(caplog):
    """Three nickel atoms on four 4b sites: S = (3/4 - 3/16)/(1 - 3/16) at most."""
    with caplog.at_level(logging.WARNING):
        bulk = disordered_spinel(method="sqs", order=1.0, nickel=0.375)
    assert order_parameter(bulk) == pytest.approx(9 / 13)
    assert "S = 0.692 is what this cell holds" in caplog.text


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        ({"method": "magic"}, "'random' or 'sqs'"),
        ({"order": 1.2}, "from 0 to 1"),
        ({"order": -0.1, "method": "sqs"}, "from 0 to 1"),
        ({"order": float("nan")}, "from 0 to 1"),
        ({"method": "sqs", "nickel": 0.3}, "x = 0.25"),
    ],
)
def test_impossible_requests_are_refused_with_a_way_out(request_, hint):
    with pytest.raises(RequestError, match=hint):
        disordered_spinel(**request_)


def test_an_order_below_that_of_chance_is_refused(monkeypatch):
    monkeypatch.setattr(cells, "MOST_DRAWS", 20)
    with pytest.raises(RequestError, match="chance alone"):
        disordered_spinel((2, 2, 2), order=0.01)


def test_what_has_no_figures_is_refused_with_a_way_out():
    bulk = ordered_spinel()
    primitive = lithium_manganate().get_primitive_structure(use_site_props=True)
    displaced = bulk.copy()
    displaced.translate_sites([8], [0.2, 0, 0])
    for structure, hint in (
        (primitive, "cubic axes"),
        (Structure.from_sites(bulk[:23]), "16 nickel and manganese"),
        (displaced, "ideal positions"),
        (average_spinel(), "partially occupied"),
        (make_slabs(bulk, (1, 0, 0))[0].structure, "slab"),
    ):
        with pytest.raises(RequestError, match=hint):
            disorder_figures(structure)
