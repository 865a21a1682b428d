"""The whole way to barriers, on a toy spinel: end points, reversals, modes, cells, flags."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Species, Structure

from lnmo_atoms import migration_barriers
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.paths import (
    Mode,
    StateSymmetry,
    end_states,
    kept_sites,
    reversals,
    state_cell,
)
from lnmo_atoms.builders.spinel import disordered_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.builders.symmetry import site_kinds
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import make_executor
from lnmo_atoms.migration import plan_migration
from lnmo_atoms.migration.end_points import EndPoints
from lnmo_atoms.records import load_hops
from lnmo_atoms.results import TaskResult
from lnmo_atoms.store import Study, status_of

MODES = [Mode.vacancy(), Mode.empty_host(), Mode.content(0.5, 3), Mode.content(0.8, 1)]


def toy(**options):
    return CalculatorSpec.parse("toy_engines:Spinel", **options)


def primitive():
    """The 14-atom cell of LiMn2O4, on the axes of the cubic one."""
    cubic = lithium_manganate()
    lattice = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * cubic.lattice.a / 2)
    coords = np.linalg.solve(lattice.matrix.T, cubic.cart_coords.T).T
    home = np.round(coords % 1 % 1, 6) % 1
    _, first = np.unique(home, axis=0, return_index=True)
    first = sorted(first)
    return Structure(
        lattice, [cubic.species[i] for i in first], coords[first], site_properties={
            name: [values[i] for i in first] for name, values in cubic.site_properties.items()
        },
    )  # fmt: skip


# --- operations that reverse a hop ------------------------------------------------------------

CRYSTALS = {
    "LNMO": ordered_spinel,
    "LMO": lithium_manganate,
    "random": lambda: disordered_spinel(seed=1),
}


def turned_around(crystal, hop, before):
    """Brute force: every operation of spglib, tried on coordinates in every cell nearby."""
    cell = crystal.lattice.matrix, crystal.frac_coords, site_kinds(crystal)
    found, data = 0, spglib.get_symmetry(cell, symprec=0.01)
    start = crystal.frac_coords[hop.start]
    end = crystal.frac_coords[hop.end] + hop.end_image
    vacant = crystal.frac_coords[sorted(before - {hop.end})].reshape(-1, 3)
    for rotation, translation in zip(data["rotations"], data["translations"], strict=True):
        shift = np.round(end - (rotation @ start + translation))

        def close(a, b):
            return np.linalg.norm((a - b) @ crystal.lattice.matrix, axis=-1) < 0.05

        def carry(x, rotation=rotation, t=translation + shift):
            return x @ rotation.T + t

        centre = close(carry(hop.octahedron), hop.octahedron)
        if close(carry(start), end) and close(carry(end), start) and centre:
            apart = carry(vacant)[:, None] - vacant
            found += bool(close(apart - np.round(apart), 0.0).any(axis=1).all())
    return found


@pytest.mark.parametrize("mode", MODES, ids=lambda m: f"{m.kind} {m.filled or ''}")
@pytest.mark.parametrize("name", CRYSTALS)
def test_reversals_are_those_of_brute_force(name, mode):
    crystal = CRYSTALS[name]()
    symmetry = StateSymmetry(crystal)
    for hop in find_hops(crystal)[:4]:
        before, after = end_states(crystal, hop, mode)
        found = reversals(crystal, symmetry, hop, before)
        assert len(found) == turned_around(crystal, hop, before)
        if name == "LMO" and mode.kind != "content":
            # the site symmetry of 16c is .-3m, of order 12: half of it swaps the hop's two ends
            # and leaves the axis through them, which is the threefold one, where it is
            assert len(found) == 6
        elif name == "LNMO" and mode.kind != "content":
            # 4a is .32 of order 6, 12d is ..2 of order 2
            assert len(found) == {4: 3, 12: 1}[hop.multiplicity]
        for reversal in found:
            assert {int(reversal.where[i]) for i in before} == after


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), which=st.integers(0, 1))
def test_a_mirrored_guess_is_its_own_mirror_image(seed, which):
    """x' = centre + R (x - centre) carries every image onto the one on the other side."""
    crystal, spec = ordered_spinel(), toy()
    hop = find_hops(crystal)[which]
    ends = EndPoints(crystal, [hop], Mode.vacancy(), spec)
    ((state, task),) = ends.tasks.items()
    random, symmetry = np.random.default_rng(seed), StateSymmetry(crystal)
    shift = random.normal(0, 0.005, (56, 3))
    shift[sorted(state)] = 0
    shift = np.mean([form for form, _ in symmetry.carried(shift, state, state)], axis=0)
    cell, kept = task.structures[0], kept_sites(crystal, state)
    moved = Structure(cell.lattice, cell.species, cell.frac_coords + shift[kept])
    moments = np.linalg.norm(shift[kept] @ crystal.lattice.matrix, axis=1)
    relaxed = TaskResult(-5.0, moved, np.zeros((55, 3)), moments, True, 1, 1, 0.0)
    guess = ends.guess(0, {task.key: relaxed}, 5)
    assert len(state) == 1
    assert guess.mirror is not None
    assert guess.end_energies == (-5.0, -5.0)
    atoms, rotation = np.array(guess.mirror["atoms"]), np.array(guess.mirror["rotation"])
    assert sorted(atoms) == list(range(55))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    centre = guess.images[2].cart_coords
    for one, other in zip(guess.images, guess.images[::-1], strict=True):
        mirrored = np.empty((55, 3))
        mirrored[atoms] = centre[atoms] + (one.cart_coords - centre) @ rotation.T
        np.testing.assert_allclose(other.cart_coords, mirrored, atol=1e-6)
    first, last = guess.end_moments
    np.testing.assert_allclose(last[atoms], first)


