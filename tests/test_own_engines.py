"""Engines of the user's own: the files they are made from, and those they write."""

import hashlib
import json
import re
import shutil
import sys
import warnings
from pathlib import Path

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from program import lnmo

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec, files
from lnmo_atoms.executors import make_executor
from lnmo_atoms.executors.slurm import call
from lnmo_atoms.formats import to_atoms, to_structure
from lnmo_atoms.runner import run_tasks
from lnmo_atoms.searches import run_searches
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task, hessian, static
from lnmo_atoms.tasks.files import CHECKPOINT, NOTEBOOK, evaluations_noted

CHANGED = "changed since this was planned: start again"
WORKFLOWS = Path(__file__).parents[1] / "workflows"
ENGINES = '''
"""Engines of these tests."""
import pathlib
from ase.calculators.calculator import FileIOCalculator
from ase.calculators.emt import EMT
from ase.io import read, write


class Scaled(EMT):
    """EMT's energy, times the number in a file."""

    def __init__(self, weights, **other):
        super().__init__()
        self.factor = float(pathlib.Path(weights).read_text())

    def calculate(self, *args):
        super().calculate(*args)
        self.results["energy"] *= self.factor
        self.results["forces"] *= self.factor


class Replaced(Scaled):
    """During one of its evaluations somebody replaces its potential."""

    def __init__(self, weights, at):
        super().__init__(weights)
        self.weights, self.at = pathlib.Path(weights), at

    def calculate(self, *args):
        super().calculate(*args)
        with open("evaluations", "a") as file:
            file.write(".")
            if file.tell() == self.at:
                self.weights.write_text("2.0")


class Logging(EMT):
    """Writes to a file that its option names, or into a folder."""

    def __init__(self, log):
        super().__init__()
        self.log = pathlib.Path(log)
        if self.log.is_dir():
            self.log /= "calls"

    def calculate(self, *args):
        super().calculate(*args)
        with self.log.open("a") as file:
            file.write("called")


class Program(FileIOCalculator):
    """EMT by way of a program that reads and writes files, always of the same names."""

    implemented_properties = ["energy", "forces"]

    def __init__(self):
        super().__init__(command="sleep 0.1; cp asked.xyz answered.xyz")

    def write_input(self, atoms, properties=None, system_changes=None):
        super().write_input(atoms, properties, system_changes)
        write(f"{self.directory}/asked.xyz", atoms)

    def read_results(self):
        atoms = read(f"{self.directory}/answered.xyz")
        atoms.calc = EMT()
        self.results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
'''


@pytest.fixture
def here(in_tmp, monkeypatch):
    """A folder with these engines and a potential, where the program runs."""
    (in_tmp / "own_engines.py").write_text(ENGINES)
    (in_tmp / "mine.model").write_text("1.0")
    monkeypatch.setattr(sys, "path", [str(in_tmp), *sys.path])
    yield in_tmp
    sys.modules.pop("own_engines", None)


@pytest.fixture
def copper():
    return to_structure(bulk("Cu", cubic=True))


@pytest.fixture
def rattled():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    return to_structure(atoms)


def scaled(weights, **other):
    return CalculatorSpec.parse("own_engines:Scaled", weights=str(weights), **other)


def key(structure, spec):
    return Task.static("Cu", structure, spec).key


def test_of_a_potential_it_is_the_content_that_counts(here, copper):
    """Not its name, not its folder: a study may move, a retrained potential is another one."""
    (here / "models").mkdir()
    (here / "models" / "copy.model").write_text("1.0")
    first = key(copper, scaled("mine.model"))
    assert key(copper, scaled("models/copy.model")) == first
    assert key(copper, scaled(here / "mine.model")) == first
    (here / "mine.model").write_text("2.00")
    assert key(copper, scaled("mine.model")) != first
    assert key(copper, scaled("models/copy.model")) == first


