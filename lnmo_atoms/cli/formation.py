"""Command formation: formation energies of defects."""

from typing import Annotated

import typer

from lnmo_atoms.analyzers.chemical_potentials import chemical_potentials
from lnmo_atoms.analyzers.formation import formation_energies
from lnmo_atoms.analyzers.oxygen import oxygen_potential
from lnmo_atoms.builders.charges.placement import valid_placement
from lnmo_atoms.builders.defects import Defect, make_defects
from lnmo_atoms.builders.defects.kinds import USUAL_KINDS
from lnmo_atoms.builders.reference_phases import reference_phases
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.cli.defects import Cell, Kinds, Placement, Seed
from lnmo_atoms.cli.engines import Calculator
from lnmo_atoms.cli.formation_outputs import show_formation, write_formation, write_structures
from lnmo_atoms.cli.options import DEFAULT_STUDY, DryRun, Json, StructureFile, StudyFolder, Workers
from lnmo_atoms.cli.plan import show_plan
from lnmo_atoms.cli.progress import ProgressBars
from lnmo_atoms.cli.screen import complain, print_json
from lnmo_atoms.cli.structures import load
from lnmo_atoms.defect_energies import defect_energies, plan_defects
from lnmo_atoms.executors import make_executor
from lnmo_atoms.reference import check_bulk, check_fmax
from lnmo_atoms.reference_energies import phase_tasks, reference_energies
from lnmo_atoms.store import Study


def formation(
    structure: StructureFile = None,
    kind: Kinds = None,
    cell: Cell = (1, 1, 1),
    mn3: Placement = "near",
    seed: Seed = 0,
    temperature: Annotated[float, typer.Option(help="K, of the oxygen.")] = 300.0,
    pressure: Annotated[float, typer.Option(help="bar, of O2; 0.21 in air.")] = 0.21,
    calculator: Calculator = "chgnet",
    study: StudyFolder = DEFAULT_STUDY,
    fmax: Annotated[float, typer.Option(help="eV/Å at which a defect counts as relaxed.")] = 0.05,
    workers: Workers = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Formation energies: relax bulk, defects and reference phases, price what is exchanged.

    Lithium is exchanged with its metal, oxygen with gas at a temperature and a
    pressure, nickel and manganese with their oxides under that gas. Another
    temperature or pressure costs nothing.

    Example: lnmo formation --study my-study

    Example: lnmo formation --kind "oxygen vacancy" --temperature 1000
    """
    spec = CalculatorSpec.parse(calculator)
    oxygen_potential(temperature, pressure)
    bulk = load(structure)
    check_fmax(fmax)
    check_bulk(bulk, spec)
    defects = make_defects(bulk, kind or USUAL_KINDS, cell, valid_placement(mn3), seed)
    elements = _exchanged(defects)
    references = phase_tasks(reference_phases(elements), spec)
    if dry_run:
        show_plan(
            [*plan_defects(defects, bulk, spec, fmax=fmax), *references.values()],
            "every relaxation is counted as a usual one",
            study,
            json,
        )
        return 0
    with (
        Study(study) as open_study,
        make_executor("processes", workers) as pool,
        ProgressBars(hidden=json) as progress,
    ):
        results = defect_energies(
            defects, bulk, spec, open_study, pool, fmax=fmax, progress=progress
        )
        phases = reference_energies(elements, spec, open_study, pool, progress=progress)
        failures = open_study.failed
    if results:
        rows = formation_energies(results, phases, temperature, pressure)
        potentials = chemical_potentials(phases, temperature, pressure)
        write_structures(study, results, phases)
        trust = spec.trust("formation energies")
        report = write_formation(study, rows, potentials, trust)
        if json:
            print_json(report)
        else:
            show_formation(rows, potentials, study, trust)
    for failure in failures:
        complain(f"{failure.name} failed: {failure.cause}")
    return 1 if failures else 0


def _exchanged(defects: list[Defect]) -> set[str]:
    """Elements that any of the defects takes from a reservoir or gives to one."""
    return {element for defect in defects for element in (*defect.added, *defect.removed)}
