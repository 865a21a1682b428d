"""Real GPAW: LNMO's moment, gap and magnetic order; calculations that survive."""

import os
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.calculator import CalculationFailed
from ase.calculators.subprocesscalculator import PackedCalculator
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.calculators.mpi import RankGroup
from lnmo_atoms.formats import read, to_atoms
from lnmo_atoms.tasks import static

pytestmark = pytest.mark.gpaw

RELAXED = Path(__file__).parents[2] / "structures" / "gpaw" / "R-3m-relaxed.vasp"
GAMMA = CalculatorSpec.parse("gpaw", kpts=[1, 1, 1])
SMALL = {"kpts": [1, 1, 1], "mode": {"name": "pw", "ecut": 350}}


@pytest.fixture(scope="module")
def lnmo():
    return read(RELAXED)


@pytest.fixture(scope="module")
def ferrimagnet(lnmo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ferrimagnet")
    return static(lnmo, GAMMA, forces=True, folder=folder), (folder / "gpaw-1.log").read_text()


@pytest.fixture
def oxide():
    """MnO2 as a straight molecule: small, magnetic, and full of symmetry."""
    return Structure(
        [[6.0, 0, 0], [0, 4.2, 0], [0, 0, 4.2]],
        ["Mn4+", "O2-", "O2-"],
        [[0, 0, 0], [1.8, 0, 0], [-1.8, 0, 0]],
        coords_are_cartesian=True,
        site_properties={"magmom": [3, 0, 0]},
    )


class Altered(PackedCalculator):
    """A field of SMALL on ranks whose module has other constants, and of which some come late."""

    def __init__(self, maxiter=150, late=0.0, **constants):
        from lnmo_atoms.calculators.gpaw import PRESET, SETUPS

        self.settings = {**PRESET, "setups": dict(SETUPS[False]), **SMALL, "maxiter": maxiter}
        self.late, self.constants = late, constants

    def unpack_calculator(self):
        from gpaw.mpi import world

        from lnmo_atoms.calculators import gpaw_scf

        late = self.late if world.rank else 0.0

        class Late(gpaw_scf.SelfConsistentField):
            def _next_log(self):
                time.sleep(late)
                return super()._next_log()

        for name, value in self.constants.items():
            setattr(gpaw_scf, name, value)
        return Late(self.settings)


@pytest.fixture
def in_ranks(monkeypatch):
    """Makes ``compute`` of an altered field, on ranks or here."""
    here = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*here, os.environ.get("PYTHONPATH", "")]))

    def compute(ranks, **alterations):
        packed = Altered(**alterations)
        if ranks > 1:
            return partial(RankGroup(packed, ranks).call, "compute")
        from lnmo_atoms.calculators import gpaw_scf

        for name in packed.constants:
            monkeypatch.setattr(gpaw_scf, name, getattr(gpaw_scf, name))
        return packed.unpack_calculator().compute

    return compute


def iterations(folder):
    logs = sorted(folder.glob("gpaw-*.log"))
    return [len(re.findall(r"^\|iter:", log.read_text(), re.MULTILINE)) for log in logs]


def moved(structure, site, vector):
    other = structure.copy()
    other.translate_sites([site], vector, frac_coords=False, to_unit_cell=False)
    return other


def fresh(**options):
    """A calculator that has seen nothing; those of a spec are kept."""
    from lnmo_atoms.calculators.gpaw import pbe_u

    return pbe_u(**{**SMALL, **options})


def energy(calculator, structure, folder=None):
    calculator.directory = folder
    return calculator.get_property("energy", to_atoms(structure))


def test_lnmo_is_a_ferrimagnetic_insulator(ferrimagnet):
    """Three Mn4+ of 3 μB against one Ni2+ of 2 μB: 7 μB, an integer as in every insulator."""
    result, log = ferrimagnet
    total = float(re.search(r"Total magnetic moment: \(.*, (\S+)\)", log)[1])
    assert total == pytest.approx(3 * 3 - 2, abs=0.01)
    gap = float(re.search(r"^Gap: (\S+) eV", log, re.MULTILINE)[1])
    assert gap > 1.0
    assert all(result.moments[2:6] * [-1, 1, 1, 1] > 1.4)
    assert np.abs(result.forces).max() < 0.05


