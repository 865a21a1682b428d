"""What is written and shown of an order–disorder transition."""

from pathlib import Path
from textwrap import shorten
from typing import Any

from lnmo_atoms import plots
from lnmo_atoms.analyzers.kinetics import Estimate
from lnmo_atoms.analyzers.order_disorder import (
    MEASURED_TRANSITION,
    LatticeFit,
    OrderingPoint,
    OrderingTransition,
    SizeTransition,
)
from lnmo_atoms.analyzers.rows import csv_text
from lnmo_atoms.builders.files import write_json, write_text_atomically
from lnmo_atoms.cli.screen import note, table

FORMAT = "lnmo_atoms disorder"
SCHEMA = 1
TRUST = (
    "static energies of whole relaxed crystals: no vibrations, no thermal expansion, no loss of "
    "oxygen, no magnetism above what the engine knows"
)

CAPTION = 250
"""Characters, three lines of the figure."""


def write(
    transition: OrderingTransition, fit: LatticeFit | None, figure: Path
) -> tuple[dict[str, Any], list[Path]]:
    """Draw the figure, and write the numbers and the fitted model beside it.

    Returns:
        what the JSON file holds; the files beside the figure.

    Raises:
        RequestError: where a file cannot be written or the figure's suffix is unknown.
    """
    plots.save(plots.plot_ordering(transition, shorten(transition.model.source, CAPTION)), figure)
    document = _document(transition, fit)
    files = [figure.with_suffix(".json"), figure.with_suffix(".csv")]
    write_json(files[0], {"format": FORMAT, "schema": SCHEMA} | document)
    write_text_atomically(files[1], csv_text(_rows(transition)))
    if fit is not None:
        files.append(figure.with_name(f"{figure.stem}-model.json"))
        fit.model.save(files[-1])
    return document, files


def show(transition: OrderingTransition, fit: LatticeFit | None) -> None:
    """Tables of the fit and of the transition, then what they rest on."""
    if fit is not None:
        table(
            "Interactions of Ni (σ = 1) and Mn (σ = −1)",
            ("clusters", "meV each"),
            [(name, 1000 * energy) for name, energy in fit.model.interactions.items()],
        )
        note(
            f"{len(fit.energies)} orderings, meV per LiNi0.5Mn1.5O4: spread "
            f"{1000 * fit.spread:.1f}, error of the fit {1000 * fit.error:.1f}, of orderings "
            f"left out {1000 * fit.cross_validation:.1f}; condition {fit.condition:.0f}"
        )
    table(
        f"Order of Ni and Mn: measured up to about {MEASURED_TRANSITION:.0f} K (Lee et al., 2017)",
        (
            "cells",
            "T of transition\nK, ± sampling",
            "ordered\non cooling\nK",
            "disordered\non heating\nK",
            "largest heat\ncapacity\nK",
            "latent heat\nmeV/f.u.",
        ),
        [
            (
                f"{size.size}×{size.size}×{size.size}",
                _with_error(size.temperature),
                size.orders_at,
                size.disorders_at,
                " – ".join(f"{t:.0f}" for t in sorted(set(size.heat_capacity_peaks))),
                None if size.latent_heat is None else 1000 * size.latent_heat,
            )
            for size in transition.sizes
        ],
    )
    lines = (_verdict(transition), _doubt(transition, fit), *transition.flags)
    for line in (*lines, transition.model.source, TRUST):
        if line:
            note(line)


def _verdict(transition: OrderingTransition) -> str:
    """The transition in a sentence."""
    temperature, lost = transition.temperature, transition.sizes[-1].disorders_at
    if temperature is None and lost is None:
        return "no transition from P4_332 to disorder was found in this range of temperatures"
    if temperature is None:
        return (
            f"P4_332 is lost at {lost:.0f} K on heating, an upper bound of the transition: its "
            "free energy meets that of disorder at no temperature of this range, so take lower ones"
        )
    kind = "first order" if transition.first_order else "no sign of first order"
    crossings = [
        f"U4 of {small} and {large} cells cross at {crossing:.0f} K"
        for (small, large), crossing in transition.binder_crossings.items()
        if crossing is not None
    ]
    share = temperature.value / MEASURED_TRANSITION
    text = (
        f"order is lost at {temperature.value:.0f} K, sampled to {temperature.error:.1f} K, "
        f"{share:.2f} of the measured temperature; {kind}"
    )
    return "; ".join([text, *crossings])


