"""The workflow of defect energies, on metals and on a toy LNMO whose energies are known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.optimize import BFGS
from pymatgen.core import Lattice, Structure
from test_records import assert_same
from toy_engines import ENTRIES

from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.defects import Defect, make_defects
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.builders.symmetry import symmetry_operations
from lnmo_atoms.builders.transplant import transplanted
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.defect_energies import defect_energies, plan_defects
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.records import load_defects
from lnmo_atoms.tasks import Task
from lnmo_atoms.tasks.relax import relax

LEDGER = "toy_engines:Ledger"
VACANCIES = ("lithium vacancy", "oxygen vacancy")


def aluminium(a=4.05):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["Al"], [[0, 0, 0]])


def metal_defect(bulk, change, name="defect", repeats=2, **fields):
    """A supercell of a metal, changed by hand."""
    structure = bulk.copy(site_properties={"bulk_site": list(range(len(bulk)))})
    structure.make_supercell([repeats] * 3)
    change(structure)
    values = {
        "name": name, "kind": "vacancy", "structure": structure, "multiplicity": len(structure),
        "added": {}, "removed": {}, "changes": (), "sites": np.zeros((1, 3)),
        "bulk_formula": bulk.formula, "supercell": (repeats,) * 3,
    }  # fmt: skip
    return Defect(**(values | fields))


def vacancy(bulk):
    return metal_defect(bulk, lambda cell: cell.remove_sites([0]), removed={"Al": 1})


def test_a_vacancy_of_aluminium_is_that_of_ase():
    """Referee: ASE's own optimizer in the relaxed bulk's cell, EMT."""
    bulk = aluminium()
    (found,) = defect_energies([vacancy(bulk)], bulk, "emt", fmax=0.005)
    cell = relax(bulk, CalculatorSpec.parse("emt"), fmax=0.001, cell=True)
    atoms = to_atoms(cell.structure) * (2, 2, 2)
    atoms.calc = EMT()
    perfect = atoms.get_potential_energy()
    assert found.bulk_energy == pytest.approx(perfect, abs=1e-3)
    del atoms[0]
    atoms.calc = EMT()
    BFGS(atoms, logfile=None).run(fmax=0.005)
    assert found.energy_difference == pytest.approx(
        atoms.get_potential_energy() - perfect, abs=2e-3
    )
    assert found.relaxed.lattice.a == pytest.approx(2 * found.bulk.lattice.a)
    assert found.exchanged == {"Al": -1}
    assert found.converged
    assert not found.flags


def test_no_defect_has_the_energy_of_the_bulk():
    bulk = aluminium()
    (found,) = defect_energies([metal_defect(bulk, lambda _: None)], bulk, "emt")
    assert found.energy_difference == pytest.approx(0, abs=1e-6)
    assert found.exchanged == {}


def test_energies_differ_by_the_atoms_exchanged():
    """An engine that prices atoms alone: every Li vacancy gains a Li, every O vacancy an O."""
    bulk = ordered_spinel()
    defects = make_defects(bulk, (*VACANCIES, "antisite pair"), mn3="far")
    found = defect_energies(defects, bulk, LEDGER)
    assert [r.defect.name for r in found] == [d.name for d in defects]
    for result in found:
        price = sum(n * ENTRIES[element] for element, n in result.exchanged.items())
        assert result.energy_difference == pytest.approx(price, abs=1e-9)
        assert formal_charges(result.relaxed).sum() == pytest.approx(0)


def test_a_larger_cell_is_compared_with_as_many_cells_of_the_bulk():
    bulk = ordered_spinel()
    defects = make_defects(bulk, ["lithium vacancy"], (1, 1, 2), mn3="far")
    for result in defect_energies(defects, bulk, LEDGER):
        assert len(result.defect.structure) == 111
        assert result.energy_difference == pytest.approx(-ENTRIES["Li"])


def test_an_engine_that_sees_moments_tells_charges_apart():
    """Each Mn3+ costs half an eV: two of them come with an O vacancy."""
    bulk = ordered_spinel()
    spec = CalculatorSpec.parse(LEDGER, mn3=0.5)
    for result in defect_energies(make_defects(bulk, ["oxygen vacancy"]), bulk, spec):
        assert result.energy_difference == pytest.approx(1.0 - ENTRIES["O"])
        assert "2 Mn changed moment by up to +1.0" in " ".join(result.flags)


def test_a_blind_engine_calculates_equal_geometries_once():
    """Of all charge orders, the 27 distinct pairs of O vacancies of P4_332 are left."""
    bulk, chgnet = ordered_spinel(), CalculatorSpec.parse("chgnet")
    pairs = make_defects(bulk, ["oxygen vacancy pair"])
    assert len(pairs) > 27
    assert len({task.key for task in plan_defects(pairs, bulk, chgnet)}) == 1 + 27
    some = pairs[:5]
    seeing = plan_defects(some, bulk, CalculatorSpec.parse(LEDGER))
    assert len({task.key for task in seeing}) == 1 + len(some)


def copper_gold():
    """Ordered copper and gold with charges, which EMT ignores."""
    return Structure(
        Lattice.tetragonal(2.8, 3.7), ["Cu+", "Au-"], [[0, 0, 0], [0.5, 0.5, 0.5]],
        site_properties={"bulk_site": [0, 1]},
    )  # fmt: skip


def test_defects_that_a_blind_engine_cannot_tell_share_one_result():
    """The same hole, its neighbours differently charged and listed in another order."""

    def hole(order, charged):
        def change(cell):
            cell.remove_sites([0])
            cell[charged].species = "Cu2+"
            cell._sites = [cell[i] for i in order]

        return change

    bulk = copper_gold()
    n = 15
    one = metal_defect(bulk, hole(range(n), 1), "one", removed={"Cu": 1})
    two = metal_defect(bulk, hole(range(n)[::-1], 3), "two", removed={"Cu": 1})
    first, second = defect_energies([one, two], bulk, "emt", fmax=0.02)
    assert first.energy == second.energy
    assert first.flags == ("one calculation with two: the engine sees no charges",)
    for result in (first, second):
        assert result.relaxed.species == result.defect.structure.species
        shift = result.relaxed.frac_coords - result.defect.structure.frac_coords
        assert np.abs(shift - np.round(shift)).max() < 0.1
    assert np.allclose(first.relaxed.frac_coords, second.relaxed.frac_coords[::-1])


def test_transplanting_moves_each_atom_as_the_bulk_relaxed():
    """Lattice strained, atoms shifted: what was displaced in the defect stays displaced."""
    bulk = ordered_spinel()
    rng = np.random.default_rng(1)
    relaxed = Structure(
        Lattice(bulk.lattice.matrix @ (np.eye(3) + 0.01 * rng.normal(size=(3, 3)))),
        bulk.species,
        bulk.frac_coords
        + 0.005 * rng.normal(size=(56, 3))
        + rng.integers(-1, 2, (56, 3)) * [0, 1, 1],
        site_properties=bulk.site_properties,
    )
    built = bulk.copy()
    built.add_site_property("bulk_site", list(range(56)))
    built.make_supercell([2, 1, 1])
    moved = transplanted(built, bulk, relaxed)
    expected = relaxed.copy()
    expected.make_supercell([2, 1, 1])
    assert np.allclose(moved.lattice.matrix, expected.lattice.matrix)
    apart = moved.frac_coords - expected.frac_coords
    assert np.allclose(apart, np.round(apart), atol=1e-9)
    built.translate_sites([7], [0.01, 0, 0], to_unit_cell=False)
    again = transplanted(built, bulk, relaxed)
    assert np.allclose(again.frac_coords[7] - moved.frac_coords[7], [0.01, 0, 0])


def test_an_added_atom_keeps_its_place_in_the_cell():
    bulk = ordered_spinel()
    (first, *_) = make_defects(bulk, ["lithium interstitial"], mn3="far")
    relaxed = Structure(
        Lattice.cubic(8.3), bulk.species, bulk.frac_coords, site_properties=bulk.site_properties
    )
    moved = transplanted(first.structure, bulk, relaxed)
    (added,) = np.flatnonzero(np.array(first.structure.site_properties["bulk_site"]) == -1)
    assert np.allclose(moved.frac_coords[added], first.structure.frac_coords[added])
    assert len(symmetry_operations(moved)) == len(symmetry_operations(first.structure))


def test_a_study_goes_on_and_its_record_holds_what_was_returned(tmp_path):
    bulk, study = aluminium(), tmp_path / "s"
    found = defect_energies([vacancy(bulk)], bulk, "emt", study)
    events = []
    again = defect_energies([vacancy(bulk)], bulk, "emt", study, progress=events.append)
    assert {event.status for event in events} == {"cached"}
    assert again[0].energy == found[0].energy
    (kept,) = load_defects(study / "defect_energies.json")
    assert_same(kept.relaxed, found[0].relaxed)
    assert (kept.energy, kept.bulk_energy) == (found[0].energy, found[0].bulk_energy)
    assert kept.exchanged == {"Al": -1}


def test_a_defect_that_fails_is_named_and_the_others_are_kept(in_tmp):
    (in_tmp / "moody_defects.py").write_text(
        "from toy_engines import Ledger\n"
        "class Moody(Ledger):\n"
        "    def calculate(self, atoms, *rest):\n"
        "        if atoms.symbols.count('O') == 31:\n"
        "            raise RuntimeError('no air')\n"
        "        super().calculate(atoms, *rest)\n"
    )
    bulk = ordered_spinel()
    defects = make_defects(bulk, VACANCIES, mn3="far")
    found = defect_energies(defects, bulk, "moody_defects:Moody", in_tmp / "s")
    assert {result.defect.kind for result in found} == {"lithium vacancy"}
    from lnmo_atoms.store import status_of

    failed = [state for state in status_of(in_tmp / "s") if state.state == "failed"]
    assert len(failed) == 2
    assert all("no air" in state.cause for state in failed)


def wrong(**changes):
    bulk = aluminium()
    return bulk, replace(vacancy(bulk), **changes)


@pytest.mark.parametrize(
    ("bulk", "defect", "calculator", "hint"),
    [
        (*wrong(removed={}), "emt", "other atoms than its bulk"),
        (*wrong(structure=aluminium(4.2)), "emt", "not in a cell of this bulk"),
        (aluminium(4.2), vacancy(aluminium()), "emt", "not in a cell of this bulk"),
        (ordered_spinel(), vacancy(aluminium()), "emt", "EMT"),
        (*wrong(), "nonsense", "nonsense"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_calculated(
    tmp_path, bulk, defect, calculator, hint
):
    with pytest.raises(RequestError, match=hint):
        defect_energies([defect], bulk, calculator, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_plan_is_what_is_done(tmp_path):
    bulk, spec = aluminium(), CalculatorSpec.parse("emt")
    tasks = plan_defects([vacancy(bulk)], bulk, spec)
    assert [task.name for task in tasks] == ["relax bulk", "relax defect"]
    assert all(isinstance(task, Task) for task in tasks)
    names = []
    defect_energies([vacancy(bulk)], bulk, spec, tmp_path, progress=lambda e: names.append(e.name))
    assert [name for name, _ in itertools.groupby(names)] == [task.name for task in tasks]
