"""What can be calculated now: each stage starts from what the one before it gave.

First the bulk relaxes with its cell. In the relaxed cell follow, all with one basis of plane waves,
the bulk again as the reference, the slabs cut from it, and the end points of hops. Paths lead from
relaxed end point to relaxed end point.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.paths import DefectCell, defect_cell, parse_mode
from lnmo_atoms.builders.slabs import Slab, make_slabs
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.migration.end_points import EndPoints
from lnmo_atoms.surfaces import cut
from lnmo_atoms.vasp.manifest import Calculation, Plan

VASP = CalculatorSpec("vasp")


def cell_stage(plan: Plan) -> Calculation:
    """The bulk, relaxed with its cell."""
    return Calculation("bulk-cell", "cell", (plan.bulk,))


def crystal_stage(plan: Plan) -> Iterator[Calculation]:
    """Everything in the cell of the crystal: reference, slabs, end points.

    Raises:
        RequestError: where the crystal has no such slabs.
    """
    crystal = _crystal(plan)
    yield Calculation("bulk", "bulk", (crystal,))
    for slab in cut_slabs(plan, crystal):
        yield Calculation(f"slab-{slab.name}", "slab", (slab.structure,), slab)
    if plan.hops:
        for number, task in enumerate(Hopping(plan, VASP).ends.tasks.values()):
            yield Calculation(
                f"end-point-{number + 1}", "end point", task.structures, number=number
            )


def path_stage(plan: Plan, number: int, images: Sequence[Structure]) -> Calculation:
    """The path of one hop."""
    name = f"hop-{number + 1}-{plan.hops[number].name}"
    return Calculation(name, "hop", tuple(images), number=number)


class Hopping:
    """The cell that ions hop in, its hops and their end points.

    Attributes:
        cell: of the crystal, large enough for one defect.
        hops: in that cell.
        mode: how full of mobile ions it is.
        ends: the states between which they hop.
    """

    def __init__(self, plan: Plan, spec: CalculatorSpec) -> None:
        """Find out which end points are equal; the same plan gives the same ones."""
        self.cell: DefectCell = defect_cell(_crystal(plan))
        self.hops = [self.cell.hop(hop) for hop in plan.hops]
        self.mode = parse_mode(plan.mode, plan.seed)
        self.ends = EndPoints(self.cell.structure, self.hops, self.mode, spec)


def cut_slabs(plan: Plan, crystal: Structure) -> list[Slab]:
    """The wanted slabs, cut from the crystal.

    Raises:
        RequestError: where a termination has another composition, another change at its surface
            or other broken bonds than the one that was wanted.
    """
    slabs_of = partial(
        make_slabs,
        thickness=plan.thickness,
        vacuum=plan.vacuum,
        reconstructions=plan.reconstructions,
    )
    found = []
    for facet, wanted in groupby(plan.slabs, key=lambda slab: slab.facet):
        made = {slab.name: slab for slab in cut(slabs_of, plan.bulk, crystal, facet)}
        for slab in wanted:
            if slab.name not in made or _kind(made[slab.name]) != _kind(slab):
                raise RequestError(
                    f"slab {slab.name} is not the same one when cut from the crystal that VASP "
                    "relaxed: export it from that crystal with --fixed-cell"
                )
            found.append(made[slab.name])
    return found


def _kind(slab: Slab) -> tuple[object, ...]:
    certificate = slab.certificate
    return certificate.formula_units, certificate.changed, dict(certificate.coordination_lost)


def _crystal(plan: Plan) -> Structure:
    if plan.crystal is None:
        raise RequestError("the crystal is not known yet: relax the bulk first")
    return plan.crystal


def extended(plan: Plan, calculations: Sequence[Calculation]) -> Plan:
    """The plan with further calculations."""
    return replace(plan, calculations=(*plan.calculations, *calculations))
