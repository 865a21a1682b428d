"""Surface energies against direct ASE calculations, and what happens when things go wrong."""

import numpy as np
import pytest
from ase.build import fcc100, fcc110, fcc111
from ase.calculators.emt import EMT
from ase.optimize import BFGS
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.errors import CalculationError, RequestError
from lnmo_atoms.builders.slabs import make_slabs
from lnmo_atoms.builders.spinel import (
    average_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.flags import atoms_that_left, moment_changes
from lnmo_atoms.results import EV_PER_A2
from lnmo_atoms.surfaces import RECONSTRUCTIONS, plan_surfaces, surface_energies, surface_energy

FACETS = [(1, 1, 1), (1, 0, 0), (1, 1, 0)]
BUILD = {(1, 1, 1): fcc111, (1, 0, 0): fcc100, (1, 1, 0): fcc110}


def fcc(symbol, a):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), [symbol], [[0, 0, 0]])


def direct(symbol, a, facet, layers, relax):
    """γ in J/m² from ASE's own surface builder and the same potential."""
    slab = BUILD[facet](symbol, (1, 1, layers), a=a, vacuum=8.0)
    slab.calc = EMT()
    if relax:
        BFGS(slab, logfile=None).run(fmax=0.01, steps=200)
    bulk = fcc111(symbol, (1, 1, 3), a=a, periodic=True)
    bulk.calc = EMT()
    per_atom = bulk.get_potential_energy() / 3
    area = np.linalg.norm(np.cross(*slab.cell[:2]))
    excess = slab.get_potential_energy() - len(slab) * per_atom
    return excess / (2 * area) * EV_PER_A2


@pytest.mark.parametrize(("symbol", "a"), [("Cu", 3.6), ("Al", 4.0), ("Ni", 3.5)])
def test_emt_metals_agree_with_ase_to_one_percent(symbol, a):
    results = surface_energies(fcc(symbol, a), FACETS, "emt", fmax=0.01)
    assert [r.facet for r in results] == FACETS
    for r in results:
        lattice = r.bulk.lattice.a
        layers = r.slab.certificate.layers
        assert r.converged
        for ours, relax in ((r.gamma_unrelaxed, False), (r.gamma, True)):
            assert ours == pytest.approx(direct(symbol, lattice, r.facet, layers, relax), rel=0.01)


def test_close_packed_face_is_lowest_in_emt():
    results = surface_energies(fcc("Cu", 3.6), FACETS, "emt")
    gammas = {r.facet: r.gamma for r in results}
    assert gammas[1, 1, 1] < gammas[1, 0, 0] < gammas[1, 1, 0]


def test_gamma_is_the_formula():
    """1 eV excess over 2·A Å², worked by hand."""
    slab = make_slabs(ordered_spinel(), (1, 0, 0))[0]
    units, area = slab.certificate.formula_units, slab.certificate.area
    gamma = surface_energy(-100.0 * units + 1.0, slab, -100.0)
    assert gamma == pytest.approx(1.602176634e-19 / (2 * area * 1e-20))


def test_off_stoichiometric_slab_is_refused():
    from dataclasses import replace

    from lnmo_atoms.builders.slabs import certify

    slab = make_slabs(lithium_manganate(), (1, 0, 0))[0]
    robbed = slab.structure.copy()
    robbed.remove_sites([0])
    bad = replace(slab, certificate=certify(robbed, lithium_manganate().composition))
    with pytest.raises(RequestError, match="not a whole number"):
        surface_energy(-1.0, bad, -1.0)


def test_study_repeats_nothing(tmp_path):
    events = []
    first = surface_energies(fcc("Al", 4.0), FACETS, "emt", tmp_path / "s")
    again = surface_energies(fcc("Al", 4.0), FACETS, "emt", tmp_path / "s", progress=events.append)
    assert [r.gamma for r in again] == [r.gamma for r in first]
    assert events
    assert {event.status for event in events} == {"cached"}


def test_relax_best_limits_what_is_relaxed():
    some = plan_surfaces(
        lithium_manganate(), [(1, 0, 0)], CalculatorSpec.parse("chgnet"), relax_best=1
    )
    every = plan_surfaces(
        lithium_manganate(), [(1, 0, 0)], CalculatorSpec.parse("chgnet"), relax_best=None
    )
    slabs = make_slabs(lithium_manganate(), (1, 0, 0), reconstructions=RECONSTRUCTIONS)
    assert len(some) == 1 + len(slabs) + 1
    assert len(every) == 1 + 2 * len(slabs)


