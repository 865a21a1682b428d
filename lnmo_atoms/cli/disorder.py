"""Command disorder: at which temperature nickel and manganese lose their order."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.cli.diffusion_outputs import parse_range
from lnmo_atoms.cli.options import Json
from lnmo_atoms.cli.screen import err, note, print_json
from lnmo_atoms.records import ORDERINGS_FILE, load_orderings

if TYPE_CHECKING:
    from lnmo_atoms.analyzers.order_disorder import LatticeFit, LatticeModel


def disorder(
    study: Annotated[
        Path | None,
        typer.Argument(
            metavar="[STUDY]",
            help="Folder of a finished lnmo rank, whose energies are fitted.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of interactions to take instead, such as an earlier OUTPUT-model.json."
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Figure; .json, .csv and -model.json go beside it."),
    ] = Path("disorder.png"),
    sizes: Annotated[
        str, typer.Option(help="Cubic cells along the edges of the crystals simulated.")
    ] = "4,6,8",
    temperatures: Annotated[
        str, typer.Option(help="K, lowest and highest; three per cent apart between them.")
    ] = "300,1500",
    sweeps: Annotated[
        int, typer.Option(help="Measured at each temperature, an attempted move per site each.")
    ] = 500,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    json: Json = False,
) -> None:
    """Order–disorder transition of nickel and manganese, by Monte Carlo.

    Pair and triangle interactions are fitted to the energies of orderings, as many as
    cross-validation supports; crystals are cooled from disorder and heated from P4_332.

    Example: lnmo disorder my-study --temperatures 350,1200 -o disorder.png
    """
    from lnmo_atoms.analyzers.order_disorder import (  # noqa: PLC0415 - numba takes a second to load
        ordering_transition,
        temperature_ladder,
        transition_work,
    )
    from lnmo_atoms.cli.disorder_outputs import show, write  # noqa: PLC0415 - as above
    from lnmo_atoms.plots import check_figure_path  # noqa: PLC0415 - as above

    check_figure_path(output)
    kelvin = temperature_ladder(*parse_range(temperatures))
    edges = _sizes(sizes)
    interactions, fit = _model(study, model)
    bars = Progress(console=err, transient=True)
    task = bars.add_task("moving Ni and Mn", total=transition_work(edges, kelvin))

    def step(cells: int) -> None:
        bars.start()
        bars.advance(task, cells)

    try:
        transition = ordering_transition(
            interactions, edges, kelvin, sweeps=sweeps, seed=seed, progress=step
        )
    finally:
        if bars.live.is_started:
            bars.stop()
    document, files = write(transition, fit, output)
    if json:
        print_json(document)
        return
    show(transition, fit)
    note(f"figure in {output}; {', '.join(map(str, files))} beside it")


def _sizes(text: str) -> list[int]:
    """``"4,6,8"``.

    Raises:
        RequestError: for anything but whole numbers above zero.
    """
    try:
        sizes = [int(word) for word in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1:
        raise RequestError(f"--sizes: {text!r} are not whole numbers such as 4,6,8")
    return sizes


def _model(study: Path | None, model: Path | None) -> "tuple[LatticeModel, LatticeFit | None]":
    """Interactions that are given, or fitted to a study's orderings.

    Raises:
        RequestError: where neither or both are given, or the study has no orderings.
    """
    from lnmo_atoms.analyzers.order_disorder import (  # noqa: PLC0415 - as above
        fit_lattice_model,
        load_lattice_model,
    )

    if (study is None) == (model is None):
        raise RequestError(
            "give the folder of a finished lnmo rank, or --model with a file of interactions"
        )
    if model is not None:
        return load_lattice_model(model), None
    path = Path(study or "") / ORDERINGS_FILE
    if not path.exists():
        raise RequestError(f"{study} holds no energies of orderings: run lnmo rank --study {study}")
    results = [result for result in load_orderings(path) if result.converged]
    engines = dict.fromkeys(result.engine for result in results)
    fit = fit_lattice_model(
        [result.structure for result in results],
        [result.energy_per_formula for result in results],
        engine=", ".join(engines),
    )
    return fit.model, fit
