"""The program as a user runs it: outputs, exit codes, one line for every mistake."""

import contextlib
import csv
import json
import subprocess
import time
from dataclasses import replace

import pytest
from program import LNMO, lnmo
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.slabs import certify, make_slabs
from lnmo_atoms.builders.spinel import average_spinel, lithium_manganate, ordered_spinel
from lnmo_atoms.cli.certificates import show_slabs
from lnmo_atoms.formats import read, write


@pytest.fixture
def copper(tmp_path):
    (tmp_path / "POSCAR").write_text(
        "Cu\n1\n3.6 0 0\n0 3.6 0\n0 0 3.6\nCu\n4\nDirect\n0 0 0\n0.5 0.5 0\n0.5 0 0.5\n0 0.5 0.5\n"
    )
    return tmp_path / "POSCAR"


def test_build_writes_what_it_says(tmp_path):
    done = lnmo(
        "build",
        "disordered",
        "--cell",
        1,
        1,
        2,
        "--nickel",
        0.25,
        "--seed",
        3,
        "-o",
        "x.cif",
        "-o",
        "POSCAR",
        "--json",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["atoms"] == 112
    assert facts["seed"] == 3
    for name in ("x.cif", "POSCAR"):
        content = read(tmp_path / name).composition
        assert content.element_composition.formula == "Li16 Mn28 Ni4 O64"


def test_slabs_and_hops_come_as_files_and_tables(tmp_path):
    done = lnmo("slabs", "--facet", "100", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "100-a" in done.stdout
    assert len(read(tmp_path / "out" / "100-a.vasp")) % 14 == 0
    done = lnmo("hops", "-o", "hops", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)["hops"]
    assert [hop["multiplicity"] for hop in found] == [4, 12]
    ends = [read(f) for f in sorted((tmp_path / "hops").glob("8c-12d-8c*/*.vasp"))]
    assert {len(end) for end in ends} == {55}


def test_slabs_leave_an_index_that_names_every_file(tmp_path):
    done = lnmo("slabs", "--facet", "100", "--thickness", 8, "-o", "out", "--json", cwd=tmp_path)
    rows = json.loads(done.stdout)
    index = json.loads((tmp_path / "out" / "index.json").read_text(encoding="utf-8"))
    bulk = ordered_spinel()
    for entry in index:
        origin = [bulk[site].specie.symbol for site in entry.pop("bulk_sites")]
        assert origin == [site.specie.symbol for site in read(tmp_path / "out" / entry["poscar"])]
    assert rows == index
    with (tmp_path / "out" / "index.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["slab"] for line in lines] == [row["slab"] for row in rows]
    for row, line in zip(rows, lines, strict=True):
        assert row["certified"]
        assert row["problems"] == []
        assert float(line["exposed_Mn_per_nm2"]) == row["exposed_Mn_per_nm2"] > 0
        atoms = row["area_A2"] / 100 * sum(row[f"{e}_per_nm2"] for e in ("Li", "Mn", "Ni", "O"))
        assert row["atoms"] == pytest.approx(atoms)
        for kind in ("poscar", "cif"):
            assert len(read(tmp_path / "out" / row[kind])) == row["atoms"]
        assert (tmp_path / "out" / row["picture"]).stat().st_size > 0


def test_a_slab_whose_faces_differ_is_called_that(capsys):
    bulk = lithium_manganate()
    whole, other, *_ = make_slabs(bulk, (1, 0, 0), thickness=8)
    robbed = other.structure.copy()
    robbed.remove_sites([0])
    made = certify(robbed, bulk.composition, 8.0, "one Li removed")
    show_slabs([whole, replace(other, structure=robbed, certificate=made)])
    shown = capsys.readouterr()
    assert "2 slabs, 1 symmetric, 1 stoichiometric, 1 dipole-free" in shown.out
    assert shown.out.count("faces differ") == 1
    assert "one Li removed" in shown.out
    assert f"{other.name}: not stoichiometric" in shown.err
    assert max(map(len, shown.out.splitlines())) <= 100


def test_check_tells_a_certified_slab_from_a_spoiled_one_and_from_none(tmp_path):
    slab = make_slabs(lithium_manganate(), (1, 0, 0), thickness=8)[0].structure
    write(slab, tmp_path / "whole.vasp")
    spoiled = slab.copy()
    oxygen = next(i for i, site in enumerate(slab) if site.specie.symbol == "O")
    spoiled.remove_sites([oxygen])
    write(spoiled, tmp_path / "spoiled.cif")
    write(lithium_manganate(), tmp_path / "bulk.cif")
    done = lnmo("slabs", "--check", "whole.vasp", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "symmetric, stoichiometric, dipole-free" in done.stdout
    done = lnmo("slabs", "bulk.cif", "--check", "spoiled.cif", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "1 O missing; add or remove" in done.stdout
    assert "charged with +2 e" in done.stdout
    assert "faces differ" in done.stdout
    done = lnmo("slabs", "--check", "spoiled.cif", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["excess_O"] == -1
    assert len(json.loads(done.stdout)["problems"]) >= 3
    for wrong, hint in (("bulk.cif", "no slab"), ("missing.cif", "does not exist")):
        done = lnmo("slabs", "--check", wrong, cwd=tmp_path)
        assert done.returncode == 2
        assert hint in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_surface_of_copper_from_start_to_comparison(copper):
    folder = copper.parent
    words = ("surface", "POSCAR", "--calculator", "emt", "--study", "s", "--workers", 1)
    done = lnmo(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "111-a" in done.stdout
    again = lnmo("compare", "s", "--json", cwd=folder)
    facets = json.loads(again.stdout)["facets"]
    assert sum(row["wulff_share"] for row in facets) == pytest.approx(1)
    for file in (
        "comparison.csv",
        "comparison.json",
        "study.json",
        "results.db",
        "figures/wulff.png",
        "figures/surface-energies.png",
        "structures/bulk.cif",
    ):
        assert (folder / "s" / file).stat().st_size > 0
    state = json.loads(lnmo("status", "s", "--json", cwd=folder).stdout)
    assert {entry["state"] for entry in state} == {"done"}
    plan = json.loads(lnmo(*words, "--dry-run", "--json", cwd=folder).stdout)
    assert {entry["calculation"] for entry in plan} == {entry["name"] for entry in state}
    assert all(entry["done"] for entry in plan)
    more = lnmo(*words, "--facets", "111,100,110,311", "--dry-run", cwd=folder)
    assert f"{len(plan)} already done" in more.stdout


FAILS = '''
from ase.calculators.emt import EMT


def small(atoms):
    """EMT for so many atoms at most."""

    class Small(EMT):
        def calculate(self, *args, **kwargs):
            super().calculate(*args, **kwargs)
            if len(self.atoms) > atoms:
                raise RuntimeError("too large")

    return Small()
'''


def test_a_recipe_of_surfaces_alone_and_a_comparison_that_names_what_failed(copper):
    """The (100) slab has four atoms, the (110) slab five."""
    folder = copper.parent
    (folder / "fails.py").write_text(FAILS)
    (folder / "r.toml").write_text(
        'structure = "POSCAR"\ncalculator = "fails:small"\ncalculator_options = { atoms = 4 }\n'
        'parts = ["surface"]\nexecutor = "serial"\nstudy = "s"\n'
        '[surface]\nfacets = ["100", "110"]\nthickness = 5\nvacuum = 8\n'
    )
    done = lnmo("study", "r.toml", cwd=folder)
    compared = lnmo("compare", "s", cwd=folder)
    for result in (done, compared):
        assert result.returncode == 1, result.stderr
        assert "static 110-a failed: RuntimeError: too large" in result.stderr
        assert "100-a" in result.stdout
    refused = lnmo("surface", "r.toml", cwd=folder)
    assert refused.returncode == 2
    assert refused.stderr == "lnmo: r.toml is no structure: a recipe goes to lnmo study\n"


@pytest.fixture
def alloy(tmp_path):
    shares = {"Cu": 0.75, "Au": 0.25}
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.75), [shares], [[0, 0, 0]])
    write(cell, tmp_path / "alloy.cif")
    return tmp_path


def test_surface_of_an_alloy_comes_with_its_error(alloy):
    """A table for people, numbers for programs; nothing is calculated twice."""
    words = ("surface", "alloy.cif", "--facets", "111", "--thickness", 6, "--samples", 3)
    words += ("--calculator", "emt", "--study", "s", "--workers", 1)
    done = lnmo(*words, cwd=alloy)
    assert done.returncode == 0, done.stderr
    assert "111-a" in done.stdout
    assert " ± " in done.stdout
    (row, *_) = json.loads(lnmo(*words, "--json", cwd=alloy).stdout)
    assert row["samples"] == 3
    assert row["gamma_J_per_m2"] == pytest.approx(sum(row["samples_J_per_m2"]) / 3)
    assert f"{row['gamma_J_per_m2']:.3f} ± {row['standard_error_J_per_m2']:.3f}" in done.stdout
    assert (alloy / "s" / "disordered_surfaces.json").stat().st_size > 0


def test_dry_run_of_a_disordered_crystal_lists_every_sample(tmp_path):
    assert lnmo("build", "average", "-o", "average.cif", cwd=tmp_path).returncode == 0
    built = set(tmp_path.iterdir())
    words = ("surface", "average.cif", "--facets", "100", "--samples", 2, "--dry-run", "--json")
    done = lnmo(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {entry["calculation"] for entry in json.loads(done.stdout)}
    assert {"relax bulk-s1", "relax bulk-s2", "static 100-a-s1", "relax 100-a-s2"} <= names
    assert set(tmp_path.iterdir()) == built


def test_miller_indices_of_a_primitive_cell_are_conventional(tmp_path):
    """{100} of fcc cut from the one-atom cell: area a²/2, not that of {111}."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    write(cell.get_primitive_structure(), tmp_path / "cu.cif")
    done = lnmo("slabs", "cu.cif", "--facet", "100", "-o", "out", "--json", cwd=tmp_path)
    (slab,) = json.loads(done.stdout)
    assert slab["area_A2"] == pytest.approx(3.6**2 / 2)
    assert "conventional cell of 4 atoms" in " ".join(done.stderr.split())


def test_a_compound_without_charges_is_said_to_have_none(tmp_path, copper):
    """Of magnesia nobody can judge a dipole; copper has none to judge."""
    rock_salt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.21), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    write(rock_salt, tmp_path / "mgo.cif")
    done = lnmo("slabs", "mgo.cif", "--facet", "100", "-o", "out", cwd=tmp_path)
    assert "dipoles cannot be judged" in " ".join(done.stderr.split())
    done = lnmo("slabs", copper, "--facet", "100", "-o", "out", cwd=tmp_path)
    assert "dipoles" not in done.stderr


def test_dry_run_runs_nothing(tmp_path):
    done = lnmo("study", "--dry-run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert sum(entry["calculation"].startswith("path") for entry in plan) == 2
    assert all(entry["estimate_core_s"] > 0 and not entry["done"] for entry in plan)
    assert not list(tmp_path.iterdir())


def test_failing_engine_is_recorded_and_the_others_go_on(copper):
    folder = copper.parent
    (folder / "engine.py").write_text(
        "from ase.calculators.emt import EMT\n"
        "class Moody(EMT):\n"
        "    def calculate(self, atoms, *rest):\n"
        "        if len(atoms) == 8:\n"
        "            raise RuntimeError('no eight today')\n"
        "        super().calculate(atoms, *rest)\n"
    )
    done = lnmo("surface", "POSCAR", "--calculator", "engine:Moody", "--study", "s", cwd=folder)
    assert done.returncode == 1, done.stderr
    assert "no eight today" in done.stderr
    assert "111-a" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("build", "ordered", "-o", "x.weird"), "x.weird"),
        (("build", "ordered", "-o", "no/such/folder/x.cif"), "folder"),
        (("build", "nonsense", "-o", "x.cif"), "nonsense"),
        (("build", "disordered", "--nickel", "0.3", "-o", "x.cif"), "0.25"),
        (("slabs", "missing.cif", "--facet", "111"), "missing.cif"),
        (("slabs", "empty.cif", "--facet", "111"), "empty.cif"),
        (("slabs", "nolattice.cif", "--facet", "111"), "nolattice.cif"),
        (("slabs", "--facet", "000"), "000"),
        (("slabs", "--facet", "1x1"), "1x1"),
        (("slabs", "slab.cif", "--facet", "001"), "it is a slab"),
        (("surface", "--facets", "000", "--study", "s"), "000"),
        (("surface", "--facets", "1,1,1", "--study", "s"), "without commas"),
        (("surface", "--study", "plain.txt"), "plain.txt"),
        (("surface", "--study", "plain.txt/deeper"), "plain.txt"),
        (("surface", "--calculator", "emt", "--study", "s"), "Li"),
        (("surface", "average.cif", "--samples", "1", "--study", "s"), "samples"),
        (("migrate", "average.cif", "--study", "s"), "partially occupied"),
        (("surface", "--calculator", "nowhere:factory", "--study", "s"), "nowhere"),
        (("surface", "--calculator", "nonsense", "--study", "s"), "--calculator: calculator 'nons"),
        (("study", "--refine", "nonsense", "--study", "s"), "--refine: calculator 'nonsense' is"),
        (("rank", "--calculator", "nonsense", "--study", "s"), "--calculator: calculator 'nonsens"),
        (("study", "refine.toml"), "refine.toml: refine: calculator 'nonsense' is not known"),
        (("migrate", "--images", "4", "--study", "s"), "odd"),
        (("study", "missing.toml"), "missing.toml"),
        (("study", "bad.toml"), "bad.toml"),
        (("study", "unknown.toml"), "no such entry"),
        (("study", "loose.toml"), '"all"'),
        (("study", "factory.toml", "--study", "deep/s"), "No module named 'nowhere'"),
        (("compare", "damaged"), "repeat the command"),
        (("compare", "nothing"), "nothing"),
        (("status", "nothing"), "nothing"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(tmp_path, words, hint):
    (tmp_path / "empty.cif").write_text("")
    (tmp_path / "nolattice.cif").write_text("data_x\n_cell_length_a 3\n")
    (tmp_path / "bad.toml").write_text("calculator = \n")
    (tmp_path / "unknown.toml").write_text("[surface]\nfacet = ['111']\n")
    (tmp_path / "loose.toml").write_text("[surface]\nrelax_best = 'most'\n")
    (tmp_path / "refine.toml").write_text("refine = 'nonsense'\n")
    (tmp_path / "factory.toml").write_text("factory = 'nowhere:make'\n")
    (tmp_path / "plain.txt").write_text("no folder")
    write(make_slabs(lithium_manganate(), (1, 0, 0))[0].structure, tmp_path / "slab.cif")
    write(average_spinel(), tmp_path / "average.cif")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "surfaces.json").write_text('{"format": "lnmo_at')
    given = sorted(path.name for path in tmp_path.rglob("*"))
    done = lnmo(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert hint in done.stderr
    complaints = [line for line in done.stderr.splitlines() if line.startswith("lnmo: ")]
    assert len(complaints) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == given


def test_every_command_helps_with_an_example(tmp_path):
    for command in (
        "build",
        "slabs",
        "hops",
        "surface",
        "migrate",
        "converge",
        "study",
        "compare",
        "status",
    ):
        done = lnmo(command, "--help", cwd=tmp_path)
        assert done.returncode == 0
        assert f"lnmo {command}" in done.stdout.split("Example:")[1]
    assert lnmo("--version", cwd=tmp_path).stdout.startswith("lnmo_atoms ")


SLOW_COPPER = """
import time
from pathlib import Path
from ase.calculators.emt import EMT

class Slow(EMT):
    def calculate(self, atoms, *rest):
        time.sleep(0.05)
        with Path("calls.log").open("a") as log:
            log.write(f"{len(atoms)} {atoms.positions.sum():.6f}\\n")
        super().calculate(atoms, *rest)
"""


def test_killed_study_goes_on_and_ends_like_an_undisturbed_one(copper):
    """Kill −9 at several moments, start again: same numbers, hardly a calculation twice."""
    folder = copper.parent
    (folder / "engine.py").write_text(SLOW_COPPER)
    words = (
        "surface",
        "POSCAR",
        "--calculator",
        "engine:Slow",
        "--workers",
        "1",
        "--fmax",
        "0.001",
    )
    calm = lnmo(*words, "--study", "calm", cwd=folder)
    assert calm.returncode == 0, calm.stderr
    undisturbed = (folder / "calls.log").read_text().splitlines()
    (folder / "calls.log").unlink()
    for moment in (2.0, 2.5, 3.0, 3.5):
        driver = subprocess.Popen(
            [*LNMO, *words, "--study", "killed"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            driver.wait(timeout=moment)
        driver.kill()
        driver.wait()
        time.sleep(1.5)  # its workers notice
    done = lnmo(*words, "--study", "killed", cwd=folder)
    assert done.returncode == 0, done.stderr
    calls = (folder / "calls.log").read_text().splitlines()
    # a kill costs at most the evaluations since the last checkpoint, 2 s of them
    assert len(calls) <= len(undisturbed) + 4 * 2.0 / 0.05
    gammas = [
        [
            row["gamma_J_per_m2"]
            for row in json.loads((folder / s / "comparison.json").read_text())["facets"]
        ]
        for s in ("calm", "killed")
    ]
    assert gammas[1] == pytest.approx(gammas[0], abs=1e-4)
    assert not list((folder / "killed" / "tasks").iterdir())
