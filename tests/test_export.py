"""VASP inputs as a referee reads them: order of atoms, settings, k-points, folders."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from program import lnmo
from pymatgen.core import Lattice
from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.paths import path_images
from lnmo_atoms.builders.slabs import make_slabs
from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.records import SURFACES_FILE, save_surfaces
from lnmo_atoms.records.files import write as write_records
from lnmo_atoms.records.packing import pack
from lnmo_atoms.store import Study
from lnmo_atoms.surfaces import surface_energies
from lnmo_atoms.vasp import export_vasp
from lnmo_atoms.vasp.inputs import SAME_ENERGIES, settings, write_inputs
from lnmo_atoms.vasp.kpoints import SPACING, Sampling, mesh
from lnmo_atoms.vasp.manifest import FORMAT, MANIFEST, Calculation, digest, load_plan
from lnmo_atoms.vasp.stages import Hopping, path_stage

MOMENT = {"Li": 0.0, "O": 0.0, "Mn": 3.0, "Ni": -2.0}
FACETS = [(1, 1, 1), (1, 0, 0), (1, 1, 0)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The default study of ordered LNMO, all in its given cell."""
    root = tmp_path_factory.mktemp("vasp")
    bulk = ordered_spinel()
    written = export_vasp(bulk, root, FACETS, find_hops(bulk), fixed_cell=True)
    return root, written


def poscar(place):
    return Poscar.from_file(place / "POSCAR", check_for_potcar=False).structure


def test_default_study_is_bulk_a_slab_of_each_facet_and_one_end_point(study):
    """All Li of P4_332 are equal: one vacancy serves every hop."""
    root, written = study
    names = ["bulk", "slab-111-a", "slab-100-a", "slab-110-a", "end-point-1"]
    assert [each.folder for each in written] == names
    files = {"INCAR", "KPOINTS", "POSCAR", "POTCAR.spec"}
    for name in names:
        assert {path.name for path in (root / name).iterdir()} == files


def test_moments_hubbard_and_potentials_follow_the_poscar(study):
    root, written = study
    for each in written:
        place = root / each.folder
        incar, atoms = Incar.from_file(place / "INCAR"), poscar(place)
        symbols = [site.specie.symbol for site in atoms]
        kinds = list(dict.fromkeys(symbols))
        assert incar["MAGMOM"] == [MOMENT[symbol] for symbol in symbols]
        assert incar["LDAUU"] == [{"Mn": 3.9, "Ni": 6.2}.get(kind, 0.0) for kind in kinds]
        assert incar["LDAUL"] == [{"Mn": 2, "Ni": 2}.get(kind, 0) for kind in kinds]
        potentials = (place / "POTCAR.spec").read_text().split()
        assert [name.split("_")[0] for name in potentials] == kinds


def test_energy_settings_are_one_everywhere(study):
    root, written = study
    incars = [Incar.from_file(root / each.folder / "INCAR") for each in written]
    for name in (*SAME_ENERGIES, "LDAUTYPE", "LORBIT"):
        assert len({str(incar[name]) for incar in incars}) == 1, name
    assert (incars[0]["ENCUT"], incars[0]["ISPIN"], incars[0]["LMAXMIX"]) == (520, 2, 4)
    assert {str(incar["LREAL"]) for incar in incars} == {"Auto"}  # of the slab of 336 atoms
    assert incars[0]["LASPH"]
    assert incars[0]["GGA"].upper() == "PE"


def test_what_relaxes(study, tmp_path):
    """In the cell of the crystal only atoms move; before, the cell does."""
    root, written = study
    for each in written:
        incar = Incar.from_file(root / each.folder / "INCAR")
        assert (incar["ISIF"], incar["IBRION"]) == (2, 2)
        assert incar["EDIFFG"] == {"bulk": -0.01, "slab": -0.05, "end point": -0.02}[each.kind]
    (cell,) = export_vasp(ordered_spinel(), tmp_path, [(1, 0, 0)])
    assert cell.folder == "bulk-cell"
    incar = Incar.from_file(tmp_path / "bulk-cell" / "INCAR")
    assert (incar["ISIF"], incar["LREAL"]) == (3, False)
    assert len(load_plan(tmp_path).slabs[0].structure) < 100


