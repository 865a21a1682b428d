"""Finished VASP runs come back as results, and what does not match is said and left out."""

import contextlib
import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import ase.db
import ase.io
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from program import lnmo
from pymatgen.io.vasp.inputs import Incar, Poscar
from pymatgen.io.vasp.outputs import Outcar as Referee
from synthetic import surface
from vasp_files import SCREENED, Shown, run_vasp
from vasp_hand_off import (
    BARRIERS,
    EDGE,
    GAMMA,
    GAMMA_CUT,
    RUNS,
    change,
    finish,
    run_paths,
    shift,
    slab_energy,
    troubles,
)

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.formats import poscar_order
from lnmo_atoms.records import HOPS_FILE, SURFACES_FILE, load_hops, load_surfaces, save_surfaces
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.vasp import collect_vasp, export_vasp
from lnmo_atoms.vasp.folder import finished
from lnmo_atoms.vasp.manifest import MANIFEST, load_plan
from lnmo_atoms.vasp.outcar import Outcar
from lnmo_atoms.vasp.vasprun import read_vasprun


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """One slab, one end point and two paths of ordered LNMO, all finished."""
    root = tmp_path_factory.mktemp("ended")
    finish(root)
    return root


@pytest.fixture
def copy(ended, tmp_path):
    return Path(shutil.copytree(ended, tmp_path / "vasp"))