def test_files_count_wherever_the_options_name_them(here, copper):
    """In lists, in tables, and in a folder that another option names."""
    (here / "pseudos").mkdir()
    (here / "pseudos" / "Cu.upf").write_text("a pseudopotential")
    spec = CalculatorSpec.parse(
        "own_engines:Scaled",
        weights=["mine.model"], pseudos={"Cu": "Cu.upf"}, folder="pseudos", xc="PBE",
    )  # fmt: skip
    assert set(spec.files) == {str(here / "mine.model"), str(here / "pseudos" / "Cu.upf")}
    keys = {key(copper, spec)}
    for path in spec.files:
        with open(path, "a") as file:  # noqa: PTH123
            file.write("changed")
        keys.add(key(copper, spec))
    assert len(keys) == 3


@pytest.fixture
def model(here):
    """A folder of weights."""
    (here / "model" / "variables").mkdir(parents=True)
    (here / "model" / "graph.pb").write_text("graph")
    (here / "model" / "variables" / "data").write_text("1.0")
    return here / "model"


def test_of_a_folder_it_is_all_that_is_in_it_that_counts(here, model, copper):
    """Names and contents of its files, but not where it lies, nor what others leave in it."""
    spec = scaled("model")
    keys = [key(copper, spec)]
    shutil.copytree(model, here / "copy")
    (model / ".DS_Store").touch()
    (model / "__pycache__").mkdir()
    (model / "__pycache__" / "code.pyc").touch()
    assert {key(copper, spec), key(copper, scaled("copy")), key(copper, scaled(model))} == {*keys}

    (model / "variables" / "data").write_text("2.00")
    keys.append(key(copper, spec))
    (model / "variables" / "data").rename(model / "variables" / "other")
    keys.append(key(copper, spec))
    assert len(set(keys)) == 3
    assert set(spec.files) == {str(model)}


@pytest.mark.skipif(sys.platform == "win32", reason="links there are for administrators")
def test_a_folder_that_a_link_in_a_folder_leads_to_counts_as_well(here, model, copper):
    (here / "latest").mkdir()
    (model / "weights").symlink_to(here / "latest")
    keys = set()
    for content in ("first", "second"):
        (here / "latest" / "data").write_text(content)
        keys.add(key(copper, scaled("model")))
    assert len(keys) == 2


def test_a_calculator_of_a_retrained_folder_is_built_again(model):
    spec = CalculatorSpec.parse("own_engines:Logging", log="model")
    first = spec.calculator()
    assert spec.calculator() is first
    (model / "graph.pb").write_text("retrained")
    assert spec.calculator() is not first


def test_of_a_folder_of_pseudopotentials_only_those_named_count(here, model, copper):
    spec = CalculatorSpec.parse("own_engines:Scaled", weights="graph.pb", folder="model")
    first = key(copper, spec)
    (model / "of_another_element.upf").write_text("a pseudopotential")
    assert key(copper, spec) == first
    assert set(spec.files) == {str(here / "model" / "graph.pb")}


@pytest.mark.parametrize("most", [{"MOST_FILES": 1}, {"MOST_BYTES": 7}])
@pytest.mark.usefixtures("model")
def test_a_folder_that_holds_too_much_is_one_line_before_anything_runs(most, monkeypatch):
    for name, value in most.items():
        monkeypatch.setattr(files, name, value)
    with pytest.raises(RequestError, match=r"the options name the folder .*model, which") as caught:
        scaled("model").check(["Cu"])
    assert "\n" not in str(caught.value)


