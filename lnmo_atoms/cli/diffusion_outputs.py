"""What is written and shown of diffusivities: table, JSON, figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms import plots
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json
from lnmo_atoms.cli.screen import note, table

FORMAT = "lnmo_atoms diffusion"
SCHEMA = 1
STEPS = 8
"""Temperatures between the lowest and the highest asked for, both included."""


@dataclass(frozen=True)
class Curve:
    """Diffusivity of one study over temperature.

    Attributes:
        label: the study's name.
        engine: name and version.
        mode: what moved in what when the barriers were computed.
        carrier: whose diffusivity it is, such as ``"vacancy"``.
        temperatures: K, shape (t,).
        diffusivities: cm²/s, shape (t,).
        activation_energies: eV, shape (t,), −d ln D / d(1/kT); nan where D is zero.
        activation_energy: eV, over the whole range.
        mobile: element whose ions hop.
        frequencies: s⁻¹, lowest and highest attempt frequency of a hop.
        frequency_source: ``"vibrations"`` of the study, ``"given"`` or ``"assumed"``.
        flags: what a user must know, one line each.
        tracer: cm²/s, shape (t,), of the ions by Monte Carlo; None where none was asked for.
        tracer_errors: cm²/s, shape (t,), standard errors of ``tracer``.
        correlations: shape (t,), correlation factors of the ions' jumps.
    """

    label: str
    engine: str
    mode: str
    carrier: str
    temperatures: NDArray[np.float64]
    diffusivities: NDArray[np.float64]
    activation_energies: NDArray[np.float64]
    activation_energy: float
    mobile: str
    frequencies: tuple[float, float]
    frequency_source: str
    flags: tuple[str, ...] = ()
    tracer: NDArray[np.float64] | None = None
    tracer_errors: NDArray[np.float64] | None = None
    correlations: NDArray[np.float64] | None = None

    @property
    def frequency_text(self) -> str:
        """In words, with where they come from."""
        low, high = (f"{frequency:.2g}/s" for frequency in self.frequencies)
        values = f"frequency {low}" if low == high else f"frequencies {low} to {high}"
        origin = {"vibrations": " from vibrations", "given": ", given", "assumed": ", assumed"}
        return f"attempt {values}{origin[self.frequency_source]}"

    def as_dict(self) -> dict[str, Any]:
        """Unit-bearing names, no number as None."""
        return {
            "study": self.label,
            "engine": self.engine,
            "mode": self.mode,
            "carrier": self.carrier,
            "mobile": self.mobile,
            "attempt_frequency_source": self.frequency_source,
            "lowest_attempt_frequency_per_s": float(self.frequencies[0]),
            "highest_attempt_frequency_per_s": float(self.frequencies[1]),
            "temperatures_K": self.temperatures.tolist(),
            "diffusivities_cm2_per_s": self.diffusivities.tolist(),
            "activation_energies_eV": _numbers(self.activation_energies),
            "activation_energy_eV": _number(self.activation_energy),
            "flags": list(self.flags),
            "tracer_diffusivities_cm2_per_s": _numbers(self.tracer),
            "tracer_errors_cm2_per_s": _numbers(self.tracer_errors),
            "correlation_factors": _numbers(self.correlations),
        }


def parse_temperatures(text: str) -> NDArray[np.float64]:
    """``"250,600"``: eight temperatures from the first to the second, in K.

    Raises:
        RequestError: for anything but two numbers above zero, the lower one first.
    """
    return np.linspace(*parse_range(text), STEPS)


def parse_range(text: str) -> tuple[float, float]:
    """``"250,600"``: lowest and highest temperature in K.

    Raises:
        RequestError: for anything but two numbers above zero, the lower one first.
    """
    try:
        lowest, highest = (float(word) for word in text.split(","))
    except ValueError as error:
        raise RequestError(
            f"--temperatures: {text!r} is not two numbers such as 250,600 (K)"
        ) from error
    if not (0 < lowest < highest and isfinite(highest)):
        raise RequestError(f"--temperatures: {text!r} is not a rising range above 0 K")
    return lowest, highest


def study_labels(studies: Sequence[Path]) -> list[str]:
    """Names of the folders; whole paths where two are named alike."""
    names = [study.resolve().name for study in studies]
    if len(set(names)) == len(names):
        return names
    return [str(study) for study in studies]


def write_diffusion(curves: Sequence[Curve], trust: str, figure: Path) -> Path:
    """Draw the curves, and write their numbers to a JSON file beside the figure.

    Returns:
        the JSON file.

    Raises:
        RequestError: where a file cannot be written or the figure's suffix is unknown.
    """
    engines = ", ".join(dict.fromkeys(curve.engine for curve in curves))
    carriers = " and ".join(dict.fromkeys(curve.carrier for curve in curves))
    frequencies = "; ".join(dict.fromkeys(curve.frequency_text for curve in curves))
    subtitle = f"D of one {carriers} · {frequencies} · engine: {engines} · {trust}"
    plots.save(plots.plot_diffusion(_arrays(curves), subtitle), figure)
    document = {
        "format": FORMAT,
        "schema": SCHEMA,
        "curves": [curve.as_dict() for curve in curves],
        "trust": trust,
    }
    path = figure.with_suffix(".json")
    write_json(path, document)
    return path


def _arrays(curves: Sequence[Curve]) -> dict[str, tuple[NDArray[np.float64], ...]]:
    """What is drawn: the carrier's D, and D* of the ions with its errors where it was simulated."""
    arrays: dict[str, tuple[NDArray[np.float64], ...]] = {}
    for curve in curves:
        arrays[curve.label] = curve.temperatures, curve.diffusivities
        if curve.tracer is not None and curve.tracer_errors is not None:
            bounds = curve.tracer - curve.tracer_errors, curve.tracer + curve.tracer_errors
            arrays[f"{curve.label}, D* of {curve.mobile}"] = (
                curve.temperatures, curve.tracer, *bounds,
            )  # fmt: skip
    return arrays


def show_diffusion(curves: Sequence[Curve], trust: str) -> None:
    """A table for each study, then what the numbers rest on."""
    for curve in curves:
        energy = _number(curve.activation_energy)
        whole = "no diffusion" if energy is None else f"activation energy {energy:.3f} eV"
        columns = {
            "T\nK": [f"{value:.0f}" for value in curve.temperatures],
            "D\ncm²/s": [f"{value:.2e}" for value in curve.diffusivities],
            "E_a\neV": _numbers(curve.activation_energies),
            f"D* of {curve.mobile}, simulated\ncm²/s": _with_errors(
                curve.tracer, curve.tracer_errors
            ),
            "f": _numbers(curve.correlations),
        }
        shown = {head: column for head, column in columns.items() if column is not None}
        rows = list(zip(*shown.values(), strict=True))
        table(f"{curve.label}: one {curve.carrier}, {whole}", list(shown), rows)
        for line in (curve.frequency_text, *curve.flags):
            note(f"{curve.label}: {line}")
    if trust:
        note(trust)


def _with_errors(
    values: NDArray[np.float64] | None, errors: NDArray[np.float64] | None
) -> list[str] | None:
    if values is None or errors is None:
        return None
    return [f"{value:.2e} ± {error:.0e}" for value, error in zip(values, errors, strict=True)]


def _numbers(values: NDArray[np.float64] | None) -> list[float | None] | None:
    return None if values is None else [_number(value) for value in values]


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
