"""The executor that a recipe names."""

from concurrent.futures import Executor
from contextlib import AbstractContextManager

from lnmo_atoms.cli.recipe import Recipe
from lnmo_atoms.cli.screen import note
from lnmo_atoms.executors import make_executor


def open_executor(recipe: Recipe) -> AbstractContextManager[Executor]:
    """For ``with``; a factory, which is the user's own code, is named before it is called."""
    if recipe.factory is not None:
        note(f"calculations go to the executor that {recipe.factory} makes")
    slurm = None if recipe.slurm is None else recipe.slurm.job()
    return make_executor(
        recipe.factory or recipe.executor, recipe.workers, timeout=recipe.timeout, slurm=slurm
    )