def test_from_export_to_comparison(tmp_path):
    """Bulk, slabs and end points, paths: three rounds, and each writes the next."""
    root, study = tmp_path / "vasp", tmp_path / "study"
    bulk = ordered_spinel()
    export_vasp(bulk, root, [(1, 0, 0)], find_hops(bulk))
    waiting = collect_vasp(root, study)
    assert troubles(waiting) == {"bulk-cell": "not run yet"}
    assert not waiting.complete
    run_vasp(root / "bulk-cell", Shown([-400.0, -400.9], strain=0.01))
    second = collect_vasp(root, study)
    assert second.written == ("bulk", "slab-100-a", "end-point-1")
    edge = 1.01 * EDGE
    for name, shown in RUNS.items():
        lengths = Poscar.from_file(root / name / "POSCAR").structure.lattice.abc
        assert lengths[:2] == pytest.approx((edge, edge))
        run_vasp(root / name, shown)
    wider = [slab_energy(gamma, edge) for gamma in (GAMMA_CUT, GAMMA)]
    run_vasp(root / "slab-100-a", replace(RUNS["slab-100-a"], energies=wider))
    third = collect_vasp(root, study)
    assert len(third.written) == 2
    run_paths(root, third.written)
    last = lnmo("collect", "vasp", "--study", "study", cwd=tmp_path)
    assert last.returncode == 0, last.stderr
    (result,) = load_surfaces(study / SURFACES_FILE)
    assert result.engine == "VASP 6.4.2 PBE+U"
    assert (result.gamma_unrelaxed, result.gamma) == pytest.approx((GAMMA_CUT, GAMMA), abs=1e-6)
    hops = load_hops(study / HOPS_FILE)
    assert [hop.barrier for hop in hops] == pytest.approx(BARRIERS, abs=1e-6)
    done = lnmo("compare", "study", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["facets"][0]["gamma_J_per_m2"] == pytest.approx(GAMMA, abs=1e-6)
    assert {row.status for row in _rows(study)} == {"done"}


def _rows(study):
    return list(ase.db.connect(study / "results.db").select())


def test_results_are_those_that_vasp_gave(ended, tmp_path):
    found = collect_vasp(ended, tmp_path / "study")
    assert found.complete
    (result,) = found.surfaces
    slab = result.slab
    assert result.ranked
    assert result.flags == ()
    moved = result.relaxed.cart_coords - slab.structure.cart_coords
    assert moved[poscar_order(slab.structure)] == pytest.approx(shift(84), abs=1e-6)
    for hop, barrier in zip(found.hops, BARRIERS, strict=True):
        assert (hop.barrier, hop.barrier_reverse) == pytest.approx((barrier, barrier), abs=1e-6)
        assert hop.method == "band"
        assert hop.octahedron == "saddle"
        assert hop.converged
        assert hop.moments.shape == (5, 55)


def test_moments_keep_their_signs_and_atoms(ended):
    plan = load_plan(ended)
    for calculation in plan.calculations:
        for run in finished(calculation, plan, ended):
            formal = np.array(run.structure.site_properties["magmom"])
            assert run.run.moments == pytest.approx(SCREENED * formal, abs=1e-3)
            assert (run.run.moments < -1).sum() == (formal < 0).sum() > 0


def test_a_spin_that_turned_over_is_told(copy):
    change(copy / "slab-100-a", MAGMOM=[-3.0 if m == 3 else m for m in _magmom(copy)])
    run_vasp(copy / "slab-100-a", RUNS["slab-100-a"])
    (result,) = collect_vasp(copy).surfaces
    assert any("Mn changed moment by up to -5.4" in flag for flag in result.flags)


def _magmom(root):
    return Incar.from_file(root / "slab-100-a" / "INCAR")["MAGMOM"]


@pytest.mark.parametrize(
    ("tags", "line"),
    [
        ({"ENCUT": 400}, "ENCUT is 400 eV, in the bulk 520 eV"),
        ({"LDAUU": [0, 6.2, 4.5, 0]}, "U of Mn is 4.5 eV, in the bulk 3.9 eV"),
        ({"LDAU": False, "LDAUU": [0, 0, 0, 0]}, "the functional is PBE, in the bulk PBE+U"),
        ({"GGA": "PS"}, "the functional is PBEsol+U, in the bulk PBE+U"),
        ({"ISPIN": 1}, "ISPIN is 1, in the bulk 2"),
        ({"LASPH": False}, "LASPH is .FALSE., in the bulk .TRUE."),
        ({"LREAL": True}, "LREAL is .TRUE., in the bulk .FALSE."),
        ({"PREC": "Normal"}, "PREC is n, in the bulk a"),
        ({"ISMEAR": 1}, "ISMEAR is 1, in the bulk 0"),
        ({"SIGMA": 0.2}, "SIGMA is 0.2 eV, in the bulk 0.05 eV"),
    ],
)
def test_other_settings_are_told_and_left_out(copy, tags, line):
    change(copy / "slab-100-a", **tags)
    run_vasp(copy / "slab-100-a", RUNS["slab-100-a"])
    found = collect_vasp(copy)
    assert line in troubles(found).pop("slab-100-a")
    assert set(troubles(found)) == {"slab-100-a"}
    assert found.surfaces == ()
    assert len(found.hops) == 2


def test_coarser_k_points_and_other_potentials_are_told(copy):
    (copy / "slab-100-a" / "KPOINTS").write_text("gamma alone\n0\nGamma\n1 1 1\n")
    titles = RUNS["slab-100-a"].titles | {"Mn": "PAW_PBE Mn 06Sep2000"}
    run_vasp(copy / "slab-100-a", replace(RUNS["slab-100-a"], titles=titles))
    line = troubles(collect_vasp(copy))["slab-100-a"]
    assert "no spacing of k-points gives both its mesh, 1×1×1, and that of the bulk, 3×3×3" in line
    assert "POTCAR of Mn is 'PAW_PBE Mn 06Sep2000', in the bulk 'PAW_PBE Mn_pv 02Aug2007'" in line


def test_a_path_must_match_its_end_points(copy):
    (first, second) = (f.folder for f in collect_vasp(copy).findings if f.kind == "hop")
    change(copy / first, ENCUT=600)
    for number in ("01", "02", "03"):
        run_vasp(copy / first / number, Shown([-390.4]), copy / first)
    found = collect_vasp(copy)
    assert troubles(found) == {first: "ENCUT is 600 eV, in the end points 520 eV"}
    assert [hop.hop.name in second for hop in found.hops] == [True]


def cut(path, share=0.6):
    text = path.read_text()
    path.write_text(text[: int(share * len(text))])


def test_unfinished_runs_are_told_and_the_others_kept(copy, tmp_path):
    for name in ("vasprun.xml", "OUTCAR"):
        cut(copy / "slab-100-a" / name)
    found = collect_vasp(copy, tmp_path / "study")
    assert "vasprun.xml is cut off" in troubles(found)["slab-100-a"]
    assert len(found.hops) == 2
    done = lnmo("collect", "vasp", "--study", "study", cwd=tmp_path)
    assert done.returncode == 1
    complaints = [line for line in done.stderr.splitlines() if line.startswith("lnmo: ")]
    assert len(complaints) == 1
    assert "slab-100-a: vasprun.xml is cut off" in complaints[0]
    shutil.rmtree(copy / "slab-100-a")
    assert "folder is missing" in troubles(collect_vasp(copy))["slab-100-a"]


def test_with_nothing_to_compare_the_next_step_is_to_collect(copy, tmp_path):
    for folder in copy.iterdir():
        if folder.is_dir() and folder.name != "bulk":
            shutil.rmtree(folder)
    done = lnmo("collect", "vasp", "--study", "study", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "study").is_dir()) == (1, True)
    done = lnmo("compare", "study", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "lnmo: study holds no finished workflow: lnmo collect vasp --study study says what is left "
        "to run\n"
    )
    shutil.rmtree(copy / "bulk")
    lnmo("collect", "vasp", "--study", "none", cwd=tmp_path)
    assert not (tmp_path / "none").exists()


