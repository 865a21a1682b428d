"""Formation energies of neutral defects, from energies of cells and of reference phases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lnmo_atoms.analyzers.chemical_potentials import ChemicalPotentials, chemical_potentials
from lnmo_atoms.analyzers.rows import Row
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.results import DefectResult, PhaseResult


@dataclass(frozen=True)
class FormationRow:
    """One defect.

    Attributes:
        name: of the defect.
        kind: such as ``"oxygen vacancy"``.
        multiplicity: equivalent defects in its cell.
        atoms: in its cell.
        exchanged: atoms gained, those lost negative, by element.
        energy_difference: eV, cell with the defect minus cell without.
        formation_energy: eV, at that temperature and pressure.
        temperature: K, of the oxygen.
        pressure: bar, of O2.
        converged: of the relaxation.
        engine: name and version.
        flags: what a user must know, one line each.
    """

    name: str
    kind: str
    multiplicity: int
    atoms: int
    exchanged: Mapping[str, int]
    energy_difference: float
    formation_energy: float
    temperature: float
    pressure: float
    converged: bool
    engine: str
    flags: tuple[str, ...]

    @property
    def exchange(self) -> str:
        """Such as ``"−1 O"``; empty where nothing is exchanged."""
        parts = [f"{number:+d} {element}" for element, number in self.exchanged.items()]
        return ", ".join(parts).replace("-", "−")

    def as_row(self) -> Row:
        """Unit-bearing column name → value."""
        return {
            "defect": self.name,
            "kind": self.kind,
            "multiplicity": self.multiplicity,
            "atoms": self.atoms,
            "exchanged": self.exchange,
            "energy_difference_eV": self.energy_difference,
            "formation_energy_eV": self.formation_energy,
            "temperature_K": self.temperature,
            "pressure_O2_bar": self.pressure,
            "converged": self.converged,
            "engine": self.engine,
            "flags": list(self.flags),
        }


def formation_energies(
    results: Sequence[DefectResult],
    references: Sequence[PhaseResult],
    temperature: float = 300.0,
    pressure: float = 0.21,
) -> list[FormationRow]:
    """E_f = E(defect) − E(bulk) − Σ n_i μ_i of neutral cells, the lowest of each kind first.

    See :mod:`lnmo_atoms.analyzers.chemical_potentials` for the reservoirs. Lithium is exchanged
    with its metal: in a cell at the voltage V a defect costs V eV less for every Li atom lost.

    Args:
        results: of one engine.
        references: phases for all elements that are exchanged, of the same engine.
        temperature: K, 100 to 2000, of the oxygen.
        pressure: bar, partial pressure of O2; air by default.

    Raises:
        RequestError: where a reference is missing or comes from another engine, or oxygen gas is
            not known at that temperature and pressure.
    """
    potentials = chemical_potentials(references, temperature, pressure)
    engines = {result.engine for result in results} | {phase.engine for phase in references}
    if len(engines) > 1:
        raise RequestError(f"energies of {' and '.join(sorted(engines))} cannot be compared")
    rows = [_row(result, potentials) for result in results]
    kinds = list(dict.fromkeys(row.kind for row in rows))
    return sorted(rows, key=lambda row: (kinds.index(row.kind), row.formation_energy))


def _row(result: DefectResult, potentials: ChemicalPotentials) -> FormationRow:
    defect, exchanged = result.defect, result.exchanged
    if missing := sorted(exchanged.keys() - potentials.values.keys()):
        raise RequestError(
            f"{defect.name} exchanges {', '.join(missing)}: calculate its reference phases with "
            "reference_energies"
        )
    reservoirs = sum(number * potentials.values[el] for el, number in exchanged.items())
    return FormationRow(
        name=defect.name,
        kind=defect.kind,
        multiplicity=defect.multiplicity,
        atoms=len(defect.structure),
        exchanged=exchanged,
        energy_difference=result.energy_difference,
        formation_energy=result.energy_difference - reservoirs,
        temperature=potentials.temperature,
        pressure=potentials.pressure,
        converged=result.converged,
        engine=result.engine,
        flags=result.flags,
    )


def formation_notes(rows: Sequence[FormationRow], potentials: ChemicalPotentials) -> list[str]:
    """What the formation energies rest on, one line each.

    Args:
        rows: from :func:`formation_energies`.
        potentials: of the same phases, temperature and pressure.
    """
    elements = {element for row in rows for element in row.exchanged}
    gas = f"{potentials.temperature:g} K and {potentials.pressure:g} bar"
    sources = {
        "Li": "Li from lithium metal: at a cell voltage V each Li lost costs V eV less, each Li "
        "gained V eV more",
        "O": f"O as gas at {gas}, with the enthalpy that gives Li2O its measured heat of formation",
        "Ni": f"Ni from NiO under oxygen at {gas}",
        "Mn": f"Mn from β-MnO2 under oxygen at {gas}",
    }
    notes = [
        f"{source} (μ = {potentials.values[element]:.3f} eV)"
        for element, source in sources.items()
        if element in elements
    ]
    if "O" in elements and (error := potentials.reduction_error) is not None:
        notes.append(
            f"the engine's 2 MnO2 → Mn2O3 + ½ O2 costs {abs(error):.2f} eV per O "
            f"{'less' if error < 0 else 'more'} than measured: O vacancies, which reduce Mn4+ too, "
            "may be off by as much"
        )
    return notes
