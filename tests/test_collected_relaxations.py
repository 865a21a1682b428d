"""Relaxed is what has small forces, or what VASP itself ended, and γ as cut is of the cut slab."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymatgen.io.vasp.inputs import Poscar
from vasp_files import Shown, run_vasp
from vasp_hand_off import GAMMA, RUNS, change, finish, slab_energy, troubles

from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.store import status_of
from lnmo_atoms.vasp import collect_vasp, export_vasp
from lnmo_atoms.vasp.relaxation import shortfall
from lnmo_atoms.vasp.vasprun import read_vasprun

SLAB = "slab-100-a"
SOFT = " soft stop encountered!  aborting job ...\n"
HARD = f"{24 * '-'} aborting loop because hard stop was set {39 * '-'}\n"


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    root = tmp_path_factory.mktemp("ended")
    finish(root)
    return root


@pytest.fixture
def copy(ended, tmp_path):
    return Path(shutil.copytree(ended, tmp_path / "vasp"))


def run_slab(root, **shown):
    run_vasp(root / SLAB, replace(RUNS[SLAB], **shown))
    found = collect_vasp(root)
    return found.surfaces, troubles(found).get(SLAB, "")


def run_images(root, **tags):
    """The first path again; what is wrong with it."""
    path = next(f.folder for f in collect_vasp(root).findings if f.kind == "hop")
    change(root / path, **tags)
    for number in ("01", "02", "03"):
        run_vasp(root / path / number, Shown([-390.3, -390.4]), root / path)
    return troubles(collect_vasp(root)).get(path, "")


def test_a_slab_that_never_moved_is_not_relaxed(copy):
    change(copy / SLAB, NSW=0)
    (result,), trouble = run_slab(copy, energies=[slab_energy(GAMMA)], force=0.4, shift=0.0)
    assert "forces up to 0.693 eV/Å are left, 0.05 was asked" in trouble
    assert not result.ranked


def test_a_looser_criterion_is_seen_by_the_forces_that_are_left(copy):
    change(copy / SLAB, EDIFFG=-0.5)
    (result,), trouble = run_slab(copy, force=0.1)
    assert (result.ranked, "0.173 eV/Å" in trouble) == (False, True)
    (result,), trouble = run_slab(copy, force=0.01)
    assert (result.ranked, trouble) == (True, "")


def test_whatever_ended_a_run_of_small_forces_it_is_relaxed(copy):
    """A step from CONTCAR, or a STOPCAR that came late."""
    change(copy / SLAB, NSW=2)
    (result,), trouble = run_slab(copy, stop=SOFT)
    assert (result.ranked, trouble) == (True, "")


def test_electrons_cut_short_by_a_stopcar_give_no_energy(copy):
    surfaces, trouble = run_slab(copy, stop=HARD)
    assert "electrons did not converge" in trouble
    assert surfaces == ()


def test_a_bulk_with_forces_is_no_reference(copy):
    run_vasp(copy / "bulk", replace(RUNS["bulk"], force=0.01))
    found = collect_vasp(copy)
    assert "0.0173 eV/Å are left, 0.01 was asked" in troubles(found)["bulk"]
    assert (found.surfaces, found.hops) == ((), ())


@pytest.mark.parametrize(
    ("tags", "shown", "trouble"),
    [
        ({"NSW": 2}, {}, "its NSW = 2 steps were not enough"),
        ({"ISIF": 2}, {}, "it ran with ISIF = 2, exported 3"),
        ({"EDIFFG": -0.1}, {}, "it ran with EDIFFG = -0.1, exported -0.01"),
        ({"EDIFFG": 1e-3}, {}, "it ran with EDIFFG = 0.001, exported -0.01"),
        ({"IBRION": -1, "NSW": 0}, {}, "it ran with IBRION = -1, which relaxes nothing"),
        ({}, {"stop": SOFT}, "a STOPCAR ended it"),
        ({}, {"force": 0.02}, "forces up to 0.0346 eV/Å are left, 0.01 was asked"),
        ({"EDIFFG": -0.005}, {}, None),
    ],
)
def test_a_cell_is_relaxed_where_vasp_ended_so(tmp_path, tags, shown, trouble):
    """The forces on the atoms say nothing of the stress on their cell."""
    export_vasp(ordered_spinel(), tmp_path, [(1, 0, 0)])
    change(tmp_path / "bulk-cell", **tags)
    run_vasp(tmp_path / "bulk-cell", Shown([-400.0, -400.9], strain=0.01, **shown))
    found = collect_vasp(tmp_path)
    assert (found.written == ()) == (trouble is not None)
    assert (trouble or "") in troubles(found).get("bulk-cell", "")


@pytest.mark.parametrize(
    ("tags", "trouble"),
    [
        ({"NSW": 0, "IBRION": -1}, "IBRION = -1"),
        ({"NSW": 2}, "NSW = 2 steps were not enough"),
        ({"EDIFFG": -0.5}, "EDIFFG = -0.5, exported -0.05"),
    ],
)
def test_a_path_is_relaxed_where_vasp_ended_so(copy, tags, trouble):
    assert trouble in run_images(copy, **tags)
    assert sorted(hop.converged for hop in collect_vasp(copy).hops) == [False, True]


def test_a_path_by_the_optimisers_of_vtst_is_one(copy):
    assert not run_images(copy, IBRION=3, EDIFFG=-0.03)


def test_a_criterion_of_two_digits_is_known_again_in_outcar(ended):
    """Which tells 0.025 as ``-3E-02``, and 0.035 as ``-4E-02``."""
    run = read_vasprun(ended / SLAB / "vasprun.xml")
    run = replace(run, ending=replace(run.ending, limit=-0.03))
    assert shortfall(run, "hop", 0.025) is None
    assert shortfall(run, "hop", 0.035) is None
    assert "EDIFFG = -0.03, exported -0.024" in (shortfall(run, "hop", 0.024) or "")


def hold(root, held, free):
    """Selective dynamics: the last ``held`` atoms of the file keep the axes that are not free."""
    poscar = Poscar.from_file(root / SLAB / "POSCAR", check_for_potcar=False)
    flags = np.ones((84, 3), dtype=bool)
    flags[84 - held :] = free
    Poscar(poscar.structure, selective_dynamics=flags.tolist()).write_file(root / SLAB / "POSCAR")


def test_atoms_held_in_place_may_keep_their_forces_in_a_slab(copy):
    hold(copy, 20, False)
    forces = np.zeros((84, 3))
    forces[-20:] = 1.0
    (result,), trouble = run_slab(copy, force=forces, shift=0.0)
    assert trouble == ""
    assert result.ranked
    assert "20 of 84 atoms were held in place: γ is of a slab so held" in result.flags
    (result,), trouble = run_slab(copy, force=forces[::-1], shift=0.0)
    assert "1.73 eV/Å" in trouble
    assert not result.ranked


def test_an_axis_that_is_not_held_counts(copy):
    hold(copy, 84, [True, True, False])
    (result,), trouble = run_slab(copy, force=np.tile([0.0, 0.0, 1.0], (84, 1)), shift=0.0)
    assert (result.ranked, trouble) == (True, "")
    (result,), trouble = run_slab(copy, force=np.tile([0.0, 1.0, 0.0], (84, 1)), shift=0.0)
    assert "1 eV/Å are left" in trouble


def test_with_all_atoms_held_nothing_is_relaxed(copy):
    hold(copy, 84, False)
    (result,), trouble = run_slab(copy, shift=0.0)
    assert "all its atoms were held in place" in trouble
    assert not result.ranked


def states(root, study):
    collect_vasp(root, study)
    return {entry.name: entry.state for entry in status_of(study)}


@pytest.mark.parametrize("alone", ["vasprun.xml", "OUTCAR"])
def test_unconverged_electrons_of_the_first_geometry_are_told(copy, tmp_path, alone):
    run_vasp(copy / SLAB, replace(RUNS[SLAB], first_electronic=200))
    (copy / SLAB / ("OUTCAR" if alone == "vasprun.xml" else "vasprun.xml")).unlink()
    (result,) = collect_vasp(copy).surfaces
    assert result.ranked
    assert any("electrons of the first geometry did not converge" in f for f in result.flags)
    found = states(copy, tmp_path / "study")
    assert "static 100-a" not in found
    assert found["relax 100-a"] == "done"


def test_a_restarted_run_gives_no_energy_of_the_slab_as_cut(copy, tmp_path):
    place = copy / SLAB
    Poscar.from_file(place / "POSCAR").structure.perturb(0.05).to(filename=place / "POSCAR")
    run_vasp(place, replace(RUNS[SLAB], energies=[slab_energy(GAMMA)]))
    found = states(copy, tmp_path / "study")
    assert "static 100-a" not in found
    assert found["relax 100-a"] == "done"