def test_one_unfinished_image_holds_back_its_path_alone(copy):
    first = next(f.folder for f in collect_vasp(copy).findings if f.kind == "hop")
    for name in ("vasprun.xml", "OUTCAR"):
        cut(copy / first / "02" / name)
    found = collect_vasp(copy)
    assert troubles(found)[first].startswith("image 02: vasprun.xml is cut off")
    assert (len(found.hops), len(found.surfaces)) == (1, 1)


def test_unconverged_electrons_give_no_energy(copy):
    run_vasp(copy / "slab-100-a", replace(RUNS["slab-100-a"], electronic=200))
    found = collect_vasp(copy)
    assert "electrons did not converge" in troubles(found)["slab-100-a"]
    assert found.surfaces == ()


def test_unrelaxed_slab_keeps_its_numbers_and_is_not_ranked(copy):
    run_vasp(copy / "slab-100-a", replace(RUNS["slab-100-a"], force=0.1))
    found = collect_vasp(copy)
    assert troubles(found) == {
        "slab-100-a": "not relaxed, forces up to 0.173 eV/Å are left, 0.05 was asked: go on from "
        "CONTCAR with INCAR as it was exported"
    }
    assert not found.surfaces[0].ranked
    assert found.surfaces[0].gamma == pytest.approx(GAMMA, abs=1e-6)


def test_without_the_bulk_nothing_is_compared(copy):
    for name in ("vasprun.xml", "OUTCAR"):
        (copy / "bulk" / name).unlink()
    found = collect_vasp(copy)
    assert troubles(found) == {"bulk": "not run yet"}
    assert (found.surfaces, found.hops) == ((), ())


def swap(path, one, other):
    lines = path.read_text().splitlines(keepends=True)
    lines[8 + one], lines[8 + other] = lines[8 + other], lines[8 + one]
    path.write_text("".join(lines))


def test_another_order_of_atoms_is_told(copy):
    """Two Mn exchanged carry each other's moments; blocks exchanged are other atoms."""
    place = copy / "slab-100-a"
    original = (place / "POSCAR").read_text()
    swap(place / "POSCAR", 25, 26)
    run_vasp(place, RUNS["slab-100-a"])
    assert "began in other places" in troubles(collect_vasp(copy))["slab-100-a"]
    (place / "POSCAR").write_text(original.replace("Li Ni Mn O", "Ni Li Mn O"))
    run_vasp(place, RUNS["slab-100-a"])
    assert "not those of the exported POSCAR" in troubles(collect_vasp(copy))["slab-100-a"]


def test_another_cell_is_told(copy):
    place = copy / "slab-100-a"
    text = (place / "POSCAR").read_text().replace("\n1.0\n", "\n1.01\n")
    (place / "POSCAR").write_text(text)
    run_vasp(place, RUNS["slab-100-a"])
    assert "its cell is not that" in troubles(collect_vasp(copy))["slab-100-a"]


def test_a_run_that_went_on_from_contcar_says_so(copy):
    place = copy / "slab-100-a"
    Poscar.from_file(place / "POSCAR").structure.perturb(0.05).to(filename=place / "POSCAR")
    run_vasp(place, replace(RUNS["slab-100-a"], energies=[slab_energy(GAMMA)]))
    (result,) = collect_vasp(copy).surfaces
    assert any("began at a later geometry" in flag for flag in result.flags)
    assert result.gamma == pytest.approx(GAMMA, abs=1e-6)


def test_a_bulk_that_changed_its_crystal_is_told(tmp_path):
    export_vasp(ordered_spinel(), tmp_path, [(1, 0, 0)])
    run_vasp(tmp_path / "bulk-cell", Shown([-400.0, -401.0], shift=shift(56, 0.2)))
    found = collect_vasp(tmp_path)
    assert "space group changed from P4_332" in troubles(found)["bulk-cell"]
    assert found.written == ()


