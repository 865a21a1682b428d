"""Chemical potentials of Li, Ni, Mn and O from reference phases that one engine has relaxed.

- Li: lithium metal, μ_Li = E(Li).
- O: oxygen gas at T and p. No energy of the O2 molecule is used, whose error differs from that of
  solids: the enthalpy of the gas is the one that gives Li2O its measured enthalpy of formation, as
  Wang, Maxisch and Ceder fitted it to oxides without transition metals (Phys. Rev. B 73, 195107,
  2006): ½ H_O2(298 K) = E(Li2O) − 2 E(Li) − ΔH_f(Li2O).
- Ni, Mn: NiO and β-MnO2 in equilibrium with that oxygen, μ_Ni = E(NiO) − μ_O and
  μ_Mn = E(MnO2) − 2 μ_O.

Energies stand for enthalpies and free energies of solids: their vibrations and pV are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lnmo_atoms.analyzers.oxygen import KJ_PER_EV, oxygen_potential
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.results import PhaseResult

LI2O_FORMATION = -598.73
"""kJ/mol, ΔH_f of Li2O at 298.15 K (Chase, NIST-JANAF Thermochemical Tables, 4th ed., 1998)."""
MN2O3_OXIDATION = -162.1
"""± 7.2 kJ per mol of O2, 2 Mn2O3 + O2 → 4 MnO2 at 298 K (Fritsch and Navrotsky, J. Am. Ceram. Soc.
79, 1761, 1996)."""


@dataclass(frozen=True)
class ChemicalPotentials:
    """What an atom of each element costs in the reservoir that it is exchanged with.

    Attributes:
        values: eV per atom, by element; those that the phases given can fix.
        temperature: K.
        pressure: bar, of O2.
        reduction_error: eV per oxygen atom, by which 2 MnO2 → Mn2O3 + ½ O2 costs more with this
            engine than by calorimetry; None without both oxides.
    """

    values: Mapping[str, float]
    temperature: float
    pressure: float
    reduction_error: float | None


def chemical_potentials(
    phases: Sequence[PhaseResult], temperature: float = 300.0, pressure: float = 0.21
) -> ChemicalPotentials:
    """Chemical potentials of all elements that these phases fix.

    Args:
        phases: relaxed by one engine.
        temperature: K, 100 to 2000, of the oxygen.
        pressure: bar, partial pressure of O2; air by default.

    Raises:
        RequestError: for a temperature or a pressure without oxygen gas, or phases of two engines.
    """
    if len({phase.engine for phase in phases}) > 1:
        raise RequestError("the reference phases come from different engines: calculate them anew")
    gas = oxygen_potential(temperature, pressure)
    energy = {phase.formula: phase.energy for phase in phases}
    values, error = {}, None
    if "Li" in energy:
        values["Li"] = energy["Li"]
    if {"Li", "Li2O"} <= energy.keys():
        enthalpy = energy["Li2O"] - 2 * energy["Li"] - LI2O_FORMATION / KJ_PER_EV
        values["O"] = enthalpy + gas
        if "NiO" in energy:
            values["Ni"] = energy["NiO"] - values["O"]
        if "MnO2" in energy:
            values["Mn"] = energy["MnO2"] - 2 * values["O"]
        if {"MnO2", "Mn2O3"} <= energy.keys():
            reduction = energy["Mn2O3"] + enthalpy - 2 * energy["MnO2"]
            error = reduction + MN2O3_OXIDATION / 2 / KJ_PER_EV
    return ChemicalPotentials(values, temperature, pressure, error)
