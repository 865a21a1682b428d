"""Results as rows of an ASE database, tasks as JSON, and both back to the last digit."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db.core import convert_str_to_int_float_bool_or_str, object_to_bytes
from pymatgen.core import Structure

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.formats.json_files import refuse_unsafe
from lnmo_atoms.results import BandResult, HessianResult, TaskResult
from lnmo_atoms.tasks import Task

Result = TaskResult | BandResult | HessianResult


def atoms_of(result: Result, engine: str) -> Atoms:
    """The final geometry with its numbers; of a band the highest inner image."""
    if isinstance(result, HessianResult):
        return to_atoms(result.structure)
    if isinstance(result, BandResult):
        top = int(np.argmax(result.energies[1:-1])) + 1
        atoms, energy, forces = to_atoms(result.images[top]), result.energies[top], None
        moments = None if result.moments is None else result.moments[top - 1]
    else:
        atoms, energy, forces = to_atoms(result.structure), result.energy, result.forces
        moments = result.moments
    numbers = {"energy": float(energy), "forces": forces, "magmoms": moments}
    known = {name: value for name, value in numbers.items() if value is not None}
    atoms.calc = SinglePointCalculator(atoms, **known)
    atoms.calc.name = engine
    return atoms


def columns(task: Task[Any], status: str) -> dict[str, str | float]:
    """Key–value pairs by which rows are found."""
    return {
        "name": _text(task.name),
        "kind": task.kind,
        "status": status,
        "engine": _text(task.spec.engine()),
    }


def _text(text: str) -> str:
    """ASE refuses text that reads like a number or a truth value: such text gets quotes."""
    return text if isinstance(convert_str_to_int_float_bool_or_str(text), str) else f"'{text}'"


def pack(result: Result) -> dict[str, Any]:
    """All fields of a result; ASE keeps arrays bit by bit, JSON keeps numbers exactly."""
    fields = dict(vars(result))
    if isinstance(result, BandResult):
        fields["images"] = [_dumped(image) for image in result.images]
    else:
        fields["structure"] = _dumped(result.structure)
    return fields


def seal(fields: Mapping[str, Any]) -> str:
    """Hash of a packed result, by which a damaged one is known."""
    return hashlib.sha256(object_to_bytes(fields)).hexdigest()


def unsealed(data: Mapping[str, Any]) -> Result:
    """The result in a row's data.

    Raises:
        ValueError: where it is not as it was sealed.
    """
    fields = data["result"]
    if data.get("seal") not in (None, seal(fields)):
        raise ValueError("a result is not as it was written")
    return unpack(fields)


def unpack(fields: Mapping[str, Any]) -> Result:
    """The result that was packed.

    Raises:
        RequestError: where it asks for more than data.
    """
    given = dict(fields)
    if "images" in given:
        given["images"] = tuple(_loaded(text) for text in given["images"])
        given["kinds"] = tuple(given["kinds"])
        return BandResult(**given)
    given["structure"] = _loaded(given["structure"])
    return HessianResult(**given) if "hessian" in given else TaskResult(**given)


def pack_task(task: Task[Any]) -> str:
    """All of a task, as JSON: nothing that is read back can run code."""
    document = {
        "key": task.key,
        "name": task.name,
        "kind": task.kind,
        "structures": [_dumped(structure) for structure in task.structures],
        "calculator": {"name": task.spec.name, "options": dict(task.spec.options)},
        "options": dict(task.options),
    }
    return json.dumps(document, allow_nan=False)


def unpack_task(text: str) -> Task[Any]:
    """The task that was packed, with the key that it had then, whatever its engine is now.

    Raises:
        RequestError: where it asks for more than data.
    """
    given = json.loads(text)
    structures = tuple(_loaded(structure) for structure in given["structures"])
    spec = CalculatorSpec(**given["calculator"])
    task: Task[Any] = Task(given["name"], given["kind"], structures, spec, given["options"])
    vars(task)["key"] = given["key"]
    return task


def _dumped(structure: Structure) -> str:
    return json.dumps(structure.as_dict(), default=_plain)


def _loaded(text: str) -> Structure:
    tree = json.loads(text)
    refuse_unsafe(tree)
    return Structure.from_dict(tree)


def _plain(value: object) -> object:
    """NumPy's numbers and arrays among the site properties, as JSON knows them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} among the site properties cannot be stored")