def test_outcar_alone_tells_the_same(ended):
    """To the digits that an OUTCAR has: 1e-5 Å."""
    place = ended / "slab-100-a"
    xml, out = read_vasprun(place / "vasprun.xml"), Outcar.read(place / "OUTCAR").run()
    assert out.settings == xml.settings
    assert (out.mesh, out.symbols, out.steps) == (xml.mesh, xml.symbols, xml.steps)
    assert (out.electronic, out.first_electronic) == (xml.electronic, xml.first_electronic)
    assert (out.ending, out.dipole) == (xml.ending, xml.dipole)
    assert (out.energy, out.first_energy) == pytest.approx((xml.energy, xml.first_energy))
    assert out.lattice == pytest.approx(xml.lattice, abs=1e-8)
    assert (out.positions - xml.positions + 0.5) % 1 == pytest.approx(0.5, abs=1e-5)
    assert out.seconds == 1234.5


def test_a_whole_outcar_is_read_as_ase_reads_it(ended):
    place = ended / "slab-100-a"
    run, referee = Outcar.read(place / "OUTCAR").run(), ase.io.read(place / "OUTCAR")
    assert list(run.symbols) == list(referee.symbols)
    assert run.energy == pytest.approx(referee.get_potential_energy())
    assert run.forces == pytest.approx(referee.get_forces())
    assert run.positions @ run.lattice == pytest.approx(referee.positions)
    assert run.lattice == pytest.approx(referee.cell.array)
    assert run.moments == pytest.approx(referee.get_magnetic_moments())


def test_moments_are_those_that_pymatgen_reads(ended):
    place = ended / "slab-100-a"
    referee = [float(each["tot"]) for each in Referee(place / "OUTCAR").magnetization]
    assert Outcar.read(place / "OUTCAR").moments() == pytest.approx(referee)


def test_lost_or_packed_files(copy):
    """Without vasprun.xml OUTCAR serves, without OUTCAR there are no moments; gzip is read."""
    (copy / "slab-100-a" / "vasprun.xml").unlink()
    packed = copy / "bulk" / "vasprun.xml"
    (copy / "bulk" / "vasprun.xml.gz").write_bytes(gzip.compress(packed.read_bytes()))
    packed.unlink()
    (copy / "end-point-1" / "OUTCAR").unlink()
    found = collect_vasp(copy)
    assert found.complete
    assert found.surfaces[0].gamma == pytest.approx(GAMMA, abs=1e-6)
    assert found.hops[0].moments is None


def test_results_of_another_engine_are_not_replaced(ended, tmp_path):
    save_surfaces([surface((1, 1, 1), 0.8)], tmp_path / SURFACES_FILE)
    with pytest.raises(RequestError, match="study of their own"):
        collect_vasp(ended, tmp_path)


def test_the_study_knows_its_engine(ended, tmp_path):
    collect_vasp(ended, tmp_path / "study")
    assert "PBE+U" in Study.trust_of(tmp_path / "study", "surface energies")
    states = {entry.name: entry.state for entry in status_of(tmp_path / "study")}
    assert states["relax 100-a"] == states["static 100-a"] == "done"


def test_files_that_open_others_are_refused(copy):
    path = copy / "slab-100-a" / "vasprun.xml"
    text = path.read_text()
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n<modeling>'
    path.write_text(text.replace("<modeling>", entity))
    (copy / "slab-100-a" / "OUTCAR").unlink()
    assert "no file of VASP" in troubles(collect_vasp(copy))["slab-100-a"]


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_no_hand_off_is_one_line(tmp_path, name):
    done = lnmo("collect", name, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "there is no export.json" in done.stderr


damage = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=4
)


@contextlib.contextmanager
def one_line():
    """Whatever is wrong is told in one line."""
    message = ""
    try:
        yield
    except RequestError as error:
        message = str(error)
    assert "\n" not in message


def damaged(content, wounds):
    for place, gone, new in wounds:
        at = int(place * len(content))
        content = content[:at] + new + content[at + gone :]
    return content


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wounds=damage, name=st.sampled_from(["vasprun.xml", "OUTCAR"]))
@example(wounds=[(0.0, 40, b"")], name="vasprun.xml")
def test_damaged_output_is_one_line_or_a_whole_run(ended, tmp_path_factory, wounds, name):
    place = tmp_path_factory.mktemp("damaged")
    (place / name).write_bytes(damaged((ended / "bulk" / name).read_bytes(), wounds))
    read = read_vasprun if name == "vasprun.xml" else lambda path: Outcar.read(path).run()
    with one_line():
        assert read(place / name).whole


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wounds=damage)
def test_damaged_manifest_is_one_line_or_collected(ended, tmp_path_factory, wounds):
    place = tmp_path_factory.mktemp("damaged")
    content = (ended / MANIFEST).read_bytes()
    (place / MANIFEST).write_bytes(damaged(content, wounds))
    with one_line():
        assert not collect_vasp(place).complete
