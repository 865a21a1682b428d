"""Files of strangers: nothing in them runs, leads out of the study, or commands the terminal."""

import ast
import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from ase.build import bulk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program import lnmo
from synthetic import midpoint_result, ordered_hop, surface

import lnmo_atoms
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import file_name, legible
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli import screen
from lnmo_atoms.executors.slurm import call
from lnmo_atoms.formats import to_structure
from lnmo_atoms.records import HOPS_FILE, SURFACES_FILE, save_hops, save_surfaces
from lnmo_atoms.store import Study
from lnmo_atoms.store.rows import pack_task
from lnmo_atoms.tasks import Task, execute

EMT = CalculatorSpec.parse("emt")
EVIL = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
OBJECT = {"@module": "evil", "@class": "make", "@version": None}
NAMES = [
    "../../x", "/x", "..\\x", "a\nb", "\x1b[2J\x1b]0;x\x07", "\x9b2J", "[red]x[/red]", "[/]",
    "\\[bold]x", "<script>alert(1)</script>", "__import__('os').system('touch ran')", "$\\frac$",
    "\u202exyz",
]  # fmt: skip
COMMANDS = ("status", "compare", "diffusion")


def copper():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    return to_structure(atoms)


@pytest.fixture
def study(tmp_path):
    """A finished study beside a module that must not be imported."""
    (tmp_path / "evil.py").write_text(EVIL)
    task = Task.static("static", copper(), EMT)
    with Study(tmp_path / "study") as kept:
        kept.write_provenance(EMT, {}, ["a test"])
        kept.put(task, execute(task, kept.folder(task)))
        hops = [replace(midpoint_result(), hop=ordered_hop(number)) for number in (4, 12)]
        save_hops(hops, ordered_spinel(a=8.0), kept.path / HOPS_FILE)
        save_surfaces([surface((1, 1, 1), 0.5)], kept.path / SURFACES_FILE)
    return tmp_path / "study"


def look(study):
    """Every command that only looks at a study; their output and exit codes."""
    before = outside(study)
    done = [lnmo(command, study.name, cwd=study.parent) for command in COMMANDS]
    assert not (study.parent / "ran").exists()
    assert outside(study) - before <= {"diffusion.json", "diffusion.png", "diffusion.csv"}
    for one in done:
        assert "Traceback" not in one.stderr
        assert not any(sign in one.stdout + one.stderr for sign in "\x1b\x9b\x07\u202e")
    return done


def outside(study):
    """What lies beside the study, and beside its parent."""
    around = (study.parent, study.parent.parent)
    return {path.name for folder in around for path in folder.iterdir()} - {"study"}


def edit(path, change):
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def test_no_module_unpickles_or_evaluates():
    """Ranks of MPI answer through a pipe to their parent: the one place that knows of pickle."""
    forbidden = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib", "yaml"}
    for path in Path(lnmo_atoms.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and path.name != "mpi.py":
                assert not forbidden & {alias.name.split(".")[0] for alias in node.names}, path
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "__import__"}, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                assert (owner, node.func.attr) not in {("np", "load"), ("torch", "load")}, path


def test_a_job_of_slurm_reads_and_writes_data_alone(tmp_path, monkeypatch):
    def unpickled(*_):
        raise AssertionError("unpickled")

    task = Task.relax("relax", copper(), EMT, fmax=0.01)
    with Study(tmp_path) as study:
        folder = study.folder(task)
        call.write_call(task, folder)
        for name in ("load", "loads", "Unpickler"):
            monkeypatch.setattr(pickle, name, unpickled)
        call.run(folder)
        assert call.read_outcome(folder).energy == execute(task, study.folder(task)).energy


