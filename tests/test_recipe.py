"""Where a recipe's calculations run: every mistake is one line, a factory is named first."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.cli.executor import open_executor
from lnmo_atoms.cli.recipe import Recipe, read_recipe
from lnmo_atoms.executors import SlurmJob
from lnmo_atoms.executors.processes import ProcessExecutor


def recipe(folder, text):
    (folder / "r.toml").write_text(text)
    return read_recipe(folder / "r.toml")


RANKS = 'executor = "slurm"\ncalculator = "gpaw"\ncalculator_options.ranks = 4\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('executor = "cloud"', "executor: Input should be 'processes', 'slurm' or 'serial'"),
        ('[slurm]\npartition = "fast"', 'the table [slurm] needs executor = "slurm"'),
        ('executor = "slurm"\nfactory = "a:b"', "give executor or factory, not both"),
        ('factory = "mycluster"', "factory: give module:callable, such as mycluster:make"),
        ('factory = "a:b"\ntimeout = 5', 'timeout needs executor = "processes" or "slurm"'),
        ('executor = "serial"\ntimeout = 5', 'timeout needs executor = "processes" or "slurm"'),
        ("timeout = 0", "timeout: Input should be greater than 0"),
        ("timeout = nan", "timeout: Input should be a finite number"),
        ("timeout = inf", "timeout: Input should be a finite number"),
        ('calculator = "nonsense"', "calculator: calculator 'nonsense' is not known: use chgnet"),
        ('refine = "nonsense"', "refine: calculator 'nonsense' is not known: use chgnet, em"),
        ("calculator_options = { a = 1 }", "calculator_options: CHGNet has no option 'a'; its opt"),
        ("calculator_options = { device = 'x' }", "calculator_options: CHGNet has no device 'x'"),
        ('refine = "emt"\nrefine_options = { a = 1 }', "refine_options: EMT has no option 'a'; it"),
        ("refine_options = { ranks = 4 }", "refine_options: they are for a second engine: give"),
        ('refine = "gpaw"\nrefine_options = { ranks = 0 }', "refine_options: GPAW has no ranks 0"),
        ('calculator = "gpaw"\ncalculator_options = { kpts = [1, 1] }', "GPAW has no kpts [1, 1]"),
        ('parts = ["phonons"]', "parts.0: Input should be 'surface' or 'migration'"),
        ("workers = 0", "workers: Input should be greater than or equal to 1"),
        ('executor = "slurm"\n[slurm]\nnodes = 2', "slurm.nodes: there is no such entry; workfl"),
        ('executor = "slurm"\n[slurm]\ntasks = 0', "slurm.tasks: Input should be greater than"),
        ('executor = "slurm"\n[slurm]\npartition = ""', "slurm.partition: String should have at"),
        ('executor = "slurm"\n[slurm]\nwalltime = "2 h"', "slurm.walltime: give minutes, or hours"),
        ('executor = "slurm"\n[slurm]\nsetup = "module x"', 'setup: give a list such as ["--mem='),
        ('executor = "slurm"\n[slurm]\nsetup = ["a\\nb"]', "slurm: 'a\\nb' holds a line break"),
        ('executor = "slurm"\n[slurm]\noptions = ["mem=8G"]', "slurm: 'mem=8G' is no option of sb"),
    ],
)  # fmt: skip
def test_mistakes_get_one_line(tmp_path, text, line):
    with pytest.raises(RequestError) as caught:
        recipe(tmp_path, text)
    assert line in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "r.toml"))
    assert "\n" not in str(caught.value)


def test_options_of_the_command_line_count_before_the_file(tmp_path):
    (tmp_path / "r.toml").write_text("refine_options = { model = '0.2.0' }\n")
    given = read_recipe(tmp_path / "r.toml", refine="chgnet")
    assert (given.refine, given.refine_options) == ("chgnet", {"model": "0.2.0"})
    with pytest.raises(RequestError, match=r"^--refine: calculator 'x' is not known"):
        read_recipe(tmp_path / "r.toml", refine="x")
    with pytest.raises(RequestError, match="toml: refine_options: EMT has no option 'model'"):
        read_recipe(tmp_path / "r.toml", refine="emt")


def test_every_entry_reaches_the_job(tmp_path):
    given = recipe(
        tmp_path,
        'executor = "slurm"\n[slurm]\npartition = "p"\ntasks = 2\nthreads = 3\ngpus = 4\n'
        'walltime = "1-00:00"\noptions = ["--mem=8G"]\nsetup = ["module load x"]\nlocal_below = 5',
    )
    assert given.slurm.job() == SlurmJob(
        "p", 2, 3, 4, "1-00:00", ("--mem=8G",), ("module load x",), 5.0
    )


@pytest.fixture
def gpaw(tmp_path, monkeypatch):
    """As good as installed, for those who only ask whether it is."""
    (tmp_path / "gpaw.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("gpaw")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{RANKS}[slurm]\ntasks = 3", "ranks = 4 need as many cores in each job: write"),
        (RANKS, "write tasks = 4 in [slurm]"),
        (RANKS.replace("calculator", "refine"), "write tasks = 4 in [slurm]"),
    ],
)
def test_ranks_that_do_not_fit_a_job_get_one_line(tmp_path, text, line):
    with pytest.raises(RequestError) as caught:
        recipe(tmp_path, text)
    assert line in str(caught.value)


@pytest.mark.usefixtures("gpaw")
def test_ranks_that_fit_a_job_are_taken(tmp_path):
    assert recipe(tmp_path, f"{RANKS}[slurm]\ntasks = 4").slurm.tasks == 4
    assert recipe(tmp_path, RANKS.replace("slurm", "processes")).slurm is None


def test_minutes_may_be_a_number(tmp_path):
    given = recipe(tmp_path, 'executor = "slurm"\n[slurm]\nwalltime = 30')
    assert given.slurm.job().walltime == "30"


def test_processes_are_the_default():
    with open_executor(Recipe(workers=1), 1) as executor:
        assert isinstance(executor, ProcessExecutor)


def test_a_factory_is_named_before_it_is_called(in_tmp, monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (in_tmp / "cluster_of_recipe.py").write_text(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def make():\n    print('called')\n    return ThreadPoolExecutor(1)\n"
        "def fail():\n    raise OSError('no route to host')\n"
    )
    with open_executor(Recipe(factory="cluster_of_recipe:make"), 1) as executor:
        assert isinstance(executor, ThreadPoolExecutor)
    shown = capsys.readouterr()
    assert shown.err == "calculations go to the executor that cluster_of_recipe:make makes\n"
    with pytest.raises(RequestError, match="fail failed: OSError: no route to host"):
        open_executor(Recipe(factory="cluster_of_recipe:fail"), 1)
    assert "cluster_of_recipe:fail" in capsys.readouterr().err