def _with_error(found: Estimate | None) -> str | None:
    """``443.4 ± 1.1``."""
    return None if found is None else f"{found.value:.1f} ± {found.error:.1f}"


def _doubt(transition: OrderingTransition, fit: LatticeFit | None) -> str:
    """How the error of the fit compares with the heat that sets the temperature."""
    heat = transition.sizes[-1].latent_heat
    if fit is None or heat is None:
        return ""
    return (
        f"orderings left out of the fit are wrong by {1000 * fit.cross_validation:.1f} meV per "
        f"formula unit, {fit.cross_validation / heat:.0%} of the heat of disordering: the "
        "temperature is uncertain by such a share"
    )


def _document(transition: OrderingTransition, fit: LatticeFit | None) -> dict[str, Any]:
    """Unit-bearing names, no number as None."""
    return {
        **_kelvin("transition_temperature", transition.temperature),
        "measured_transition_temperature_K": MEASURED_TRANSITION,
        "first_order": transition.first_order,
        "binder_crossings_K": {
            f"{small}-{large}": crossing
            for (small, large), crossing in transition.binder_crossings.items()
        },
        "sizes": [_size(size) for size in transition.sizes],
        "points": _rows(transition),
        "interactions_eV_per_cluster": dict(transition.model.interactions),
        "constant_eV_per_formula_unit": transition.model.constant,
        "source": transition.model.source,
        "fit": None if fit is None else _fit(fit),
        "sweeps": transition.sweeps,
        "seed": transition.seed,
        "flags": list(transition.flags),
        "trust": TRUST,
    }


def _kelvin(name: str, found: Estimate | None) -> dict[str, float | None]:
    """Value and error."""
    if found is None:
        return {f"{name}_K": None, f"{name}_error_K": None}
    return {f"{name}_K": found.value, f"{name}_error_K": found.error}


def _fit(fit: LatticeFit) -> dict[str, Any]:
    return {
        "orderings": len(fit.energies),
        "spread_meV_per_formula_unit": 1000 * fit.spread,
        "error_meV_per_formula_unit": 1000 * fit.error,
        "cross_validation_error_meV_per_formula_unit": 1000 * fit.cross_validation,
        "rank": fit.rank,
        "condition": fit.condition,
        "ridge": fit.ridge,
        "undetermined": list(fit.undetermined),
    }


def _size(size: SizeTransition) -> dict[str, Any]:
    cooling, heating = size.heat_capacity_peaks
    latent = size.latent_heat
    return {
        "cells_along_edge": size.size,
        **_kelvin("transition_temperature", size.temperature),
        **_kelvin("equal_free_energies", size.equal_free_energies),
        "ordered_on_cooling_K": size.orders_at,
        "disordered_on_heating_K": size.disorders_at,
        "heat_capacity_peak_cooling_K": cooling,
        "heat_capacity_peak_heating_K": heating,
        "latent_heat_meV_per_formula_unit": None if latent is None else 1000 * latent,
        "attempted_moves_per_second": size.moves_per_second,
    }


def _rows(transition: OrderingTransition) -> list[dict[str, Any]]:
    """One row per temperature of each run; infinite temperature as None."""
    return [
        {"cells_along_edge": size.size, "run": run} | _row(point)
        for size in transition.sizes
        for run, points in (("cooling", size.cooling), ("heating", size.heating))
        for point in points
    ]


def _row(point: OrderingPoint) -> dict[str, Any]:
    estimates = {
        "energy_eV_per_formula_unit": point.energy,
        "heat_capacity_kB_per_formula_unit": point.heat_capacity,
        "order_parameter": point.order,
        "binder_cumulant": point.binder,
    } | {
        f"short_range_order_{name.replace(' ', '_')}": alpha
        for name, alpha in point.short_range.items()
    }
    row: dict[str, Any] = {
        "temperature_K": None if point.temperature == float("inf") else point.temperature
    }
    for name, estimate in estimates.items():
        row |= {name: estimate.value, f"{name}_error": estimate.error}
    return row | {"acceptance": point.acceptance}
