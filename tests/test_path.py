"""What a path search is made of: Hessians, steps, curvatures, mirrors."""

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.tasks.curvature import lowest_curvatures
from lnmo_atoms.tasks.evaluation import Evaluation
from lnmo_atoms.tasks.image import Image, Mirror, unit
from lnmo_atoms.tasks.model_hessian import GROUND, model_hessian
from lnmo_atoms.tasks.newton import LONGEST, learned, longest, newton_step, still, with_ridge
from lnmo_atoms.tasks.relaxing import stationary_point

SEEDS = st.integers(0, 2**32 - 1)


def whole(n):
    """Motions of all atoms together, orthonormal, shape (3, 3n)."""
    return np.tile(np.eye(3), n) / np.sqrt(n)


def symmetric(random, m, scale=5.0):
    matrix = random.normal(size=(m, m)) * scale
    return (matrix + matrix.T) / 2


def invariant(random, n, values):
    """A Hessian with these curvatures and no cost of moving all atoms together."""
    modes = np.linalg.qr(np.vstack([whole(n), random.normal(size=(3 * n - 3, 3 * n))]).T)[0]
    inner = modes[:, 3:]
    return inner @ np.diag(values) @ inner.T, inner


# --- model Hessian ----------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 9), edge=st.floats(3.0, 9.0))
def test_model_hessian_is_positive_and_moving_the_whole_costs_the_ground(seed, n, edge):
    random = np.random.default_rng(seed)
    spots = np.array(list(np.ndindex(3, 3, 3)))[random.permutation(27)[:n]] / 3
    atoms = Atoms("H" * n, scaled_positions=spots, cell=[edge] * 3, pbc=True)
    atoms.rattle(0.1, rng=random)
    hessian = model_hessian(atoms)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    assert np.linalg.eigvalsh(hessian)[0] > GROUND - 1e-9
    np.testing.assert_allclose(hessian @ whole(n).T, GROUND * whole(n).T, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_model_hessian_turns_with_the_crystal(seed):
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    atoms = to_atoms(ordered_spinel())
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = atoms.positions @ turn.T
    blocks = np.kron(np.eye(56), turn)
    np.testing.assert_allclose(
        model_hessian(turned), blocks @ model_hessian(atoms) @ blocks.T, atol=1e-9
    )


@pytest.mark.parametrize("cell", [[2.4, 2.7, 2.2], [3.0, 3.0, 9.0]])
def test_model_hessian_of_a_cell_smaller_than_its_reach(cell):
    """A motion of every cell alike costs in a supercell what it costs in the cell."""
    atoms = Atoms(
        "LiO2", cell=cell, pbc=True, scaled_positions=[[0, 0, 0], [0.5, 0.4, 0.5], [0.2, 0.7, 0.8]]
    )
    alike = np.kron(np.ones((8, 1)), np.eye(9))
    large = model_hessian(atoms * (2, 2, 2))
    np.testing.assert_allclose(alike.T @ large @ alike / 8, model_hessian(atoms), atol=1e-9)


# --- steps ------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 6), scale=st.floats(0.01, 1.0))
def test_a_learned_hessian_knows_what_it_saw(seed, n, scale):
    """The secant condition H s = y, whatever was believed before."""
    random = np.random.default_rng(seed)
    hessian, truth = symmetric(random, 3 * n), symmetric(random, 3 * n)
    step = random.normal(size=3 * n) * scale
    better = learned(hessian, step, truth @ step)
    np.testing.assert_allclose(better @ step, truth @ step, atol=1e-6 * (1 + np.abs(truth).sum()))
    np.testing.assert_array_equal(better, better.T)


def test_a_step_without_motion_teaches_nothing():
    hessian = symmetric(np.random.default_rng(1), 9)
    assert learned(hessian, np.zeros(9), np.zeros(9)) is hessian


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 8), force=st.floats(0.0, 1e4), climb=st.booleans())
def test_steps_are_short_and_leave_the_whole_where_it_is(seed, n, force, climb):
    random = np.random.default_rng(seed)
    forces = force * random.normal(size=3 * n)
    step = newton_step(symmetric(random, 3 * n), forces, climb=climb)
    assert longest(step) <= LONGEST * (1 + 1e-12)
    np.testing.assert_allclose(whole(n) @ step, 0, atol=1e-12)
    uniform = newton_step(np.eye(3 * n), np.tile([1.0, 0, 0], n), climb=False)
    np.testing.assert_allclose(uniform, 0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, n=st.integers(3, 6), climb=st.booleans())
def test_one_step_solves_a_quadratic(seed, n, climb):
    """With the true Hessian the step ends at the stationary point, if it is not too far."""
    random = np.random.default_rng(seed)
    values = random.uniform(1, 9, size=3 * n - 3)
    if climb:
        values[0] *= -1
    hessian, _ = invariant(random, n, values)
    away = still(random.normal(size=3 * n) * 0.02)
    step = newton_step(hessian, -hessian @ away, climb=climb)
    np.testing.assert_allclose(step, -away, atol=1e-9)