def test_ferrimagnetic_lies_below_ferromagnetic(lnmo, ferrimagnet, tmp_path):
    """And the same calculator takes the same geometry with other moments for another task."""
    result, _ = ferrimagnet
    parallel = lnmo.copy(site_properties={"magmom": np.abs(lnmo.site_properties["magmom"])})
    other = static(parallel, GAMMA, folder=tmp_path)
    assert other.moments.sum() == pytest.approx(11, abs=0.5)
    assert 0.1 < other.energy - result.energy < 1.0


def test_forces_are_the_slope_of_the_energy(oxide):
    step = 0.01
    off = moved(oxide, 1, [0.1, 0.05, 0])
    calculator = fresh(convergence={"density": 1e-6})
    forces = calculator.get_property("forces", to_atoms(off))
    for axis in (0, 1):
        way = step * np.eye(3)[axis]
        up, down = (energy(calculator, moved(off, 1, s * way)) for s in (1, -1))
        assert forces[1, axis] == pytest.approx(-(up - down) / (2 * step), abs=0.02)


def test_atoms_that_break_the_symmetry_are_not_taken_for_symmetric(oxide):
    calculator, off = fresh(), to_atoms(moved(oxide, 1, [0.0, 0.1, 0.05]))
    energy(calculator, oxide)
    forces = calculator.get_property("forces", off)
    assert forces == pytest.approx(fresh().get_property("forces", off), abs=0.01)


def test_what_is_stopped_goes_on_from_its_density(oxide, tmp_path, monkeypatch):
    from lnmo_atoms.calculators import gpaw_scf

    monkeypatch.setattr(gpaw_scf, "INTERVAL", 0.0)
    keep, steps = gpaw_scf.SelfConsistentField._keep, []

    def stop(self, calc):
        keep(self, calc)
        steps.append(calc)
        if len(steps) == 8:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gpaw_scf.SelfConsistentField, "_keep", stop)
        with pytest.raises(KeyboardInterrupt):
            energy(fresh(), oxide, tmp_path)
    found = energy(fresh(), oxide, tmp_path)
    assert found == pytest.approx(energy(fresh(), oxide, tmp_path / "anew"), abs=1e-3)
    assert iterations(tmp_path)[1] < iterations(tmp_path / "anew")[0]
    assert not list(tmp_path.glob(".*"))


def test_forces_of_a_density_that_was_stopped_halfway_are_not_taken_for_the_last(
    oxide, tmp_path, monkeypatch
):
    """GPAW writes them with the density where it takes forces for a sign of convergence."""
    from lnmo_atoms.calculators import gpaw_scf

    monkeypatch.setattr(gpaw_scf, "INTERVAL", 0.0)
    off, options = to_atoms(moved(oxide, 1, [0.1, 0.05, 0])), {"convergence": {"forces": 0.005}}
    keep = gpaw_scf.SelfConsistentField._keep

    def stop(self, calc):
        keep(self, calc)
        if "forces" in calc.dft.results:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gpaw_scf.SelfConsistentField, "_keep", stop)
        calculator = fresh(**options)
        calculator.directory = tmp_path
        with pytest.raises(KeyboardInterrupt):
            calculator.get_property("forces", off)
    calculator = fresh(**options)
    calculator.directory = tmp_path
    forces = calculator.get_property("forces", off)
    assert min(iterations(tmp_path)) > 0
    assert forces == pytest.approx(fresh(**options).get_property("forces", off), abs=0.01)
    assert calculator.get_property("energy", off) == pytest.approx(
        fresh().get_property("energy", off), abs=1e-3
    )


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_full_disk_costs_the_density_and_not_the_calculation(oxide, tmp_path, in_ranks, ranks):
    (tmp_path / ".density.gpw").symlink_to("/dev/full")
    found = in_ranks(ranks, INTERVAL=0.0)(to_atoms(oxide), ["energy"], tmp_path)
    assert found["energy"] == pytest.approx(energy(fresh(), oxide), abs=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["gpaw-1.log"]
    assert (tmp_path / "gpaw-1.log").read_text().count("# Writing to") == 1


def test_a_damaged_density_costs_nothing_but_its_use(oxide, tmp_path, caplog):
    (tmp_path / "density.gpw").write_bytes(b"- of UlmGPAW")
    assert energy(fresh(), oxide, tmp_path) == pytest.approx(energy(fresh(), oxide), abs=1e-3)
    assert "cannot be used, starting afresh" in caplog.text


def test_a_density_torn_anywhere_is_not_used(oxide, tmp_path, monkeypatch):
    """A copy of a study may be cut short, whatever of it is still whole."""
    from lnmo_atoms.calculators import gpaw_scf

    monkeypatch.setattr(gpaw_scf, "INTERVAL", 0.0)
    energy(fresh(), oxide, tmp_path)
    density, atoms = tmp_path / "density.gpw", to_atoms(oxide)
    content = density.read_bytes()
    field = gpaw_scf.SelfConsistentField({})
    field._folder = tmp_path
    assert field._kept(atoms) is not None
    for length in np.linspace(0, len(content) - 1, 40, dtype=int):
        density.write_bytes(content[:length])
        assert field._kept(atoms) is None


def test_a_density_that_does_not_converge_is_tried_again_with_patience(oxide, tmp_path):
    assert energy(fresh(maxiter=4), oxide, tmp_path) == pytest.approx(
        energy(fresh(), oxide), abs=1e-3
    )
    first, second = iterations(tmp_path)
    assert first <= 4 < second
    assert "Linear mixing parameters: 0.02" in (tmp_path / "gpaw-2.log").read_text()


def test_the_second_failure_is_the_last_and_names_its_log(oxide, tmp_path, monkeypatch):
    from lnmo_atoms.calculators import gpaw_scf

    monkeypatch.setattr(gpaw_scf, "PATIENT", {**gpaw_scf.PATIENT, "maxiter": 5})
    with pytest.raises(CalculationFailed, match=r"after 4 iterations, nor.*after 5") as failure:
        energy(fresh(maxiter=4), oxide, tmp_path)
    assert str(tmp_path / "gpaw-2.log") in str(failure.value)
    assert "iter: 5" in str(failure.value)


def test_ranks_give_the_same_numbers(oxide, tmp_path, monkeypatch):
    """From inside another launcher's rank, too."""
    monkeypatch.setenv("PMIX_RANK", "0")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "1")
    parallel = energy(fresh(ranks=2), oxide, tmp_path)
    assert parallel == pytest.approx(energy(fresh(), oxide), abs=1e-3)
    assert "cores:  2" in (tmp_path / "gpaw-1.log").read_text()


