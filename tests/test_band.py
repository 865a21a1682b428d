"""Paths on engines whose answers are written down: saddles, segments, proofs, restarts."""

import json
import logging

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import CalculationFailed
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from scipy.optimize import minimize_scalar
from toy_engines import CENTRE, HALF, HALF_TURN, valley, valley_path

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms, to_structure
from lnmo_atoms.migration.verdict import octahedron_role, path_segments
from lnmo_atoms.tasks import band, relax
from lnmo_atoms.tasks.curvature import DISPLACEMENT
from lnmo_atoms.tasks.files import evaluations_noted
from lnmo_atoms.tasks.notebook import Notebook

EMT = CalculatorSpec.parse("emt")
HUMPS = {"height": 0.1, "hump": 0.15}
RIDGE = {"height": 0.4, "ridge": 1.0}


def spec(**shape):
    return CalculatorSpec.parse("toy_engines:Valley", **shape)


def found(*, images=5, mirror=None, aside=0.0, fmax=0.01, checkpoint=None, extra=None, **shape):
    tilt = shape.get("tilt", 0.0)
    return band(
        valley_path(images, aside=aside), spec(**shape, **(extra or {})),
        end_energies=(-tilt / 2, tilt / 2), mirror=mirror, fmax=fmax, checkpoint=checkpoint,
    )  # fmt: skip