def test_k_points_are_equally_dense_and_one_across_the_vacuum(study):
    root, written = study
    samplings = {}
    for each in written:
        kpoints = Kpoints.from_file(root / each.folder / "KPOINTS")
        assert kpoints.style.name == "Gamma"
        lattice, slab = poscar(root / each.folder).lattice, each.kind == "slab"
        divisions = tuple(map(int, kpoints.kpts[0]))
        samplings[each.folder] = Sampling(lattice.matrix, divisions, slab)
        spacings = np.array(lattice.reciprocal_lattice.abc) / divisions
        assert (spacings[: 2 if slab else 3] <= SPACING * 1.001).all()
        assert not slab or divisions[2] == 1
    assert samplings["bulk"].mesh == (3, 3, 3)
    assert all(each.matches(samplings["bulk"]) for each in samplings.values())


edges = st.floats(2.5, 40.0)
cells = st.builds(Lattice.orthorhombic, edges, edges, edges)


@given(cells, cells, st.booleans())
def test_meshes_of_one_spacing_always_match(one, other, slab):
    first = Sampling(one.matrix, mesh(one, slab), slab)
    assert first.matches(Sampling(other.matrix, mesh(other), False))


@given(edges)
def test_gamma_alone_matches_no_mesh(edge):
    cell = Lattice.cubic(edge)
    divisions = mesh(cell)
    full = Sampling(cell.matrix, divisions, False)
    gamma = Sampling(Lattice.tetragonal(edge, 30).matrix, (1, 1, 1), True)
    assert gamma.matches(full) == (divisions == (1, 1, 1))
    assert not full.matches(Sampling(cell.matrix, None, False))


def test_equal_faces_need_no_dipole_correction_and_unequal_ones_get_it(study):
    plan = load_plan(study[0])
    slab = make_slabs(ordered_spinel(), (1, 0, 0))[0]
    unequal = replace(slab, certificate=replace(slab.certificate, flip=None))
    for each, corrected in ((slab, False), (unequal, True)):
        incar, _ = settings(Calculation("slab", "slab", (each.structure,), each), plan)
        assert ("LDIPOL" in incar) == corrected
        assert incar.get("IDIPOL", 3) == 3
    assert incar["DIPOL"] == pytest.approx([0.5, 0.5, 0.5], abs=0.01)


def test_path_keeps_one_order_and_every_step_is_short(study, tmp_path):
    """Between neighbouring images no atom jumps across the cell."""
    root, _ = study
    plan = load_plan(root)
    hopping = Hopping(plan, CalculatorSpec("vasp"))
    still = next(iter(hopping.ends.tasks.values())).structures[0]
    assert len(still) == 55
    crystal, rest = hopping.cell.structure, np.zeros((56, 3))
    images = path_images(crystal, hopping.hops[0], hopping.ends.states[0][0], rest, rest, 7)
    calculation = path_stage(plan, 0, images)
    write_inputs(calculation, plan, tmp_path)
    place = tmp_path / calculation.folder
    assert Incar.from_file(place / "INCAR")["IMAGES"] == 5
    assert sorted(p.name for p in place.iterdir() if p.is_dir()) == [f"0{i}" for i in range(7)]
    read = [poscar(place / f"0{i}") for i in range(7)]
    for one, other in pairwise(read):
        assert one.species == other.species
        steps = (other.frac_coords - one.frac_coords) @ one.lattice.matrix
        assert np.linalg.norm(steps, axis=1).max() < 1.0
    length = hopping.hops[0].length
    way = np.linalg.norm((read[-1].frac_coords - read[0].frac_coords) @ crystal.lattice.matrix)
    assert way <= length + 1e-6


def test_terminations_and_reconstructions_that_are_asked_for(tmp_path):
    written = export_vasp(
        lithium_manganate(),
        tmp_path,
        [(1, 0, 0)],
        terminations=1,
        reconstructions=("rock-salt",),
        fixed_cell=True,
    )
    names = [each.slab.termination for each in written if each.slab]
    assert names[0] == "a"
    assert all(name.startswith("a-rock-salt") for name in names[1:])


