"""Oxygen gas, chemical potentials and formation energies."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from lnmo_atoms.analyzers.chemical_potentials import chemical_potentials
from lnmo_atoms.analyzers.formation import formation_energies, formation_notes
from lnmo_atoms.analyzers.oxygen import oxygen_enthalpy, oxygen_entropy, oxygen_potential
from lnmo_atoms.builders.defects import Defect
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.results import DefectResult, PhaseResult

BOLTZMANN, FARADAY = 8.617333262e-5, 96.48533212  # eV/K, kJ/mol per eV
JANAF = [  # K, J/(mol K), kJ/mol: O2 in the NIST-JANAF tables (Chase 1998)
    (100.0, 173.307, -5.779),
    (200.0, 193.485, -2.868),
    (298.15, 205.147, 0.0),
    (500.0, 220.693, 6.084),
    (700.0, 231.466, 12.499),
    (1000.0, 243.578, 22.703),
    (2000.0, 268.748, 59.175),
]
REUTER = [-0.08, -0.17, -0.27, -0.38, -0.50, -0.61, -0.73, -0.85, -0.98, -1.10]
"""eV, μ_O(T, 1 bar) against the molecule at 0 K, 100 to 1000 K (Reuter and Scheffler, Phys. Rev. B
65, 035406, 2001, table I)."""
CUBE = Structure(Lattice.cubic(4), ["O2-"], [[0, 0, 0]])


def phases(engine="toy", **energies):
    return [PhaseResult(formula, energy, engine, CUBE) for formula, energy in energies.items()]


ENERGIES = {"Li": -1.9, "Li2O": -14.8, "NiO": -13.0, "MnO2": -24.3, "Mn2O3": -43.1}


def result(name="v_O", kind="oxygen vacancy", added=None, removed=None, difference=7.0, **changes):
    """A defect of so many eV more than its bulk."""
    defect = Defect(
        name=name, kind=kind, structure=CUBE, multiplicity=8, added=added or {},
        removed=removed or {}, changes=(), sites=np.zeros((1, 3)), bulk_formula="O1",
        supercell=(1, 1, 1),
    )  # fmt: skip
    values = {
        "defect": defect, "bulk": CUBE, "engine": "toy", "energy": -400.0 + difference,
        "bulk_energy": -400.0, "converged": True, "relaxed": CUBE, "moments": None,
    }  # fmt: skip
    return DefectResult(**(values | changes))


@pytest.mark.parametrize(("temperature", "entropy", "enthalpy"), JANAF)
def test_oxygen_is_that_of_the_tables(temperature, entropy, enthalpy):
    assert oxygen_entropy(temperature) == pytest.approx(entropy, abs=0.02)
    assert oxygen_enthalpy(temperature) == pytest.approx(enthalpy, abs=0.002)


def test_the_ranges_of_the_fit_meet():
    below, above = 700.0, np.nextafter(700.0, 1e3)
    assert oxygen_entropy(above) == pytest.approx(oxygen_entropy(below), abs=0.01)
    assert oxygen_enthalpy(above) == pytest.approx(oxygen_enthalpy(below), abs=0.01)


def test_entropy_is_the_enthalpy_s_slope_over_temperature():
    """dS = dH / T, each from its own formula."""
    edges = np.linspace(300, 1500, 2001)
    middles = (edges[1:] + edges[:-1]) / 2
    rise = np.diff([oxygen_enthalpy(t) for t in edges]) * 1000 / middles
    assert oxygen_entropy(1500) - oxygen_entropy(300) == pytest.approx(rise.sum(), abs=0.01)


def test_oxygen_potential_is_that_of_ab_initio_thermodynamics():
    """Their zero is the molecule at 0 K, 8.683 kJ/mol below the gas at 298.15 K (JANAF)."""
    zero = 8.683 / FARADAY / 2
    found = [oxygen_potential(t, 1.0) + zero for t in range(100, 1100, 100)]
    assert found == pytest.approx(REUTER, abs=0.01)


@given(st.floats(100, 2000), st.floats(1e-30, 100), st.floats(0.1, 10))
def test_oxygen_potential_is_linear_in_the_logarithm_of_pressure(temperature, pressure, factor):
    """Half of kT ln p, and nothing else."""
    rise = oxygen_potential(temperature, pressure * factor) - oxygen_potential(
        temperature, pressure
    )
    assert rise == pytest.approx(BOLTZMANN * temperature * np.log(factor) / 2, abs=1e-12)


@given(st.floats(100, 1999), st.floats(1e-20, 10))
def test_hotter_gas_is_a_lower_potential(temperature, pressure):
    """∂μ/∂T = −S < 0 at a fixed pressure up to 10 bar."""
    assert oxygen_potential(temperature + 1, pressure) < oxygen_potential(temperature, pressure)


@pytest.mark.parametrize(
    ("temperature", "pressure", "hint"),
    [(99, 1, "99 K"), (2001, 1, "2001 K"), (300, 0, "0 bar"), (300, -1, "-1 bar"),
     (float("nan"), 1, "nan K"), (300, float("inf"), "inf bar")],
)  # fmt: skip
def test_gas_outside_the_tables_is_refused(temperature, pressure, hint):
    with pytest.raises(RequestError, match=hint):
        oxygen_potential(temperature, pressure)


def test_potentials_make_the_reference_phases_cost_nothing():
    """Each oxide lies at equilibrium with the reservoirs; Li2O has its measured enthalpy."""
    found = chemical_potentials(phases(**ENERGIES), 800.0, 0.01)
    mu, gas = found.values, oxygen_potential(800.0, 0.01)
    assert mu["Li"] == ENERGIES["Li"]
    assert mu["Ni"] + mu["O"] == pytest.approx(ENERGIES["NiO"])
    assert mu["Mn"] + 2 * mu["O"] == pytest.approx(ENERGIES["MnO2"])
    formation = ENERGIES["Li2O"] - 2 * mu["Li"] - (mu["O"] - gas)
    assert formation * FARADAY == pytest.approx(-598.73)


def test_the_engine_s_error_of_manganese_does_not_depend_on_the_gas():
    """Of an engine that is right, E(Mn2O3) − 2 E(MnO2) + h_O is half of 162.1 kJ/mol."""
    enthalpy = ENERGIES["Li2O"] - 2 * ENERGIES["Li"] + 598.73 / FARADAY
    right = 2 * ENERGIES["MnO2"] - enthalpy + 162.1 / 2 / FARADAY
    for shift, temperature in ((0.0, 300.0), (-0.2, 1000.0)):
        given_phases = phases(**{**ENERGIES, "Mn2O3": right + shift})
        error = chemical_potentials(given_phases, temperature).reduction_error
        assert error == pytest.approx(shift, abs=1e-9)
    assert chemical_potentials(phases(Li=-1.9, Li2O=-14.8)).reduction_error is None


def test_no_defect_costs_nothing_and_reference_energies_cancel():
    """Adding and removing one atom of each phase's own price leaves the energy difference."""
    rows = formation_energies([result(difference=0.0)], [])
    assert rows[0].formation_energy == 0
    assert rows[0].exchange == ""
    swapped = result(added={"Ni": 1}, removed={"Ni": 1}, difference=0.3)
    assert formation_energies([swapped], [])[0].formation_energy == pytest.approx(0.3)


