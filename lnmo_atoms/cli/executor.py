"""The executor that a recipe names."""

from concurrent.futures import Executor
from contextlib import AbstractContextManager

from lnmo_atoms.cli.recipe import Recipe
from lnmo_atoms.cli.screen import note
from lnmo_atoms.executors import available_cores, make_executor


def open_executor(recipe: Recipe, ranks: int) -> AbstractContextManager[Executor]:
    """For ``with``; a factory, which is the user's own code, is named before it is called.

    Args:
        recipe: says which.
        ranks: MPI processes that each calculation starts, and of which this machine has few.
    """
    if recipe.factory is not None:
        note(f"calculations go to the executor that {recipe.factory} makes")
    slurm = None if recipe.slurm is None else recipe.slurm.job()
    workers = recipe.workers
    if workers is None and ranks > 1 and recipe.executor == "processes":
        workers = max(1, available_cores() // ranks)
    return make_executor(
        recipe.factory or recipe.executor,
        workers,
        timeout=recipe.timeout,
        slurm=slurm,
    )
