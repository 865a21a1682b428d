"""The documents say what is true: API page, tutorial, README, recipes, workflows."""

import contextlib
import io
import re
import runpy
import sys
from pathlib import Path

import pytest

import lnmo_atoms
from lnmo_atoms.cli.recipe import Recipe, SlurmSection, read_recipe

ROOT = Path(__file__).parent.parent


def test_api_page_is_up_to_date():
    page = runpy.run_path(str(ROOT / "docs" / "make_api.py"))["page"]()
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == page


def test_every_public_name_is_documented():
    for name in lnmo_atoms.__all__:
        assert getattr(lnmo_atoms, name).__doc__, name


def test_local_recipe_is_the_default_written_out():
    assert read_recipe(ROOT / "workflows" / "local.toml") == Recipe()
    slurm = read_recipe(ROOT / "workflows" / "slurm.toml")
    assert slurm == Recipe(executor="slurm", slurm=SlurmSection())


def test_links_of_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.physics
def test_tutorial_runs_as_it_stands(in_tmp, monkeypatch):
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    monkeypatch.syspath_prepend(str(in_tmp))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "tutorial.md", "exec"), {})  # noqa: S102
    assert "the nearest whole number" in printed.getvalue()
    sys.modules.pop("my_engine", None)
