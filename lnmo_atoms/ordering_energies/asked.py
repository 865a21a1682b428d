"""Orderings to calculate, and how they join those that a study holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.primitive import PrimitiveCell, primitive_cell
from lnmo_atoms.builders.symmetry import SpaceGroup, space_group
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.records import ORDERINGS_FILE, load_orderings
from lnmo_atoms.reference import check_bulk, check_fmax
from lnmo_atoms.results import TaskResult, formula_units
from lnmo_atoms.store import Study
from lnmo_atoms.tasks import Task


@dataclass(frozen=True)
class AskedOrdering:
    """One ordering to calculate.

    Attributes:
        number: in its study, from 1.
        structure: as built.
        degeneracy: equivalent decorations of the cell as built.
        spec: the engine.
        fmax: eV/Å, at which it counts as relaxed.
    """

    number: int
    structure: Structure
    degeneracy: int
    spec: CalculatorSpec
    fmax: float

    @cached_property
    def identity(self) -> str:
        """The same where cell, atoms, charges and moments as built are."""
        return Task.static(self.name, self.structure, self.spec).key

    @cached_property
    def cell(self) -> PrimitiveCell:
        """Its smallest one."""
        return primitive_cell(self.structure)

    @cached_property
    def group(self) -> SpaceGroup:
        """As built."""
        return space_group(self.structure)

    @property
    def formula(self) -> str:
        """Reduced."""
        return self.structure.composition.element_composition.reduced_formula

    @property
    def name(self) -> str:
        """For people."""
        return f"ordering {self.number} {self.group.symbol}"

    @cached_property
    def static(self) -> Task[TaskResult]:
        """Its energy as built."""
        return Task.static(f"static {self.name}", self.cell.structure, self.spec)

    @cached_property
    def relaxation(self) -> Task[TaskResult]:
        """Cell and atoms."""
        return Task.relax(
            f"relax {self.name}", self.cell.structure, self.spec, fmax=self.fmax, cell=True
        )


def asked_orderings(
    orderings: Iterable[tuple[Structure, int]], spec: CalculatorSpec, fmax: float
) -> list[AskedOrdering]:
    """The orderings, numbered from 1.

    Raises:
        RequestError: for none, for what the engine or this workflow cannot calculate, or for
            more than one composition.
    """
    check_fmax(fmax)
    asked = [
        AskedOrdering(number, structure, int(degeneracy), spec, fmax)
        for number, (structure, degeneracy) in enumerate(orderings, start=1)
    ]
    if not asked:
        raise RequestError("there is no ordering to calculate: give one at least")
    for one in asked:
        check_bulk(one.structure, spec)
    formulas = {one.formula for one in asked}
    if len(formulas) > 1:
        raise RequestError(
            f"energies of {', '.join(sorted(formulas))} cannot be compared: give orderings of one "
            "composition"
        )
    if not formula_units(asked[0].structure):
        raise RequestError(f"{formulas.pop()} has no oxygen: give orderings of LiNixMn2-xO4")
    return asked


def joined_with_study(asked: Sequence[AskedOrdering], study: Study) -> list[AskedOrdering]:
    """All orderings of a study by number: those that it holds, and the asked ones that it lacks.

    Those that it holds keep their numbers; each new one gets the lowest that is free.

    Raises:
        RequestError: where energies of the two could not be compared.
    """
    held = _held(study, asked[0])
    taken = {one.number for one in held}
    free = (number for number in count(1) if number not in taken)
    joined = {one.identity: one for one in held}
    for one in asked:
        if one.identity not in joined:
            joined[one.identity] = replace(one, number=next(free))
    return sorted(joined.values(), key=lambda one: one.number)


def _held(study: Study, asked: AskedOrdering) -> list[AskedOrdering]:
    """Orderings that a study holds.

    Raises:
        RequestError: where they have another composition than the asked one, or were calculated
            with another engine or other settings.
    """
    path = study.path / ORDERINGS_FILE
    results = load_orderings(path) if path.exists() else []
    held = [
        AskedOrdering(result.number, result.structure, result.degeneracy, asked.spec, asked.fmax)
        for result in results
    ]
    formulas = {one.formula for one in held} - {asked.formula}
    engines = {result.engine for result in results} - {asked.spec.engine()}
    if formulas:
        difference = f"of {formulas.pop()}, not {asked.formula}"
    elif engines:
        difference = f"by {engines.pop()}, not {asked.spec.engine()}"
    elif any(study.get(one.relaxation.key) is None for one in held):
        difference = "with another fmax or other options of the engine"
    else:
        return held
    raise RequestError(
        f"{study.path} holds energies of orderings {difference}, which cannot be compared: take "
        "another folder for the study"
    )


def tasks_of(orderings: Iterable[AskedOrdering]) -> list[Task]:
    """Their calculations."""
    return [task for one in orderings for task in (one.static, one.relaxation)]
