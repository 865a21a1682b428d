"""Files that VASP itself wrote, from ASE's own tests; ASE reads them as referee."""

from pathlib import Path

import ase.io
import ase.test
import numpy as np
import pytest

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.vasp.outcar import Outcar
from lnmo_atoms.vasp.vasprun import read_vasprun

FILES = Path(ase.test.__file__).parent / "testdata" / "vasp"


def assert_as_ase_reads(run, atoms):
    assert list(run.symbols) == atoms.get_chemical_symbols()
    assert run.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-8)
    np.testing.assert_allclose(run.forces, atoms.get_forces(), atol=1e-8)
    np.testing.assert_allclose(run.lattice, atoms.cell, atol=1e-6)
    np.testing.assert_allclose(
        run.positions % 1, atoms.get_scaled_positions(wrap=True) % 1, atol=1e-6
    )


def test_a_vasprun_of_vasp_6():
    path = FILES / "vasprun_dfpt.xml"
    run = read_vasprun(path)
    assert_as_ase_reads(run, ase.io.read(path))
    assert (run.settings.version, run.settings.functional) == ("6.3.2", "PBE")
    assert run.settings.cutoff == 400.0
    assert run.mesh == (3, 3, 3)


def test_an_enthalpy_is_not_taken_for_an_energy():
    with pytest.raises(RequestError, match="PSTRESS = 1 kbar"):
        read_vasprun(FILES / "vasprun_pstress.xml")


def test_an_outcar_of_vasp_5():
    """The copy lacks the POTCAR's part, of which the title is put back."""
    path = FILES / "OUTCAR_example_1"
    title = "   TITEL  = PAW_PBE Ni 02Aug2007\n POSCAR: Ni"
    run = Outcar(path.read_text().replace(" POSCAR: Ni", title, 1)).run()
    assert_as_ase_reads(run, ase.io.read(path, format="vasp-out"))
    assert (run.settings.version, run.settings.functional) == ("5.3.3", "PBE")
    assert (run.settings.cutoff, run.settings.spin, run.settings.real_space) == (300.0, 2, True)
    assert (run.electronic, run.steps, run.seconds) == (True, 1, 124.967)