# --- end points -------------------------------------------------------------------------------


def lithium_orbits(crystal, blind):
    kinds = [s.specie.symbol for s in crystal] if blind else None
    numbers = [sorted(set(kinds)).index(k) for k in kinds] if blind else site_kinds(crystal)
    cell = crystal.lattice.matrix, crystal.frac_coords, numbers
    orbits = spglib.get_symmetry_dataset(cell, symprec=0.01).crystallographic_orbits
    return len({orbits[i] for i, s in enumerate(crystal) if s.specie.symbol == "Li"})


def with_a_small_polaron():
    """LiMn2O4 in which one manganese is Mn3+ among Mn4+."""
    crystal = lithium_manganate()
    manganese = [i for i, s in enumerate(crystal) if s.specie.symbol == "Mn"]
    for i in manganese:
        charge, moment = (3, 4.0) if i == manganese[0] else (4, 3.0)
        crystal.replace(i, Species("Mn", charge), properties={"magmom": moment})
    return crystal


@pytest.mark.parametrize("name", [*CRYSTALS, "polaron"])
@pytest.mark.parametrize("blind", [True, False])
def test_every_distinct_end_point_is_relaxed_once(name, blind):
    """CHGNet takes Mn3+ and Mn4+ for one; an engine that is told of charges does not."""
    crystal = with_a_small_polaron() if name == "polaron" else CRYSTALS[name]()
    spec = CalculatorSpec.parse("chgnet") if blind else toy()
    assert spec.blind == blind
    hops = find_hops(crystal)
    ends = EndPoints(crystal, hops, Mode.vacancy(), spec)
    assert len(ends.tasks) == lithium_orbits(crystal, blind)
    if name == "polaron":
        assert (len(ends.tasks) == 1) == blind
    used = Counter(s for pair in ends.states for s in pair)
    assert set(map(len, used)) == {1}


def test_an_end_point_that_left_its_site_is_named():
    crystal = ordered_spinel()
    hop = find_hops(crystal)[0]
    ends = EndPoints(crystal, [hop], Mode.vacancy(), toy())
    ((state, task),) = ends.tasks.items()
    cell, kept = task.structures[0], kept_sites(crystal, state)
    good = TaskResult(-1.0, cell, np.zeros((55, 3)), None, True, 3, 4, 0.1)
    assert ends.doubts(0, {task.key: good}) == []
    gone = cell.copy()
    atom = int(np.flatnonzero(kept < 8)[0])
    gone.translate_sites([atom], [1.4, 0, 0], frac_coords=False)
    bad = replace(good, structure=gone, converged=False)
    unconverged, elsewhere = ends.doubts(0, {task.key: bad})
    assert unconverged == f"end point not converged: {task.name}"
    assert elsewhere.endswith(f"another basin: {task.name}: Li {kept[atom]} moved 1.4 Å")


# --- the whole workflow -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["vacancy", "empty-host"])
def test_barriers_of_ordered_spinel(tmp_path, mode):
    bulk, spec = ordered_spinel(), toy(notes=str(tmp_path / "notes"))
    results = migration_barriers(bulk, calculator=spec, study=tmp_path / "study", mode=mode)
    calls = len((tmp_path / "notes.txt").read_text().splitlines())
    assert [r.hop.multiplicity for r in results] == [4, 12]
    for result in results:
        assert result.converged
        assert result.method == "half a band"
        assert result.barrier == result.barrier_reverse > 0
        assert result.energies.tolist() == result.energies.tolist()[::-1]
        # six oxygens around the octahedron, four around the site, three between: two humps
        assert result.octahedron == "intermediate"
        assert len(result.segments) == 2
        assert (result.curvatures < 0).tolist() == [True, False]
        assert len(result.images[0]) == (55 if mode == "vacancy" else 49)
        assert result.moments.shape == (len(result.images), len(result.images[0]))
        assert result.images[0].composition == result.images[-1].composition
    names = [state.name for state in status_of(tmp_path / "study")]
    assert sum(name.startswith("relax Li") for name in names) == 1
    assert [r.barrier for r in load_hops(tmp_path / "study" / "hops.json")] == [
        r.barrier for r in results
    ]
    again = migration_barriers(bulk, calculator=spec, study=tmp_path / "study", mode=mode)
    assert len((tmp_path / "notes.txt").read_text().splitlines()) == calls
    assert [r.barrier for r in again] == [r.barrier for r in results]
    if mode == "vacancy":
        assert all("Ni2+ → Ni3+" in r.compensation for r in results)