def drive(search, hessian):
    """Answer a search's questions with a quadratic form about zero; how many there were."""
    count, asked = 0, next(search)
    try:
        while True:
            count += len(asked)
            answers = [
                Evaluation(
                    float(x @ hessian @ x) / 2, -(hessian @ x).reshape(-1, 3)
                )
                for x in (question.positions.ravel() for question in asked)
            ]  # fmt: skip
            asked = search.send(answers)
    except StopIteration as found:
        return found.value, count


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_saddles_of_quadratic_forms_are_found_from_a_model(seed):
    random = np.random.default_rng(seed)
    values = random.uniform(1, 12, size=12)
    values[0] = -1.5
    hessian, modes = invariant(random, 5, values)
    start = (modes @ random.normal(size=12) * 0.1).reshape(-1, 3)
    model = with_ridge(8 * np.eye(15), modes[:, 0])
    search = stationary_point(start, model, climb=True, fmax=1e-3, steps=100)
    point, _ = drive(search, hessian)
    assert point.converged
    assert longest(still(point.positions.ravel())) < 2e-3


# --- curvatures -------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n=st.integers(3, 12), negative=st.integers(0, 3))
def test_lowest_curvatures_are_eigenvalues_within_their_errors(seed, n, negative):
    random = np.random.default_rng(seed)
    values = random.uniform(1.0, 15.0, size=3 * n - 3)
    values[:negative] = random.uniform(-3.0, -1.0, size=negative)
    hessian, modes = invariant(random, n, values)
    believed = hessian + symmetric(random, 3 * n, 0.2)
    point = Image(np.zeros((n, 3)), 0.0, np.zeros((n, 3)), "stationary", believed)
    tangent = unit(modes[:, 0] + modes[:, 1:] @ random.normal(size=3 * n - 4) * 0.1)
    found, _ = drive(lowest_curvatures(point, tangent), hessian)
    exact = np.sort(values)
    # Ritz values lie above the eigenvalues, and each has one within its residual's norm
    assert (found.values > exact[:2] - 1e-9).all()
    for value, error in zip(found.values, found.errors, strict=True):
        assert np.abs(exact - value).min() <= error + 1e-9
    np.testing.assert_allclose(found.modes @ found.modes.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(whole(n) @ found.modes.T, 0, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, curvature=st.floats(-4.0, -1.0))
def test_a_mode_that_symmetry_hides_from_the_tangent_is_found(seed, curvature):
    """It is exactly orthogonal to the path and to all that was learned, and believed to be soft."""
    random = np.random.default_rng(seed)
    values = random.uniform(2.0, 15.0, size=15)
    values[0], values[1] = -1.5, curvature
    hessian, modes = invariant(random, 6, values)
    hidden = modes[:, 1]
    believed = hessian + (1.5 - curvature) * np.outer(hidden, hidden)
    point = Image(np.zeros((6, 3)), 0.0, np.zeros((6, 3)), "stationary", believed)
    found, _ = drive(lowest_curvatures(point, modes[:, 0]), hessian)
    assert found.negative == 2
    assert found.values == pytest.approx(sorted([-1.5, curvature]), abs=0.6)


def test_few_directions_are_enough_in_a_real_cell():
    """The model's own curvatures of 56 atoms, with a ridge: a few directions of 165."""
    atoms = to_atoms(ordered_spinel())
    random = np.random.default_rng(3)
    tangent = unit(random.normal(size=168))
    believed = with_ridge(model_hessian(atoms), tangent)
    truth = believed - GROUND * whole(56).T @ whole(56)
    point = Image(np.zeros((56, 3)), 0.0, np.zeros((56, 3)), "stationary", believed)
    found, count = drive(lowest_curvatures(point, tangent), truth)
    exact = np.linalg.eigvalsh(truth + 1e3 * whole(56).T @ whole(56))
    assert found.known
    assert count <= 12
    assert found.values == pytest.approx(exact[:2], abs=0.6)
    assert found.negative == 1


# --- mirrors ----------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_a_mirror_twice_is_nothing(seed):
    random = np.random.default_rng(seed)
    atoms = np.array([1, 0, 2, 4, 3])
    mirror = Mirror(random.normal(size=(5, 3)), atoms, np.diag([-1.0, -1.0, 1.0]))
    vectors, moments = random.normal(size=(5, 3)), random.normal(size=5)
    np.testing.assert_allclose(mirror.of_vectors(mirror.of_vectors(vectors)), vectors)
    kept = mirror.symmetric(vectors)
    np.testing.assert_allclose(mirror.of_vectors(kept), kept)
    np.testing.assert_allclose(np.vdot(kept, vectors - kept), 0, atol=1e-12)
    image = Image(random.normal(size=(5, 3)), 1.0, vectors, "flank", np.eye(15), moments)
    other = mirror.of_image(image)
    assert other.moments.tolist() == moments[atoms].tolist()
    back = mirror.of_image(other)
    np.testing.assert_allclose(back.positions, image.positions)
    np.testing.assert_allclose(back.moments, moments)
    assert other.energy == image.energy