def test_emt_does_not_know_lithium_or_manganese():
    with pytest.raises(RequestError, match="EMT") as error:
        surface_energies(ordered_spinel(), FACETS, "emt")
    assert "Li" in str(error.value)
    assert "Mn" in str(error.value)


def test_average_crystal_cannot_be_calculated():
    with pytest.raises(RequestError, match="partially occupied"):
        surface_energies(average_spinel(), FACETS, "chgnet")


def wurtzite():
    """Its (0001) is the first of the facets that no operation flips."""
    sites = [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]]
    return Structure.from_spacegroup("P6_3mc", Lattice.hexagonal(3.2, 5.2), ["Ni2+", "O2-"], sites)


@pytest.mark.parametrize(
    ("bulk", "options", "hint"),
    [
        (wurtzite(), {}, "keeps a dipole"),
        (fcc("Cu", 3.6), {"thickness": -1.0}, "lengths in Å"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_calculated(tmp_path, bulk, options, hint):
    with pytest.raises(RequestError, match=hint):
        surface_energies(bulk, [(0, 0, 1)], "emt", tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_a_cell_without_symmetry_is_cut_on_its_given_positions(caplog):
    """Relaxed, no symmetry holds its ions: a dipole stays. On their lattice they cancel exactly."""
    cell = fcc("Cu", 3.8)
    cell.make_supercell([2, 2, 2])
    positive = set(np.random.default_rng(4).permutation(32)[:16].tolist())
    for i, site in enumerate(cell):
        site.species = "Cu+" if i in positive else "Au-"
    found = surface_energies(cell, [(0, 0, 1)], "emt", thickness=4.0, relax_best=1)
    assert "given positions" in caplog.text
    for result in found:
        certificate = result.slab.certificate
        assert certificate.stoichiometric
        assert abs(certificate.dipole) < 1e-6
        differ = "its faces differ: γ is the mean of both" in result.flags
        assert differ != certificate.symmetric
    assert found[0].converged


def test_bulk_that_changes_its_space_group_stops_the_workflow():
    """A tetragonal cell of copper relaxes to the cubic crystal: its facets would be others."""
    cell = Structure.from_spacegroup("I4/mmm", Lattice.tetragonal(2.55, 3.75), ["Cu"], [[0, 0, 0]])
    with pytest.raises(CalculationError, match="space group changed from I4/mmm to Fm-3m"):
        surface_energies(cell, [(0, 0, 1)], "emt")


def test_atoms_that_left_are_named():
    before = make_slabs(fcc("Cu", 3.6), (1, 1, 1))[0].structure
    assert atoms_that_left(before, before) is None
    after = before.copy()
    top = int(before.frac_coords[:, 2].argmax())
    after.translate_sites([top], [0, 0, 3.0], frac_coords=False)
    assert f"Cu {top}" in atoms_that_left(before, after)


def test_moment_changes_compare_sizes_where_signs_are_missing():
    bulk = ordered_spinel()
    signed = np.array(bulk.site_properties["magmom"])
    assert moment_changes(bulk, signed, signed) is None
    assert moment_changes(bulk, signed, np.abs(signed)) is None
    mn = [i for i, s in enumerate(bulk) if s.specie.symbol == "Mn"]
    planted = np.abs(signed)
    planted[mn[:2]] += 0.8
    found = moment_changes(bulk, np.abs(signed), planted)
    assert found.startswith("2 Mn changed moment by up to +0.8 μB")
    assert "no signs" in found
    flipped = signed.copy()
    flipped[mn[0]] *= -1
    assert "1 Mn changed moment by up to -6.0" in moment_changes(bulk, signed, flipped)


def test_off_stoichiometric_reconstructions_are_refused_before_anything_is_calculated(tmp_path):
    with pytest.raises(RequestError, match="off stoichiometry"):
        surface_energies(
            lithium_manganate(), [(1, 0, 0)], study=tmp_path, reconstructions=["oxygen-vacancy"]
        )
    assert not list(tmp_path.iterdir())