def test_a_retrained_potential_is_loaded_again(here, copper):
    atoms, spec = to_atoms(copper), scaled("mine.model")
    first = spec.calculator().get_potential_energy(atoms)
    assert spec.calculator() is spec.calculator()
    (here / "mine.model").write_text("2.00")
    assert spec.calculator().get_potential_energy(atoms) == 2 * first


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"weights": "your.model"}, "your.model"),
        ({"weights": "fine/tuned.pth.tar"}, "fine/tuned.pth.tar"),
        ({"weights": ["mine.model", "your.model"]}, "your.model"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_missing_file_is_one_line_before_anything_runs(options, name):
    with pytest.raises(RequestError) as caught:
        CalculatorSpec.parse("own_engines:Scaled", **options).check(["Cu"])
    assert f"there is no file {name!r}, which own_engines:Scaled takes as " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("here")
def test_texts_that_name_no_file_are_left_alone():
    scaled(
        "mine.model", device="cuda:1", version="0.3.0", head="medium-0b3", hub="facebook/UMA",
        command="mpirun -n 2 pw.x", program="/bin/sh", url="https://host/a.model", long="x" * 999,
    ).check(["Cu"])  # fmt: skip


@pytest.mark.parametrize("log", ["calls", "logs"])
def test_a_potential_that_changes_under_a_calculation_spoils_it(here, copper, log):
    """Whether it was retrained too early, or the engine takes it for its log."""
    (here / "logs").mkdir()
    spec = CalculatorSpec.parse("own_engines:Logging", log=log)
    task = Task.static("Cu", copper, spec)
    with Study(here / "study") as study, make_executor() as pool:
        (bad,) = run_tasks([task], study, pool).values()
    assert CHANGED in bad.cause


def hessian_task(structure, at=9):
    """Somebody replaces the potential during one of its evaluations."""
    spec = CalculatorSpec.parse("own_engines:Replaced", weights="mine.model", at=at)
    return Task.hessian("Cu", structure, spec)


@pytest.mark.parametrize("workers", [None, 1])
def test_a_search_holds_one_potential(here, rattled, workers):
    """Of 24 evaluations eight are by the old one, and kept; with it the search goes on."""
    task, alone = hessian_task(rattled), hessian(rattled, scaled("mine.model"))
    executor = make_executor(workers and "processes", workers)
    with Study(here / "study") as study, executor as pool:
        (bad,) = run_searches([task], study, pool).values()
        assert CHANGED in bad.cause
        noted = evaluations_noted(study.folder(task) / NOTEBOOK)
        (here / "mine.model").write_text("1.0")
        (good,) = run_searches([task], study, pool).values()
    assert noted is None or noted[0] <= 8
    assert good.hessian.tolist() == alone.hessian.tolist()
    assert alone.force_calls == 24


def test_a_search_does_not_begin_with_another_potential_than_planned(here, rattled):
    task = hessian_task(rattled)
    with Study(here / "study") as study, make_executor() as pool:
        assert task.key
        (here / "mine.model").write_text("2.0")
        (bad,) = run_searches([task], study, pool).values()
    assert CHANGED in bad.cause
    assert not (here / "evaluations").exists()


def test_a_job_of_slurm_knows_its_engine_by_the_key_it_was_sent_with(here, copper, rattled):
    """Be its source edited before it begins, or its potential replaced while it computes."""
    search, single = hessian_task(rattled), Task.static("Cu", copper, scaled("mine.model"))
    with Study(here / "study") as study:
        folders = [study.folder(task) for task in (search, single)]
        for task, folder in zip((search, single), folders, strict=True):
            call.write_call(task, folder)
        call.run(folders[0])
        assert evaluations_noted(folders[0] / NOTEBOOK)[0] == 8
        (here / "mine.model").write_text("1.0")
        (here / "own_engines.py").write_text(ENGINES.replace("= float", "= 2 * float"))
        call.run(folders[1])
        for folder in folders:
            assert CHANGED in str(call.read_outcome(folder))


def test_a_relaxation_over_a_change_leaves_no_geometry(here, rattled):
    """The next start would go on from one that two potentials made."""
    spec = CalculatorSpec.parse("own_engines:Replaced", weights="mine.model", at=3)
    task = Task.relax("Cu", rattled, spec)
    with Study(here / "study") as study, make_executor() as pool:
        (bad,) = run_tasks([task], study, pool).values()
        assert CHANGED in bad.cause
        assert not (study.folder(task) / CHECKPOINT).exists()


def test_a_study_names_the_files_it_rests_on(here):
    spec = scaled("mine.model")
    with Study(here / "study") as study:
        study.write_provenance(spec)
    engine = json.loads((here / "study" / "study.json").read_text())["runs"][0]["engine"]
    assert engine["files"] == {
        str(here / "mine.model"): hashlib.sha256(b"1.0").hexdigest(),
    }
    assert engine["options"] == {"weights": "mine.model"}


def test_a_recipe_with_a_missing_file_is_refused_at_once(here):
    (here / "r.toml").write_text(
        'calculator = "own_engines:Scaled"\ncalculator_options = { weights = "your.model" }\n'
    )
    done = lnmo("study", "r.toml", cwd=here)
    assert done.returncode == 2
    assert "there is no file 'your.model'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (here / "lnmo-study").exists()


def test_programs_that_write_files_do_so_in_the_folder_of_their_task(here):
    """Side by side they would else read each other's answers."""
    structures = []
    for n in range(6):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=n)
        structures.append(to_structure(atoms))
    spec = CalculatorSpec.parse("own_engines:Program")
    tasks = [Task.static(str(n), structure, spec) for n, structure in enumerate(structures)]
    with Study(here / "study") as study, make_executor("processes", workers=3) as pool:
        results = run_tasks(tasks, study, pool)
    for task, structure in zip(tasks, structures, strict=True):
        expected = EMT().get_potential_energy(to_atoms(structure))
        assert results[task.key].energy == pytest.approx(expected, abs=1e-6)
    assert not list(here.glob("*.xyz"))