def test_strong_cations_make_the_octahedron_the_saddle():
    """And nickel, which repels more, makes the ring of three the higher of the two."""
    four, twelve = migration_barriers(ordered_spinel(), calculator=toy(cations=12.0))
    for result in (four, twelve):
        assert result.octahedron == "saddle"
        assert result.method == "symmetric midpoint"
        assert result.octahedron_energy == result.barrier
        assert result.curvatures[0] < 0 < result.curvatures[1]
        assert result.flags == ()
    assert four.barrier > twelve.barrier + 0.1


def test_a_shallow_minimum_is_told_by_the_slopes_beside_it():
    """Between weak and strong cations the octahedron is a minimum, no lower than its neighbours."""
    for result in migration_barriers(ordered_spinel(), calculator=toy(cations=6.0)):
        assert result.octahedron == "intermediate"
        assert result.method == "half a band"
        assert len(result.segments) == 2
        assert result.curvatures[0] < 0 < result.curvatures[1]


def test_a_given_content_runs_and_is_reproducible():
    bulk = lithium_manganate()
    first, again = (
        migration_barriers(bulk, calculator=toy(crystal="LMO"), mode=Mode.content(0.5, seed))[0]
        for seed in (3, 3)
    )
    assert first.mode == "Li content 0.50 (4 of 8 sites), seed 3"
    assert first.energies.tolist() == again.energies.tolist()
    assert first.images[0].composition["Li+"] == 4
    # surroundings are not symmetric: forward and back differ by the end points' energies
    assert first.barrier - first.barrier_reverse == pytest.approx(first.energies[-1], abs=1e-9)


def test_the_primitive_cell_gives_what_the_cubic_one_does(tmp_path):
    small = primitive()
    assert len(small) == 14
    spec = toy(crystal="LMO")
    (one,) = migration_barriers(small, calculator=spec, study=tmp_path)
    (other,) = migration_barriers(lithium_manganate(), calculator=spec)
    assert len(one.images[0]) == len(other.images[0]) == 55
    assert one.barrier == pytest.approx(other.barrier, abs=2e-3)
    assert one.hop.multiplicity == 4  # of the given cell
    assert one.hop.start < 14
    assert one.octahedron == other.octahedron


def test_processes_and_this_process_agree():
    hop = find_hops(lithium_manganate())
    spec = toy(crystal="LMO")
    with make_executor("processes", 1) as executor:
        (far,) = migration_barriers(lithium_manganate(), hop, spec, executor=executor)
    (near,) = migration_barriers(lithium_manganate(), hop, spec)
    assert far.energies == pytest.approx(near.energies, abs=1e-9)


def test_the_plan_names_what_will_be_done(tmp_path):
    bulk = ordered_spinel()
    planned = [task.name for task in plan_migration(bulk, toy())]
    migration_barriers(bulk, calculator=toy(), study=tmp_path)
    assert sorted(planned) == sorted(state.name for state in status_of(tmp_path))


def test_the_plan_of_a_finished_study_holds_nothing_new(tmp_path):
    bulk = ordered_spinel()
    migration_barriers(bulk, calculator=toy(), study=tmp_path)
    study = Study(tmp_path)
    planned = plan_migration(bulk, toy(), study=study)
    assert len(planned) == 4
    assert all(study.get(task.key) is not None for task in planned)
    other = plan_migration(bulk, toy(), study=study, separation=12.0)
    assert [study.get(task.key) is None for task in other] == [False, True, True, True]


def test_a_vacancy_may_have_its_images_nearer():
    """5 Å leaves the primitive cell as it is, 8 Å asks for the cubic one."""
    sizes = [
        {len(task.structures[0]) for task in plan_migration(primitive(), toy(), separation=apart)}
        for apart in (5.0, 8.0)
    ]
    assert sizes == [{14, 13}, {14, 55}]
    with pytest.raises(RequestError, match="separation"):
        plan_migration(primitive(), toy(), separation=0.0)


def test_wrong_requests_are_refused_before_anything_runs(tmp_path):
    with pytest.raises(RequestError, match="is no mode"):
        migration_barriers(ordered_spinel(), calculator=toy(), mode="half", study=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_cell_of_a_state_keeps_its_order():
    crystal = ordered_spinel()
    cell = state_cell(crystal, frozenset({2, 5}))
    kept = kept_sites(crystal, frozenset({2, 5}))
    np.testing.assert_array_equal(cell.frac_coords, crystal.frac_coords[kept])