@pytest.mark.parametrize("file", [call.CALL, call.OUTCOME])
def test_what_a_job_reads_builds_no_foreign_object(tmp_path, monkeypatch, file):
    (tmp_path / "evil.py").write_text(EVIL)
    monkeypatch.syspath_prepend(str(tmp_path))
    task = Task.static("static", copper(), EMT)
    (tmp_path / call.CALL).write_text(pack_task(task))
    call.run(tmp_path)
    content = json.loads((tmp_path / file).read_text())
    fields = content if file == call.CALL else content["result"]
    name = "structures" if file == call.CALL else "structure"
    tree = json.loads(fields[name][0] if file == call.CALL else fields[name])
    tree["sites"][0]["properties"]["magmom"] = OBJECT
    fields[name] = [json.dumps(tree)] if file == call.CALL else json.dumps(tree)
    (tmp_path / file).write_text(json.dumps(content))
    if file == call.CALL:
        with pytest.raises(RequestError, match="'evil'"):
            call.run(tmp_path)
    else:
        assert "is damaged" in str(call.read_outcome(tmp_path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("file", [HOPS_FILE, SURFACES_FILE])
def test_records_build_no_foreign_object(study, file):
    def ask(tree):
        tree["bulks"][0]["sites"][0]["properties"] = {"magmom": OBJECT}

    edit(study / file, ask)
    _, compared, _ = look(study)
    assert compared.returncode == 2
    assert "asks for an object of 'evil'" in compared.stderr
    assert compared.stderr.count("\n") == 1


def test_a_row_of_the_database_builds_no_foreign_object(study, monkeypatch):
    structure = copper()
    structure.add_site_property("label", [OBJECT] * 4)
    task = Task.static("static", copper(), EMT)
    with Study(study) as kept:
        result = replace(kept.get(task.key), structure=structure)
        kept.put(task, result)
        monkeypatch.syspath_prepend(str(study.parent))
        with pytest.raises(RequestError, match="asks for an object of 'evil'"):
            kept.get(task.key)
    assert not (study.parent / "ran").exists()


@pytest.mark.parametrize("engine", ["evil:make", "plugin-of-another-machine"])
def test_an_engine_named_in_a_study_is_not_imported(study, engine):
    """Not to show results: they were calculated, here or elsewhere."""
    edit(study / "study.json", lambda tree: tree["runs"][0]["engine"].update(engine=engine))
    assert [done.returncode for done in look(study)] == [0, 0, 0]


@pytest.mark.parametrize("runs", [None, 7, [7], [{}], [{"recipe": 3, "engine": []}]])
def test_a_provenance_of_another_shape_is_refused_in_one_line(study, runs):
    edit(study / "study.json", lambda tree: tree.update(runs=runs))
    _, compared, spread = look(study)
    assert (compared.returncode, spread.returncode) == (2, 2)
    assert compared.stderr.count("\n") == 1


@pytest.mark.parametrize("name", NAMES)
def test_names_from_files_stay_names(study, name):
    """Of tasks, engines, slabs and hops, wherever they are shown or become files."""
    task = Task.static(name, bulk_of(name), EMT)
    with Study(study) as kept:
        kept.fail(task, name)
        kept.folder(replace(task, structures=(copper(),), options=task.options | {"forces": True}))
    edit(study / HOPS_FILE, lambda tree: tree["records"][0]["hop"].update(label=name))
    edit(study / HOPS_FILE, lambda tree: tree["records"][0].update(engine=name))
    edit(study / SURFACES_FILE, lambda tree: tree["records"][0]["slab"].update(termination=name))
    listed, compared, _ = look(study)
    assert listed.returncode == 1
    assert compared.returncode == (1 if legible(name) else 2), compared.stderr
    assert not legible(name) or f"{name} failed: {name}" in " ".join(compared.stderr.split())
    assert legible(name) or compared.stderr.count("\n") == 1


def bulk_of(name):
    """A structure of its own for each name."""
    structure = copper()
    structure.perturb(0.01 * (1 + NAMES.index(name)))
    return structure


@given(text=st.text(max_size=60))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_shown_without_commanding_the_terminal(text):
    shown = screen.visible(text)
    assert not any(ord(c) < 32 and c != "\n" for c in shown)
    assert not any(127 <= ord(c) < 160 for c in shown)
    assert screen.visible(shown) == shown
    with screen.out.capture() as capture:
        screen.line(text)
    assert capture.get() == " ".join(text.split()) + "\n" or shown != text


@given(text=st.text(max_size=60))
def test_any_text_is_a_name_in_one_folder(text):
    name = file_name(f"hop-{text}")
    assert (Path("folder") / name).resolve().parent == Path("folder").resolve()
    assert not set(name) & set('/\\:*?"<>|\n\0')


def test_a_structures_labels_lead_nowhere(tmp_path):
    """``lnmo hops`` names folders by sites, which a file may call what it likes."""
    structure = ordered_spinel()
    structure.add_site_property("parent", ["../../x"] * len(structure))
    place = tmp_path / "in" / "deep"
    place.mkdir(parents=True)
    (place / "s.json").write_text(structure.to_json())
    lnmo("hops", "s.json", "-o", "images", cwd=place)
    assert {path.name for path in place.iterdir()} <= {"s.json", "images"}
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["deep"]


def test_code_of_ones_own_is_named_before_it_runs(study):
    """It ends the program as soon as it is imported."""
    (study.parent / "mine.py").write_text("raise SystemExit('imported')")
    (study.parent / "recipe.toml").write_text('calculator = "mine:make"\n')
    done = lnmo("study", "recipe.toml", cwd=study.parent)
    assert done.stderr.splitlines()[0] == "recipe.toml runs code of your own: mine:make"
