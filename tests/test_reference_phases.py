"""Reference phases: their crystals, and their energies with a toy engine."""

import numpy as np
import pytest
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from toy_engines import ENTRIES

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.reference_phases import BUILDERS, reference_phases
from lnmo_atoms.reference_energies import reference_energies

GROUPS = {"Li": 229, "Li2O": 225, "NiO": 225, "MnO2": 136, "Mn2O3": 206}


@pytest.mark.parametrize("formula", BUILDERS)
def test_crystals_are_those_of_their_space_groups(formula):
    """pymatgen as referee, moments left aside; charges and moments of oxides add up to nothing."""
    phase = BUILDERS[formula]()
    assert phase.composition.element_composition.reduced_formula == formula
    bare = phase.copy(site_properties={})
    bare.remove_oxidation_states()
    assert SpacegroupAnalyzer(bare, symprec=1e-3).get_space_group_number() == GROUPS[formula]
    if formula != "Li":
        assert formal_charges(phase).sum() == pytest.approx(0)


@pytest.mark.parametrize(
    ("formula", "metal", "lengths"),
    [
        ("Li2O", "Li", [4.619 * np.sqrt(3) / 4] * 4),
        ("NiO", "Ni", [4.177 / 2] * 6),
        ("MnO2", "Mn", [1.88] * 4 + [1.90] * 2),
        ("Mn2O3", "Mn", None),
    ],
)
def test_metals_have_their_oxygen_neighbours(formula, metal, lengths):
    """Tetrahedra in Li2O, octahedra elsewhere; bonds of Mn3+ between 1.85 and 2.3 Å."""
    phase = BUILDERS[formula]()
    for site in phase:
        if site.specie.symbol != metal:
            continue
        near = [n for n in phase.get_neighbors(site, 2.4) if n.specie.symbol == "O"]
        found = sorted(n.nn_distance for n in near)
        if lengths is None:
            assert len(found) == 6
            assert 1.85 < found[0] <= found[-1] < 2.3
        else:
            assert found == pytest.approx(lengths, abs=0.02)


@pytest.mark.parametrize(("formula", "moment"), [("NiO", 2.0), ("MnO2", 3.0)])
def test_antiferromagnets_have_no_net_moment(formula, moment):
    """In NiO a moment's six second neighbours oppose it: order of the second kind."""
    phase = BUILDERS[formula]()
    moments = np.array(phase.site_properties["magmom"])
    assert moments.sum() == 0
    assert set(np.abs(moments)) == {0.0, moment}
    if formula == "NiO":
        second = [n for n in phase.get_neighbors(phase[0], 4.2) if n.nn_distance > 4.1]
        opposed = [n for n in second if n.specie.symbol == "Ni"]
        assert len(opposed) == 6
        assert all(n.properties["magmom"] == -2.0 for n in opposed)


def test_each_element_asks_for_the_phases_that_fix_it():
    assert list(reference_phases([])) == []
    assert list(reference_phases(["Li"])) == ["Li"]
    assert list(reference_phases(["O"])) == ["Li", "Li2O", "MnO2", "Mn2O3"]
    assert list(reference_phases(["Mn", "Ni"])) == ["Li", "Li2O", "NiO", "MnO2"]
    with pytest.raises(RequestError, match="no reference phase for Co, Fe"):
        reference_phases(["Li", "Fe", "Co"])


def test_energies_are_per_formula_unit(tmp_path):
    found = reference_energies(["O", "Ni"], "toy_engines:Ledger", tmp_path / "s")
    li, ni, mn, o = (ENTRIES[element] for element in ("Li", "Ni", "Mn", "O"))
    expected = {"Li": li, "Li2O": 2 * li + o, "NiO": ni + o, "MnO2": mn + 2 * o}
    expected["Mn2O3"] = 2 * mn + 3 * o
    assert {phase.formula: phase.energy for phase in found} == pytest.approx(expected)


def test_a_phase_that_cannot_be_calculated_ends_the_run(in_tmp):
    (in_tmp / "moody_phases.py").write_text(
        "from toy_engines import Ledger\n"
        "class Moody(Ledger):\n"
        "    def calculate(self, atoms, *rest):\n"
        "        raise RuntimeError('not today')\n"
    )
    with pytest.raises(CalculationError, match=r"Li could not be relaxed: .*not today"):
        reference_energies(["Li"], "moody_phases:Moody")


def test_an_engine_without_lithium_is_refused_before_anything_is_calculated(tmp_path):
    with pytest.raises(RequestError, match="EMT does not know Li"):
        reference_energies(["Li"], "emt", tmp_path)
    assert not list(tmp_path.iterdir())