def test_a_finetuned_chgnet_file_is_an_engine(here, capfd):
    """With CHGNet's own weights in the file it gives CHGNet's energies; others are another key."""
    shutil.copy(WORKFLOWS / "my_engine.py", here)
    lnmo_cell = ordered_spinel(a=8.2)
    theirs = static(lnmo_cell, CalculatorSpec.parse("chgnet"), forces=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from chgnet.model import CHGNet

        model = CHGNet.load(verbose=False, use_device="cpu")
        torch.save({"model": model.as_dict()}, here / "mine.pth.tar")
        capfd.readouterr()
        spec = CalculatorSpec.parse("my_engine:finetuned", weights="mine.pth.tar")
        mine = static(lnmo_cell, spec, forces=True)
    assert mine.energy == pytest.approx(theirs.energy, abs=1e-4)
    assert mine.forces == pytest.approx(theirs.forces, abs=1e-4)
    assert capfd.readouterr().out == ""
    first = key(lnmo_cell, spec)
    with torch.no_grad():
        next(model.parameters()).add_(0.1)
    torch.save({"model": model.as_dict()}, here / "mine.pth.tar")
    assert key(lnmo_cell, spec) != first


def test_espresso_is_told_the_moment_and_the_u_of_every_species(here):
    """A second structure gets nothing of the first."""
    shutil.copy(WORKFLOWS / "espresso.py", here)
    (here / "pseudo").mkdir()
    pseudos = {element: f"{element}.upf" for element in ("Li", "Mn", "Ni", "O")}
    for name in pseudos.values():
        (here / "pseudo" / name).write_text(f"that of {name}")
    spec = CalculatorSpec.parse(
        "espresso:pbe_u", pseudo_dir="pseudo", pseudos=pseudos, cutoff=90, density_cutoff=720
    )
    spec.check(pseudos)
    assert len(spec.files) == 4

    cell = ordered_spinel()
    reduced = cell.copy()
    reduced.replace(cell.indices_from_symbol("Mn")[0], "Mn3+", properties={"magmom": 4.0})
    written = [_input(spec, reduced, here / "reduced"), _input(spec, cell, here / "ordered")]
    moments = [{3.0, 4.0}, {3.0}]
    for (by_species, hubbard, text), of_manganese in zip(written, moments, strict=True):
        manganese = {name for name in by_species if name.startswith("Mn")}
        assert {by_species[name] for name in manganese} == of_manganese
        assert by_species["Ni"] == -2.0
        assert hubbard == dict.fromkeys(manganese, "3d 3.9") | {"Ni": "3d 6.2"}
        assert "nspin            = 2" in text
        assert f"'{here / 'pseudo'}'" in text
        assert "2 2 2  0 0 0" in text


def _input(spec, structure, folder):
    """Moments by species, U by species, and the text that pw.x would read."""
    spec.calculator(folder).write_inputfiles(to_atoms(structure), ["energy"])
    text = (folder / "espresso.pwi").read_text()
    names = re.findall(r"^(\w+) +[\d.]+ \w+\.upf$", text, re.MULTILINE)
    moments = re.findall(r"starting_magnetization\((\d+)\) = (\S+)", text)
    assert [int(place) for place, _ in moments] == list(range(1, len(names) + 1))
    by_species = dict(zip(names, (float(moment) for _, moment in moments), strict=True))
    return by_species, dict(re.findall(r"^U (\w+)-(.+)$", text, re.MULTILINE)), text
