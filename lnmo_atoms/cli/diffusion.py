"""Command that turns barriers into diffusivities: diffusion."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.cli.diffusion_outputs import (
    Curve,
    parse_temperatures,
    show_diffusion,
    study_labels,
    write_diffusion,
)
from lnmo_atoms.cli.options import Json
from lnmo_atoms.cli.screen import err, note, print_json
from lnmo_atoms.records import HOPS_FILE, load_hop_bulk, load_hops
from lnmo_atoms.results import HopResult
from lnmo_atoms.store import Study

if TYPE_CHECKING:
    from lnmo_atoms.analyzers.kinetics import (
        HopNetwork,
        MonteCarloResult,
    )

BOX = 24.0
"""Å, edge of the crystal in which ions hop, at least."""
EVENTS = 1_000_000
"""Hops in each simulation."""


def diffusion(
    studies: Annotated[
        list[Path], typer.Argument(metavar="STUDY...", help="Folders of finished lnmo migrate.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Figure; its numbers go to a .json beside it.")
    ] = Path("diffusion.png"),
    temperatures: Annotated[
        str, typer.Option(help="K, lowest and highest, separated by a comma.")
    ] = "250,600",
    attempt_frequency: Annotated[
        float | None,
        typer.Option(
            help="Of every hop, 1/s; without it, from the study's vibrations, else 1e13.",
            show_default=False,
        ),
    ] = None,
    lithium: Annotated[
        float | None,
        typer.Option(
            help="Share of the mobile sites filled, 0 to 1: adds a Monte Carlo simulation."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Diffusivity over temperature from the barriers of one or more studies.

    Exact for one carrier on the network of all hops, by linear algebra.

    Example: lnmo diffusion ordered disordered --temperatures 250,600 -o diffusion.png
    """
    if attempt_frequency is not None and not 0 < attempt_frequency < inf:
        raise RequestError(f"--attempt-frequency: {attempt_frequency:g} is no frequency above zero")
    kelvin = parse_temperatures(temperatures)
    trust = " ".join(dict.fromkeys(Study.trust_of(study, "barriers") for study in studies))
    with err.status("walking"):
        curves = [
            _curve(study, label, kelvin, attempt_frequency, lithium)
            for study, label in zip(studies, study_labels(studies), strict=True)
        ]
    numbers = write_diffusion(curves, trust, output)
    if json:
        print_json([curve.as_dict() for curve in curves])
        return
    show_diffusion(curves, trust)
    note(f"figure in {output}, numbers in {numbers}")


def _curve(
    study: Path,
    label: str,
    temperatures: NDArray[np.float64],
    attempt_frequency: float | None,
    lithium: float | None,
) -> Curve:
    """D of one study's carrier; with a lithium content, that of its ions too."""
    from lnmo_atoms.analyzers.kinetics import (  # noqa: PLC0415 - numba takes a second to load
        diffusivity,
        hop_network,
    )

    if study.is_dir() and not (study / HOPS_FILE).exists():
        raise RequestError(
            f"{study} holds no finished migration: run lnmo migrate --study {study} to its end"
        )
    results = load_hops(study / HOPS_FILE)
    if not results:
        raise RequestError(f"{study} holds no barrier: see lnmo status {study}")
    bulk = load_hop_bulk(study / HOPS_FILE)
    network = hop_network(bulk, results)
    found = diffusivity(network, temperatures, attempt_frequency)
    curve = Curve(
        label=label,
        engine=results[0].engine,
        mode=results[0].mode,
        carrier=network.carrier,
        temperatures=temperatures,
        diffusivities=found.diffusivities,
        activation_energies=found.activation_energies,
        activation_energy=found.activation_energy,
        mobile=bulk[results[0].hop.start].specie.symbol,
        frequencies=(found.attempt_frequency.min(), found.attempt_frequency.max()),
        frequency_source=_source(network, attempt_frequency),
        flags=(*network.flags, *_absent(bulk, results), *_unfinished(results)),
    )
    return curve if lithium is None else _with_tracer(curve, network, lithium, attempt_frequency)


def _with_tracer(
    curve: Curve, network: "HopNetwork", lithium: float, attempt_frequency: float | None
) -> Curve:
    """The curve with the tracer diffusivity of the ions at that content, by Monte Carlo."""
    from lnmo_atoms.analyzers.kinetics import monte_carlo  # noqa: PLC0415 - as above

    lengths = np.linalg.norm(network.lattice, axis=1)
    first, second, third = (int(n) for n in np.ceil(BOX / lengths))
    runs = [
        monte_carlo(
            network,
            lithium,
            float(temperature),
            events=EVENTS,
            seed=0,
            repeats=(first, second, third),
            attempt_frequency=attempt_frequency,
        )
        for temperature in curve.temperatures
    ]
    return replace(
        curve,
        tracer=np.array([run.tracer.value for run in runs]),
        tracer_errors=np.array([run.tracer.error for run in runs]),
        correlations=np.array([run.correlation.value for run in runs]),
        flags=tuple(
            dict.fromkeys(
                [
                    *curve.flags,
                    _simulation_text(runs[0], curve.mobile),
                    *(flag for run in runs for flag in run.flags),
                ]
            )
        ),
    )


def _absent(bulk: Structure, results: Sequence[HopResult]) -> list[str]:
    """Hops of the crystal that the study has no barrier for."""
    mobile = bulk[results[0].hop.start].specie.symbol
    total = sum(hop.multiplicity for hop in find_hops(bulk, mobile))
    known = sum(result.hop.multiplicity for result in results)
    if known >= total:
        return []
    return [f"{total - known} of {total} hops of the crystal have no barrier here: taken as closed"]


def _source(network: "HopNetwork", attempt_frequency: float | None) -> str:
    """Where the attempt frequencies come from."""
    if attempt_frequency is not None:
        return "given"
    return "assumed" if network.attempt_frequencies is None else "vibrations"


def _simulation_text(run: "MonteCarloResult", mobile: str) -> str:
    return (
        "barriers as in the study, whatever the content; "
        f"Monte Carlo of {run.ions} {mobile} on {run.sites} sites, {run.events} hops for each "
        f"temperature: {run.interactions}; ± one standard error"
    )


def _unfinished(results: Sequence[HopResult]) -> list[str]:
    """Barriers that are not final, or not those of a proved saddle."""
    open_ones = sum(not result.converged for result in results)
    unproved = sum(result.curvatures is None for result in results)
    return [
        f"{number} of {len(results)} barriers are not {what}"
        for number, what in ((open_ones, "converged"), (unproved, "of a proved saddle"))
        if number
    ]
