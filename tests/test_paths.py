"""Vacancy cells, carried displacements and images of paths."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.paths import (
    closest,
    displacements,
    equivalent_sites,
    path_images,
    transported,
    vacancy_cell,
)
from lnmo_atoms.builders.spinel import ordered_spinel


def test_vacancies_of_one_orbit_are_relaxed_once():
    bulk = ordered_spinel()
    same = equivalent_sites(bulk)
    assert Counter(same[:8]) == {0: 8}
    assert len(set(same)) == 5


def test_transported_displacements_are_those_of_the_equivalent_vacancy():
    """Push every atom away from the vacancy by a law that depends on distance alone."""
    bulk = ordered_spinel()

    def relaxed(vacancy):
        cell = vacancy_cell(bulk, vacancy)
        arms = cell.frac_coords - bulk.frac_coords[vacancy]
        arms -= np.round(arms)
        distance = np.linalg.norm(arms @ bulk.lattice.matrix, axis=1)[:, None]
        pushed = cell.copy()
        # of atoms half a cell away two images are equally near: leave them where they are
        for i, shift in enumerate(0.05 * arms * (distance < 4.0)):
            pushed.translate_sites([i], shift, to_unit_cell=False)
        return displacements(bulk, pushed, vacancy)

    reference = relaxed(0)
    for target in range(1, 8):
        (moved,) = transported(bulk, reference, 0, target)
        there = relaxed(target)
        assert np.abs(there).max() > 0.01
        assert np.allclose(moved, there, atol=1e-4)


def test_path_keeps_atoms_together_and_passes_the_octahedron():
    bulk = ordered_spinel()
    none = np.zeros((56, 3))
    for hop in find_hops(bulk):
        images = path_images(bulk, hop, none, none, 7)
        assert len({str(image.composition) for image in images}) == 1
        steps = [(b.frac_coords - a.frac_coords) @ bulk.lattice.matrix for a, b in pairwise(images)]
        assert max(np.linalg.norm(step, axis=1).max() for step in steps) < 0.7
        moving = [np.flatnonzero(np.linalg.norm(step, axis=1) > 1e-9) for step in steps]
        assert len({int(m[0]) for m in moving}) == 1
        ion = int(moving[0][0])
        assert np.allclose(images[3].frac_coords[ion], hop.octahedron)
        ends = images[0].frac_coords[ion], images[-1].frac_coords[ion]
        assert np.allclose(ends[0], bulk.frac_coords[hop.start])
        assert np.allclose(ends[1] - bulk.frac_coords[hop.end], hop.end_image)


def test_sites_of_different_kind_are_not_transported():
    bulk = ordered_spinel()
    with pytest.raises(RequestError, match="not equivalent"):
        transported(bulk, np.zeros((56, 3)), 0, 10)


def test_closest_forms_of_broken_symmetry_are_paired():
    """Two vacancies whose surroundings distort along either of two axes: equal axes are paired."""
    x, y = np.zeros((4, 3)), np.zeros((4, 3))
    x[1], y[1] = (0.01, 0, 0), (0, 0.01, 0)
    for left, right, expected in (([x, y], [y], y), ([x], [y, x], x)):
        pair = closest(left, right)
        assert pair[0] is expected
        assert pair[1] is expected