def test_ranks_agree_on_a_damaged_density(oxide, tmp_path, in_ranks):
    (tmp_path / "density.gpw").write_bytes(b"- of UlmGPAW")
    found = in_ranks(2)(to_atoms(oxide), ["energy"], tmp_path)
    assert found["energy"] == pytest.approx(energy(fresh(), oxide), abs=1e-3)


def test_ranks_that_come_late_name_the_same_log(oxide, tmp_path, in_ranks):
    """And tell their failure as it is, again and again, instead of dying of a log not found."""
    patience = {"mixer": {"name": "pulay", "beta": 0.02}, "maxiter": 3}
    compute = in_ranks(2, maxiter=4, PATIENT=patience, late=0.5)
    for _ in range(2):
        with pytest.raises(CalculationFailed, match=r"not self-consistent after 4 .* after 3; "):
            compute(to_atoms(oxide), ["energy"], tmp_path)
    assert iterations(tmp_path) == [4, 3, 4, 3]


def test_ranks_end_with_a_driver_that_is_killed(tmp_path):
    """They would else compute on for hours, and nobody would hear of it."""
    script = (
        "from pathlib import Path; from lnmo_atoms.calculators import CalculatorSpec; "
        "from lnmo_atoms.formats import read; from lnmo_atoms.tasks import static; "
        f"static(read({str(RELAXED)!r}), CalculatorSpec.parse('gpaw', ranks=2), folder=Path('.'))"
    )
    driver = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    started = within(60, lambda: list(tmp_path.glob("gpaw-1.log")))
    ranks = [rank for launcher in children(driver.pid) for rank in children(launcher)]
    driver.kill()
    driver.wait()
    assert started
    assert len(ranks) == 2
    assert within(10, lambda: not any(Path(f"/proc/{rank}").exists() for rank in ranks))


def within(seconds, happens):
    """Whether it happens in that time."""
    end = time.monotonic() + seconds
    while not (found := happens()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_failures_on_ranks_come_back(oxide, tmp_path):
    calculator = fresh(ranks=2, xc="nonsense")
    with pytest.raises(CalculationFailed, match=r"the MPI ranks died: .*nonsense"):
        energy(calculator, oxide, tmp_path)


def test_manganese_without_a_moment_is_refused(oxide):
    with pytest.raises(RequestError, match="Mn have no moments to start from"):
        energy(fresh(), oxide.copy(site_properties={"magmom": [0, 0, 0]}))
    with pytest.raises(RequestError, match="at least one rank is needed, not 0"):
        fresh(ranks=0)