def turns(**shape):
    """(s, energy) of every stationary point of a straight valley between its end points."""
    s = np.linspace(-0.98, 0.98, 2001)
    energies = valley(s, 0, 0, **shape)
    inner = (energies[1:-1] - energies[:-2]) * (energies[2:] - energies[1:-1]) < 0
    points = []
    for k in np.flatnonzero(inner) + 1:
        sign = 1 if energies[k] < energies[k - 1] else -1
        best = minimize_scalar(
            lambda x, sign=sign: sign * valley(x, 0, 0, **shape),
            bounds=(s[k - 1], s[k + 1]), method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        points.append((best.x, valley(best.x, 0, 0, **shape)))
    return points


def hessian(structure, engine, step=1e-4):
    """Eigenvalues of the Hessian by central differences, motions of the whole left out."""
    atoms = to_atoms(structure)
    atoms.calc = engine.calculator()
    rows = []
    for place in np.ndindex(atoms.positions.shape):
        pair = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.calc = atoms.calc
            moved.positions[place] += sign * step
            pair.append(moved.get_forces().ravel())
        rows.append((pair[1] - pair[0]) / (2 * step))
    whole = np.tile(np.eye(3), len(atoms)).T / np.sqrt(len(atoms))
    return np.linalg.eigvalsh((np.array(rows) + np.array(rows).T) / 2 + 1e3 * whole @ whole.T)


# --- known potentials -------------------------------------------------------------------------


@pytest.mark.parametrize("mirror", [None, HALF_TURN])
@pytest.mark.parametrize(
    "shape",
    [{}, {"height": 0.12}, HUMPS, {"height": 0.05, "hump": 0.2}],
    ids=["cosine", "low", "humps", "deep"],
)
def test_symmetric_paths(shape, mirror):
    shape = {"height": 0.3, **shape}
    result, points = found(mirror=mirror, **shape), turns(**shape)
    firm = [i for i, kind in enumerate(result.kinds) if kind == "stationary"]
    assert len(firm) == len(points)
    assert result.converged
    for i, (s, energy) in zip(firm, points, strict=True):
        assert result.energies[i] == pytest.approx(energy, abs=2e-4)
        at = result.images[i].cart_coords
        mean = at[1:].mean(axis=0) - CENTRE
        assert at[0] - CENTRE - mean == pytest.approx([s * HALF, 0, 0], abs=0.02)
    assert result.energies[0] == result.energies[-1] == 0
    segments = path_segments(result.energies, result.kinds)
    tops = points[::2]
    assert segments[0].barrier == pytest.approx(tops[0][1], abs=2e-4)
    if len(points) == 3:
        rest = points[1][1]
        assert segments[0].barrier_reverse == pytest.approx(tops[0][1] - rest, abs=4e-4)
        assert segments[1].barrier == pytest.approx(tops[1][1] - rest, abs=4e-4)
    to_centre = np.array([np.linalg.norm(i.cart_coords[0] - CENTRE) for i in result.images])
    role = octahedron_role(result.kinds, to_centre, segments)
    assert role == ("intermediate" if len(points) == 3 else "saddle")


@pytest.mark.parametrize("shape", [{"tilt": 0.1}, {"tilt": -0.2}, HUMPS | {"tilt": 0.05}])
def test_unsymmetric_paths(shape):
    shape = {"height": 0.3, **shape}
    result, points = found(**shape), turns(**shape)
    segments = path_segments(result.energies, result.kinds)
    assert result.converged
    assert [result.energies[s.saddle] for s in segments] == pytest.approx(
        [energy for _, energy in points[::2]], abs=3e-4
    )
    ends = -shape["tilt"] / 2, shape["tilt"] / 2
    assert (result.energies[0], result.energies[-1]) == ends
    assert segments[0].barrier == pytest.approx(points[0][1] - ends[0], abs=3e-4)
    assert segments[-1].barrier_reverse == pytest.approx(points[-1][1] - ends[1], abs=3e-4)


def test_a_saddle_off_the_octahedron_is_found_there():
    shape = {"height": 0.12, "tilt": 0.22}
    ((s, energy),) = turns(**shape)
    assert s * HALF > 0.3
    result = found(fmax=0.001, **shape)
    top = int(result.energies.argmax())
    assert result.kinds[top] == "stationary"
    assert result.energies[top] == pytest.approx(energy, abs=2e-4)
    at = result.images[top].cart_coords[:, 0]
    assert at[0] - at[1:].mean() == pytest.approx(s * HALF, abs=0.01)


@pytest.mark.parametrize("shape", [{"height": 0.3}, HUMPS, {"height": 0.3, "tilt": 0.1}])
def test_curvatures_are_those_of_the_hessian(shape):
    """Within their errors and what a step of 0.1 Å sees of the next order: a thirtieth or so."""
    result = found(fmax=0.001, **shape)
    top = result.images[int(result.energies.argmax())]
    exact = hessian(top, spec(**shape))
    allowed = result.curvature_errors + 40 * DISPLACEMENT**2 * np.abs(exact[:2]) / 6
    assert (np.abs(result.curvatures - exact[:2]) < allowed).all()
    assert (exact < 0).sum() == (result.curvatures < 0).sum() == 1


def test_a_point_lower_on_two_sides_is_left_for_the_saddle_beside():
    """Half-turn symmetry keeps the ion at y = 0, where its energy falls off in y too: the true
    saddles lie at y² = ridge / 5, lower by ridge² / 20."""
    turned = found(mirror=HALF_TURN, **RIDGE)
    free = found(aside=0.2, **RIDGE)
    for result in (turned, free):
        top = int(result.energies.argmax())
        assert result.converged
        assert result.energies[top] == pytest.approx(0.4 - 1.0 / 20, abs=3e-4)
        at = result.images[top].cart_coords
        assert abs(at[0, 1] - at[1:, 1].mean()) == pytest.approx(np.sqrt(0.2), abs=0.02)
        assert (result.curvatures < 0).tolist() == [True, False]
    assert (hessian(turned.images[0], spec(**RIDGE)) > 0).all()
    assert turned.force_calls > free.force_calls


def test_the_other_half_is_the_mirror_image():
    result = found(images=9, mirror=HALF_TURN, **HUMPS)
    assert result.energies.tolist() == result.energies.tolist()[::-1]
    assert result.kinds == result.kinds[::-1]
    rotation, atoms = np.array(HALF_TURN["rotation"]), np.array(HALF_TURN["atoms"])
    centre = valley_path(3)[1].cart_coords
    for one, other in zip(result.images, result.images[::-1], strict=True):
        turned = np.empty((7, 3))
        turned[atoms] = centre[atoms] + (one.cart_coords - centre) @ rotation.T
        assert other.cart_coords == pytest.approx(turned, abs=1e-9)


def test_a_path_that_only_climbs_has_no_saddle():
    """From the minimum half way up the slope: the saddle lies beyond the end."""
    result = band(
        valley_path(5, ends=(-1, -0.4)), spec(), fmax=0.01,
        end_energies=(0, valley(-0.4, 0, 0)),
    )  # fmt: skip
    assert path_segments(result.energies, result.kinds) == ()
    assert result.curvatures is None
    assert (np.diff(result.energies) > 0).all()


def test_ends_and_winding_are_kept():
    start = valley_path(5)
    for image in start:
        image.translate_sites(range(7), [-0.5, 0, 0], to_unit_cell=False)
    away = [Structure(i.lattice, i.species, i.frac_coords + np.array([1, 0, 0])) for i in start]
    result = band(away, CalculatorSpec.parse("toy_engines:Valley"), end_energies=(0, 0), steps=2)
    for i in (0, -1):
        np.testing.assert_allclose(result.images[i].frac_coords, away[i].frac_coords, atol=1e-12)
    assert result.images[0].frac_coords[0, 0] == pytest.approx(1 - 0.15)
    assert result.images[-1].frac_coords[0, 0] == pytest.approx(1.15)  # not wrapped
    assert result.moments is None


def test_moments_are_of_the_images_between():
    changing = {"moments": [[0.0, *[3.0] * 6], [0.0, *[4.0] * 6]]}
    result = found(extra=changing)
    assert result.moments.shape == (len(result.images) - 2, 7)
    shares = [(i.cart_coords[0, 0] - CENTRE[0]) / HALF / 2 + 0.5 for i in result.images[1:-1]]
    assert result.moments[:, 1] == pytest.approx(3 + np.array(shares), abs=0.02)


def test_a_copper_vacancy_hops_over_a_symmetric_barrier():
    """Referee: ASE's climbing band with EMT."""
    from ase.mep import NEB
    from ase.optimize import FIRE

    atoms = bulk("Cu", cubic=True) * 2
    atoms.set_cell(atoms.cell * 0.995, scale_atoms=True)
    start, end = atoms.copy(), atoms.copy()
    neighbour = int(np.argsort(atoms.get_distances(0, range(32), mic=True))[1])
    end.positions[neighbour] -= atoms.get_distance(0, neighbour, mic=True, vector=True)
    del start[0], end[0]
    ends = [relax(to_structure(a), EMT, fmax=0.005) for a in (start, end)]
    first, last = (to_atoms(e.structure).positions for e in ends)
    path = []
    for t in np.linspace(0, 1, 5):
        image = start.copy()
        image.positions = (1 - t) * first + t * last
        path.append(to_structure(image))
    result = band(path, EMT, end_energies=[e.energy for e in ends], fmax=0.01)
    assert result.converged
    assert result.energies[0] == pytest.approx(result.energies[-1], abs=1e-3)
    images = [to_atoms(image) for image in path]
    for image in images:
        image.calc = EMT.calculator().__class__()
    neb = NEB(images, climb=True, method="improvedtangent")
    FIRE(neb, logfile=None).run(fmax=0.01, steps=300)
    referee = max(image.get_potential_energy() for image in images[1:-1])
    assert result.energies.max() == pytest.approx(referee, abs=2e-3)
    assert result.curvatures[0] < 0 < result.curvatures[1]


def test_wrong_bands_are_refused():
    path = valley_path(5)
    for wrong in (path[:2], path[:4], path[:1]):
        with pytest.raises(RequestError, match="an odd number of images, 3 or more"):
            band(wrong, EMT, end_energies=(0, 0))
    other = path[1].copy()
    other.replace(0, "Na")
    with pytest.raises(RequestError, match="image 1 has other atoms"):
        band([path[0], other, path[2]], EMT, end_energies=(0, 0))
    wide = Structure(Lattice.cubic(11), path[0].species, path[0].frac_coords)
    with pytest.raises(RequestError, match="image 2 has another cell"):
        band([path[0], path[1], wide], EMT, end_energies=(0, 0))


@pytest.mark.parametrize("nan_at", [1, 4, 20])
def test_forces_that_are_no_numbers_stop_a_search(tmp_path, nan_at):
    broken = {"notes": str(tmp_path / "notes"), "nan_at": nan_at}
    with pytest.raises(CalculationFailed, match="the engine gave forces that are not finite"):
        found(checkpoint=tmp_path / "book", extra=broken)
    assert (evaluations_noted(tmp_path / "book") or (0,))[0] == nan_at - 1


# --- notebook ---------------------------------------------------------------------------------


def same(one, other):
    assert one.energies.tolist() == other.energies.tolist()
    assert one.kinds == other.kinds
    assert one.curvatures == pytest.approx(other.curvatures, abs=1e-9)
    assert (one.path_calls, one.proof_calls) == (other.path_calls, other.proof_calls)
    for a, b in zip(one.images, other.images, strict=True):
        np.testing.assert_array_equal(a.frac_coords, b.frac_coords)


@pytest.mark.parametrize("shape", [{"tilt": 0.1}, HUMPS, RIDGE], ids=["tilt", "humps", "ridge"])
def test_a_search_stopped_anywhere_asks_for_the_rest_alone(tmp_path, shape):
    mirror = HALF_TURN if shape is RIDGE else None
    notes = tmp_path / "whole"
    whole = found(mirror=mirror, extra={"notes": str(notes)}, **shape)
    calls = len(notes.with_suffix(".txt").read_text().splitlines())
    # without moments to ask for; where the search goes on it looks at one geometry again, for free
    assert calls == whole.force_calls - (shape is RIDGE)
    for k in range(1, calls + 1, 1 if calls < 30 else 7):
        notes, book = tmp_path / f"notes {k}", tmp_path / f"book {k}"
        with pytest.raises(RuntimeError, match="gave up"):
            found(
                mirror=mirror, checkpoint=book, extra={"notes": str(notes), "fail_at": k}, **shape
            )
        again = found(mirror=mirror, checkpoint=book, extra={"notes": str(notes)}, **shape)
        assert (
            len(notes.with_suffix(".txt").read_text().splitlines()) == calls + 1
        )  # the one that failed, once more
        same(again, whole)


def test_steps_limit_the_search_and_a_path_cut_short_says_so():
    short = band(valley_path(), spec(), end_energies=(0, 0), steps=1, fmax=1e-6)
    assert not short.converged
    assert short.path_calls < found(fmax=1e-6).path_calls


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A whole notebook with moments, and the path that it was written for."""
    path = tmp_path_factory.mktemp("book") / "book"
    result = found(checkpoint=path, extra={"moments": [[1.0] * 7, [2.0] * 7]})
    return path.read_bytes(), result


def read_again(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("again") / "book"
    path.write_bytes(content)
    before = path.read_bytes()
    evaluations_noted(path)
    assert path.read_bytes() == before  # a reader leaves it as it is
    result = found(checkpoint=path, extra={"moments": [[1.0] * 7, [2.0] * 7]})
    evaluated = evaluations_noted(path)
    assert evaluated is not None
    return result


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_torn_notebooks_lose_what_is_torn_and_no_more(book, tmp_path_factory, data):
    content, whole = book
    length = data.draw(st.integers(0, len(content)))
    same(read_again(tmp_path_factory, content[:length]), whole)
    path = tmp_path_factory.mktemp("torn") / "book"
    path.write_bytes(content[:length])
    notebook = Notebook(path, EMT)
    assert path.read_bytes() == content[: content[:length].rfind(b"\n") + 1]
    assert notebook.seconds >= 0


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1), junk=st.binary(max_size=40))
def test_fuzzed_notebooks_never_crash(book, tmp_path_factory, place, junk):
    """Junk anywhere: either it makes no line, or the numbers in it are others."""
    content, whole = book
    k = int(place * len(content))
    result = read_again(tmp_path_factory, content[:k] + junk + content[k + len(junk) :])
    assert result.kinds
    if not any(c in b"0123456789-+eE." for c in junk):
        same(result, whole)


FOREIGN = [
    "", "\n\n", "[]\n", "null\n", "7\n", '"text"\n', "{}\n", "{\n", "[" * 5000 + "\n",
    '{"positions": [[0, 0]]}\n',
]  # fmt: skip


@pytest.mark.parametrize("content", FOREIGN)
def test_foreign_notebooks_are_no_notebooks(book, tmp_path_factory, content, caplog):
    with caplog.at_level(logging.WARNING):
        same(read_again(tmp_path_factory, content.encode()), book[1])
    assert ("is damaged after 0 evaluations" in caplog.text) == bool(content)


@pytest.mark.parametrize(
    "change",
    [
        {"positions": [[0.0, 0.0, 0.0]], "forces": [[0.0, 0.0, 0.0]]},
        {"positions": [0.0, 1.0], "forces": [0.0, 1.0]},
        {"positions": [], "forces": []},
        {"positions": "far", "forces": None},
        {"energy": None},
        {"energy": float("nan")},
        {"energy": 10**400},
        {"forces": [[float("inf")] * 3] * 7},
        {"moments": [1.0]},
        {"moments": [[1.0] * 3] * 7},
        {"asked": []},
        {"asked": "stress"},
        {"seconds": "long"},
    ],
)
def test_lines_that_are_not_ours_are_not_believed(book, tmp_path_factory, change):
    """Of another system, or of no numbers: the search asks the engine instead."""
    content, whole = book
    lines = content.decode().splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | change)
    same(read_again(tmp_path_factory, ("\n".join(lines) + "\n").encode()), whole)
