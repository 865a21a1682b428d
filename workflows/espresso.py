"""Quantum ESPRESSO, 7.3 or newer, with PBE+U as the engine of a study.

Copy this file to where you start lnmo, and name it and pseudopotentials of yours in a recipe:

    calculator = "espresso:pbe_u"
    [calculator_options]
    pseudo_dir = "pseudo"
    pseudos = { Li = "Li.upf", Mn = "Mn.upf", Ni = "Ni.upf", O = "O.upf" }
    cutoff = 90                                     # Ry
    density_cutoff = 720

How the program is called is said by the environment, as in ESPRESSO_COMMAND="mpiexec -n 4 pw.x".
"""

import copy
import os
import re
from pathlib import Path

from ase.calculators.espresso import Espresso, EspressoProfile, EspressoTemplate

U = {"Mn": "3d 3.9", "Ni": "3d 6.2"}  # eV, as the Materials Project has them


class PlusU(EspressoTemplate):
    """ASE's input with a U for every species: each moment of an element is one (Mn, Mn1, …)."""

    def write_input(self, profile, directory, atoms, parameters, properties):
        """From a copy of the parameters, since ASE leaves the moments of these atoms in them."""
        super().write_input(profile, directory, atoms, copy.deepcopy(parameters), properties)
        path = directory / self.inputname
        species = re.findall(r"^(([A-Z][a-z]?)\d*) +[\d.]+ +\S+$", path.read_text(), re.MULTILINE)
        lines = [f"U {name}-{U[element]}" for name, element in species if element in U]
        if lines:
            with path.open("a") as file:
                file.write("\n".join(["HUBBARD (ortho-atomic)", *lines, ""]))


def pbe_u(pseudo_dir, pseudos, cutoff, density_cutoff):
    """Spins start from the structure's moments; k-points as dense as 2×2×2 for 56 atoms."""
    command = os.environ.get("ESPRESSO_COMMAND", "pw.x")
    settings = {
        "ecutwfc": cutoff, "ecutrho": density_cutoff, "occupations": "smearing",
        "smearing": "gaussian", "degauss": 0.002, "conv_thr": 1e-8, "electron_maxstep": 200,
        "tprnfor": True, "tstress": True, "disk_io": "low",
    }  # fmt: skip
    calculator = Espresso(
        profile=EspressoProfile(command, Path(pseudo_dir).resolve()),
        pseudopotentials=pseudos, input_data=settings, kspacing=0.064,
    )  # fmt: skip
    calculator.template = PlusU()
    return calculator
