"""Dataclasses of results as plain JSON values and back, by their own type hints."""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.files import legible
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.slabs import Certificate, Flip
from lnmo_atoms.results import (
    DefectResult,
    DisorderedSurfaceResult,
    HopResult,
    OrderingResult,
    RefinedHop,
    RefinedSurface,
    Segment,
    SurfaceResult,
    ThicknessFit,
    ThicknessResult,
)

NAMES: Mapping[type, Mapping[str, str]] = types.MappingProxyType(
    {
        SurfaceResult: {
            "energy_unrelaxed": "energy_unrelaxed_eV",
            "energy": "energy_eV",
            "bulk_energy": "bulk_energy_eV_per_formula_unit",
            "gamma_unrelaxed": "gamma_unrelaxed_J_per_m2",
            "gamma": "gamma_J_per_m2",
        },
        ThicknessFit: {
            "gamma": "gamma_J_per_m2",
            "error": "error_J_per_m2",
            "standard_error": "standard_error_J_per_m2",
            "drift": "drift_J_per_m2",
            "bulk_energy": "bulk_energy_eV_per_formula_unit",
            "bulk_energy_standard_error": "bulk_energy_standard_error_eV_per_formula_unit",
            "residuals": "residuals_eV",
        },
        ThicknessResult: {"tolerance": "tolerance_J_per_m2"},
        DisorderedSurfaceResult: {
            "gamma_unrelaxed": "gamma_unrelaxed_J_per_m2",
            "standard_error_unrelaxed": "standard_error_unrelaxed_J_per_m2",
            "gamma": "gamma_J_per_m2",
            "standard_error": "standard_error_J_per_m2",
            "bulk_energy": "bulk_energy_eV_per_formula_unit",
            "bulk_standard_error": "bulk_standard_error_eV_per_formula_unit",
        },
        Certificate: {
            "total_charge": "total_charge_e",
            "dipole": "dipole_e_per_A",
            "area": "area_A2",
            "thickness_asked": "thickness_asked_A",
            "thickness": "thickness_A",
            "vacuum": "vacuum_A",
            "tilt": "tilt_deg",
            "atoms_per_area": "atoms_per_nm2",
            "exposed": "exposed_per_nm2",
        },
        Flip: {"residual": "residual_A"},
        DefectResult: {
            "energy": "energy_eV",
            "bulk_energy": "bulk_energy_eV",
            "moments": "moments_muB",
        },
        Segment: {"barrier": "barrier_eV", "barrier_reverse": "barrier_reverse_eV"},
        HopResult: {
            "energy": "energy_eV",
            "barrier": "barrier_eV",
            "barrier_reverse": "barrier_reverse_eV",
            "octahedron_energy": "octahedron_energy_eV",
            "curvatures": "curvatures_eV_per_A2",
            "path": "path_A",
            "energies": "energies_eV",
            "moments": "moments_muB",
            "attempt_frequency": "attempt_frequency_per_s",
            "attempt_frequency_reverse": "attempt_frequency_reverse_per_s",
        },
        RefinedSurface: {
            "energy": "energy_eV",
            "bulk_energy": "bulk_energy_eV_per_formula_unit",
            "gamma": "gamma_J_per_m2",
        },
        RefinedHop: {
            "energy": "energy_eV",
            "barrier": "barrier_eV",
            "barrier_reverse": "barrier_reverse_eV",
        },
        OrderingResult: {
            "energy_per_formula": "energy_eV_per_formula_unit",
            "energy_unrelaxed_per_formula": "energy_unrelaxed_eV_per_formula_unit",
        },
        Hop: {"length": "length_A", "bottleneck": "bottleneck_A2"},
    }
)
"""Field of a dataclass → its name in the file, where the two differ."""


def plain(value: object) -> object:
    """NumPy scalars and arrays inside a Structure's properties, as JSON knows them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written to a result file")


def pack(record: Any) -> dict[str, Any]:
    """Fields of a dataclass under their names in the file, structures last."""
    names = NAMES.get(type(record), {})
    packed = {
        names.get(field.name, field.name): _pack_value(getattr(record, field.name))
        for field in dataclasses.fields(record)
    }
    return dict(sorted(packed.items(), key=lambda item: isinstance(item[1], dict | list)))


def _pack_value(value: Any) -> Any:
    if isinstance(value, Structure):
        return value.as_dict()
    if dataclasses.is_dataclass(value):
        return pack(value)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {name: _pack_value(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_pack_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def unpack(kind: type, packed: Mapping[str, Any], **given: object) -> Any:
    """A dataclass from its packed fields; ``given`` ones are taken as they are.

    A field that is None unless it is asked for may be missing, as it is in older files.
    """
    hints, names = typing.get_type_hints(kind), NAMES.get(kind, {})
    values: dict[str, object] = dict(given)
    for field in dataclasses.fields(kind):
        if field.name not in given:
            name = names.get(field.name, field.name)
            value = packed.get(name) if field.default is None else packed[name]
            values[field.name] = _unpack_value(hints[field.name], value)
    return kind(**values)


def _unpack_value(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _unpack_value(inner[0], value)
    if hint is Structure:
        return Structure.from_dict(value)
    if dataclasses.is_dataclass(hint):
        return unpack(typing.cast("type", hint), value)
    if origin is np.ndarray:
        dtype = typing.get_args(inner[1])[0]
        return np.array(value, dtype=int if dtype is np.integer else dtype)
    if origin in (tuple, dict, Mapping):
        return _unpack_items(inner, value)
    return _unpack_scalar(hint, value)


def _unpack_items(inner: tuple[Any, ...], value: Any) -> Any:
    """A mapping's values, or a tuple's items, each by its own hint."""
    if isinstance(value, dict):
        return {name: _unpack_value(inner[1], item) for name, item in value.items()}
    hints = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
    return tuple(_unpack_value(h, v) for h, v in zip(hints, value, strict=True))


def _unpack_scalar(hint: type, value: Any) -> Any:
    if hint is float:
        return float(value)
    if not isinstance(value, hint):
        raise TypeError(f"{value!r} stands where a {hint.__name__} is expected")
    if isinstance(value, str) and not legible(value):
        raise ValueError(f"{value!r} holds signs that are not for reading")
    return value
