"""A toy potential of lithium nickel manganese oxides: rigid ions, milliseconds a call.

Buckingham repulsion and dispersion between oxygen and every ion, with parameters after Lewis and
Catlow, J. Phys. C 18, 1149 (1985), and Ammundsen et al., J. Phys. Chem. B 103, 5175 (1999), but
without their shells; Coulomb forces between all ions, damped and shifted so that they end smoothly
at the cut-off (Fennell and Gezelter, J. Chem. Phys. 124, 234104, 2006). It serves to compare
search methods, not to predict barriers.
"""

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from ase.stress import full_3x3_to_voigt_6_stress
from scipy.special import erfc

COULOMB = 14.399645
"""eV Å, squared elementary charge over 4πε₀."""
CUTOFF = 8.0
"""Å."""
DAMPING = 0.25
"""1/Å."""
CHARGES = {"Li": 1.0, "Ni": 2.0, "O": -2.0}
"""Elementary charges; manganese shares what is left to make the cell neutral."""
BUCKINGHAM = {
    ("Li", "O"): (426.48, 0.3000, 0.0),
    ("Mn", "O"): (1345.15, 0.3240, 0.0),
    ("Ni", "O"): (1582.50, 0.2882, 0.0),
    ("O", "O"): (22764.3, 0.1490, 43.0),
}
"""A in eV, ρ in Å, C in eV Å⁶ of A exp(−r/ρ) − C/r⁶."""


class PairPotential(Calculator):
    """Energy, forces and stress."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 (ASE's own way)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        """Sum over all pairs within the cut-off."""
        super().calculate(atoms, properties, system_changes)
        first, second, distances, arms = neighbor_list("ijdD", atoms, CUTOFF)
        symbols = np.array(atoms.get_chemical_symbols())
        charges = valences(symbols)
        energies, slopes = shifted(coulomb, distances)
        products = COULOMB * charges[first] * charges[second]
        energies, slopes = products * energies, products * slopes
        for pair, parameters in BUCKINGHAM.items():
            here = np.isin(symbols[first], pair) & np.isin(symbols[second], pair)
            here &= (symbols[first] != symbols[second]) == (pair[0] != pair[1])
            more = shifted(lambda r, p=parameters: buckingham(r, *p), distances[here])
            energies[here] += more[0]
            slopes[here] += more[1]
        alone = coulomb(CUTOFF)[0] / 2 + DAMPING / np.sqrt(np.pi)
        energy = energies.sum() / 2 - COULOMB * alone * (charges**2).sum()
        pulls = (slopes / distances)[:, None] * arms
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, first, pulls)
        stress = full_3x3_to_voigt_6_stress(pulls.T @ arms / (2 * atoms.get_volume()))
        self.results = {"energy": energy, "free_energy": energy, "forces": forces, "stress": stress}


def valences(symbols):
    """Charge of every ion, the whole neutral."""
    charges = np.array([CHARGES.get(symbol, 0.0) for symbol in symbols])
    manganese = symbols == "Mn"
    charges[manganese] = -charges.sum() / max(1, manganese.sum())
    return charges


def coulomb(r):
    """Damped 1/r and its derivative."""
    value = erfc(DAMPING * r) / r
    return value, -value / r - 2 * DAMPING / np.sqrt(np.pi) * np.exp(-((DAMPING * r) ** 2)) / r


def buckingham(r, a, rho, c):
    """A exp(−r/ρ) − C/r⁶ and its derivative."""
    repulsion, dispersion = a * np.exp(-r / rho), c / r**6
    return repulsion - dispersion, -repulsion / rho + 6 * dispersion / r


def shifted(potential, r):
    """A potential and its derivative, both made to end at zero at the cut-off."""
    (value, slope), (last, last_slope) = potential(r), potential(CUTOFF)
    return value - last - last_slope * (r - CUTOFF), slope - last_slope


def make():
    """For ``pair_potential:make``."""
    return PairPotential()
