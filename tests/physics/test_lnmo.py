"""Real CHGNet on real LNMO, small: lattice, moments, barriers, one surface, the workflows."""

import contextlib
import io
import runpy
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import lnmo_atoms as la
from lnmo_atoms.builders.symmetry import space_group

pytestmark = pytest.mark.physics
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tmp_path_factory.mktemp("physics") / "study"


@pytest.fixture(scope="module")
def surfaces(study):
    return la.surface_energies(la.ordered_spinel(), [(1, 0, 0)], study=study, thickness=10.0)


@pytest.fixture(scope="module")
def barriers(study):
    return la.migration_barriers(la.ordered_spinel(), study=study)


def test_ordered_lnmo_relaxes_to_the_reference_lattice(surfaces):
    """CHGNet 0.3.0 gives 8.312 Å; the crystal stays P4_332."""
    bulk = surfaces[0].bulk
    assert bulk.lattice.a == pytest.approx(8.312, abs=0.005)
    assert space_group(bulk).number == 212


def test_moments_are_those_of_ni2_and_mn4():
    """Sizes only: Ni 1.7 and Mn 3.2 μB in ordered LNMO."""
    from lnmo_atoms.calculators import CalculatorSpec

    atoms = la.to_atoms(la.ordered_spinel(a=8.312))
    atoms.calc = CalculatorSpec.parse("chgnet").calculator()
    moments = atoms.get_magnetic_moments()
    symbols = np.array(atoms.get_chemical_symbols())
    assert moments[symbols == "Ni"] == pytest.approx(1.7, abs=0.1)
    assert moments[symbols == "Mn"] == pytest.approx(3.2, abs=0.1)


def test_barriers_match_the_symmetric_midpoints(barriers):
    """Relaxing the symmetric midpoint alone gives 0.270 eV (8c–4a) and 0.215 eV (8c–12d)."""
    found = {result.hop.label: result for result in barriers}
    for label, reference in (("8c–4a–8c", 0.270), ("8c–12d–8c", 0.215)):
        result = found[label]
        assert result.converged
        assert result.method == "symmetric midpoint"
        assert result.octahedron == "saddle"
        assert result.barrier == pytest.approx(reference, abs=0.005)
        # both ends are the same vacancy by symmetry
        assert result.barrier_reverse == result.barrier == result.octahedron_energy
        low, next_low = result.curvatures
        assert low < 0 < next_low


def test_the_ready_structures_of_hops_are_these(barriers):
    """Ends and saddle in structures/hops, to 0.03 Å: the path's engine settings leave no more."""
    for result in barriers:
        images = result.images[0], result.images[len(result.images) // 2], result.images[-1]
        for name, image in zip(("initial", "saddle", "final"), images, strict=True):
            kept = la.read(ROOT / f"structures/hops/{result.hop.name}-{name}.vasp")
            ours = la.to_structure(la.to_atoms(image)).get_sorted_structure(key=_block)
            shift = kept.frac_coords - ours.frac_coords
            distances = (shift - np.rint(shift)) @ kept.lattice.matrix
            assert np.linalg.norm(distances, axis=1).max() < 0.03


def _block(site):
    return ["Li", "Ni", "Mn", "O"].index(site.specie.symbol)


def test_the_two_hops_share_one_relaxed_end_point(study, barriers):
    from lnmo_atoms.store import status_of

    names = [entry.name for entry in status_of(study)]
    assert len(barriers) == 2
    assert sum(name.startswith("relax Li vacancy") for name in names) == 1


def test_half_lithium_100_is_about_0_7(surfaces):
    """0.70 J/m² with this engine, thickness and cell apart."""
    best = min(result.gamma for result in surfaces if result.ranked)
    assert best == pytest.approx(0.70, abs=0.05)
    for result in surfaces:
        if result.gamma is not None:
            assert result.gamma < result.gamma_unrelaxed


@pytest.mark.parametrize("script", ["surface_energy", "li_diffusion", "compare_facets"])
@pytest.mark.usefixtures("in_tmp")
def test_workflows_run(script, monkeypatch):
    """The scripts as they stand, with thin slabs and a loose limit in place of the defaults."""
    small = {"fmax": 0.5}
    monkeypatch.setattr(
        la, "surface_energies", partial(_one_facet, la.surface_energies, relax_best=1, **small)
    )
    monkeypatch.setattr(la, "migration_barriers", partial(la.migration_barriers, images=3, **small))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(ROOT / "workflows" / f"{script}.py"), run_name="__main__")
    assert printed.getvalue().strip()


def _one_facet(function, bulk, *rest, **options):
    return function(bulk, [(1, 0, 0)], *rest[1:], thickness=4.0, **options)


def test_exchange_lowers_111_of_limn2o4(tmp_path):
    """Inverse-spinel skin: about 0.36 J/m² against 0.50 without (slabs of at least 12 Å)."""
    found = la.surface_energies(la.lithium_manganate(), [(1, 1, 1)], study=tmp_path)
    gammas = {r.slab.termination: r.gamma for r in found if r.ranked}
    exchanged = min(g for name, g in gammas.items() if name.endswith("-exchanged"))
    plain = min(g for name, g in gammas.items() if "-" not in name)
    assert exchanged == pytest.approx(0.36, abs=0.03)
    assert exchanged < plain - 0.05