@given(
    st.dictionaries(st.sampled_from(["Li", "Ni", "Mn", "O"]), st.integers(0, 3)),
    st.dictionaries(st.sampled_from(["Li", "Ni", "Mn", "O"]), st.integers(0, 3)),
    st.floats(-50, 50),
)
def test_atoms_are_paid_for_at_their_reservoirs_price(added, removed, difference):
    """A defect whose energy differs by what its atoms cost in the reservoirs is free."""
    mu = chemical_potentials(phases(**ENERGIES), 600.0, 0.1).values
    price = sum(mu[el] * (added.get(el, 0) - removed.get(el, 0)) for el in mu)
    rows = formation_energies(
        [result(added=added, removed=removed, difference=difference + price)],
        phases(**ENERGIES), 600.0, 0.1,
    )  # fmt: skip
    assert rows[0].formation_energy == pytest.approx(difference, abs=1e-8)


def test_vacancies_of_oxygen_are_cheaper_in_hot_and_thin_gas():
    vacancy = [result(removed={"O": 1})]
    conditions = [(300.0, 1.0), (1000.0, 1.0), (1000.0, 1e-6)]
    costs = [formation_energies(vacancy, phases(**ENERGIES), *c)[0] for c in conditions]
    energies = [row.formation_energy for row in costs]
    assert energies == sorted(energies, reverse=True)
    expected = oxygen_potential(1000.0, 1e-6) - oxygen_potential(300.0, 1.0)
    assert energies[-1] - energies[0] == pytest.approx(expected)


def test_rows_are_sorted_within_their_kinds_and_carry_units():
    found = formation_energies(
        [result("b", difference=8.0), result("x", kind="antisite pair", difference=0.3),
         result("a", difference=7.0, removed={"O": 1})],
        phases(**ENERGIES),
    )  # fmt: skip
    assert [row.name for row in found] == ["a", "b", "x"]
    row = found[0].as_row()
    assert row["exchanged"] == "−1 O"
    assert row["temperature_K"] == 300.0
    assert row["pressure_O2_bar"] == 0.21
    assert row["energy_difference_eV"] == 7.0


def test_notes_say_what_the_energies_rest_on():
    potentials = chemical_potentials(phases(**ENERGIES))
    rows = formation_energies([result(removed={"O": 1})], phases(**ENERGIES))
    first, second = formation_notes(rows, potentials)
    assert "300 K and 0.21 bar" in first
    assert f"{potentials.values['O']:.3f} eV" in first
    assert f"{abs(potentials.reduction_error):.2f} eV per O" in second
    assert formation_notes(formation_energies([result()], []), potentials) == []


def test_missing_and_foreign_references_are_refused():
    with pytest.raises(RequestError, match="v_O exchanges O"):
        formation_energies([result(removed={"O": 1})], phases(Li=-1.9))
    with pytest.raises(RequestError, match=r"other and toy cannot be compared"):
        formation_energies([result()], phases("other", Li=-1.9))
    mixed = [*phases(Li=-1.9), replace(phases(Li2O=-14.8)[0], engine="other")]
    with pytest.raises(RequestError, match="different engines"):
        chemical_potentials(mixed)