def test_best_terminations_of_a_study(tmp_path):
    """The one of lowest γ is taken, not the first letter."""
    bulk, study = ordered_spinel(), tmp_path / "study"
    study.mkdir()
    results = surface_energies(bulk, [(1, 0, 0)], "toy_engines:Ledger", relax_best=None)
    assert {r.slab.termination for r in results} == {"a", "b"}
    ranked = [replace(r, gamma={"a": 1.1, "b": 0.9}[r.slab.termination]) for r in results]
    save_surfaces(ranked, study / SURFACES_FILE)
    written = export_vasp(bulk, tmp_path / "v", [(1, 0, 0)], best_of=study, fixed_cell=True)
    assert [each.folder for each in written] == ["bulk", "slab-100-b"]
    with pytest.raises(RequestError, match="no relaxed slab"):
        export_vasp(bulk, tmp_path / "w", [(1, 1, 0)], best_of=study)
    with pytest.raises(RequestError, match="another crystal"):
        export_vasp(lithium_manganate(), tmp_path / "w", [(1, 0, 0)], best_of=study)


def test_manifest_reads_back(study):
    root, written = study
    plan = load_plan(root)
    assert [c.folder for c in plan.calculations] == [c.folder for c in written]
    for read, given_ in zip(plan.calculations, written, strict=True):
        assert read.structures == given_.structures
        assert read.slab is None or pack(read.slab) == pack(given_.slab)


def manifest(root):
    (entries,) = json.loads((root / MANIFEST).read_text())["records"]
    del entries["sha256"]
    return entries


def sign(entries, root):
    """A manifest as one would write it who knows how."""
    write_records(root / MANIFEST, FORMAT, [], [entries | {"sha256": digest(entries)}])


def test_an_edited_manifest_is_refused(study, tmp_path):
    root, _ = study
    text = (root / MANIFEST).read_text().replace('"thickness_A": 12.0', '"thickness_A": 13.0')
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(RequestError, match="not as lnmo export wrote it"):
        load_plan(tmp_path)


@pytest.mark.parametrize("name", ["../outside", "/outside", "..", "a/b", ".hidden", ""])
def test_no_folder_outside_the_hand_off(study, tmp_path, name):
    root, _ = study
    entries = manifest(root)
    entries["calculations"][0]["folder"] = name
    sign(entries, tmp_path)
    with pytest.raises(RequestError, match="no name of a folder"):
        load_plan(tmp_path)


def test_no_class_of_a_manifest_is_built(study, tmp_path):
    root, _ = study
    entries = manifest(root)
    properties = entries["bulk"]["sites"][0]["properties"]
    properties["x"] = {"@module": "subprocess", "@class": "Popen", "args": ["false"]}
    sign(entries, tmp_path)
    with pytest.raises(RequestError, match="subprocess"):
        load_plan(tmp_path)


def test_wrong_requests(study, tmp_path):
    root, _ = study
    bulk = ordered_spinel()
    with pytest.raises(RequestError, match="hand-off already"):
        export_vasp(bulk, root)
    with pytest.raises(RequestError, match="odd number"):
        export_vasp(bulk, tmp_path, images=4)
    with pytest.raises(RequestError, match="STRUCTURE of its own"):
        export_vasp(bulk, tmp_path, [], find_hops(bulk), mode="empty-host")
    (tmp_path / "bulk").mkdir()
    (tmp_path / "bulk" / "OUTCAR").touch()
    plan = load_plan(root)
    with pytest.raises(RequestError, match="a run of VASP already"):
        write_inputs(plan.calculations[0], plan, tmp_path)
    with pytest.raises(RequestError, match=r"no surface energies: run lnmo surface --study .*s fi"):
        export_vasp(bulk, tmp_path / "v", best_of=tmp_path / "s")
    with Study(tmp_path / "s") as open_study:
        open_study.write_provenance(CalculatorSpec.parse("emt"))
    with pytest.raises(RequestError, match=r"s is not empty, it holds driver.lock: give a folder"):
        export_vasp(bulk, tmp_path / "s", [])
    (tmp_path / "v").mkdir()
    export_vasp(bulk, tmp_path / "v", [])


def test_command(tmp_path):
    done = lnmo("export", "--for", "vasp", "--facets", "100", "-o", "v", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "bulk-cell" in done.stdout
    assert "lnmo collect v" in done.stderr
    assert (tmp_path / "v" / "bulk-cell" / "INCAR").exists()
    done = lnmo("export", "--for", "espresso", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    done = lnmo("surface", "--calculator", "vasp", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "lnmo export" in done.stderr
