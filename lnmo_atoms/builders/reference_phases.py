"""Crystals that fix chemical potentials: lithium metal, Li2O, NiO, β-MnO2 and Mn2O3.

They are built as measured, for an engine to relax, with charges and signed moments.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.charges import set_formal_moments
from lnmo_atoms.builders.errors import RequestError


def lithium() -> Structure:
    """Body-centred cubic lithium, Im-3m, 2 atoms, a = 3.51 Å."""
    return Structure.from_spacegroup("Im-3m", Lattice.cubic(3.51), ["Li"], [[0, 0, 0]])


def lithium_oxide() -> Structure:
    """Li2O, antifluorite, Fm-3m, 12 atoms, a = 4.619 Å."""
    sites = [[0.25, 0.25, 0.25], [0.0, 0.0, 0.0]]
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.619), ["Li+", "O2-"], sites)


def nickel_oxide() -> Structure:
    """NiO, rock salt, a = 4.177 Å, 4 atoms: moments alternate from one (111) plane to the next.

    This second kind of antiferromagnetic order was seen in neutron diffraction (Shull, Strauser
    and Wollan, Phys. Rev. 83, 333, 1951).
    """
    lattice = Lattice(4.177 * (np.eye(3) + 1) / 2)
    sites = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25], [0.75, 0.75, 0.75]]
    oxide = Structure(lattice, ["Ni2+", "Ni2+", "O2-", "O2-"], sites)
    oxide.add_site_property("magmom", [2.0, -2.0, 0.0, 0.0])
    return oxide


def manganese_dioxide() -> Structure:
    """β-MnO2, rutile, P4_2/mnm, 6 atoms.

    Edges and coordinates that differ by 0.01 Å and less at 295 K (synchrotron diffraction,
    doi:10.1107/S2053273319013408) are averaged, and its modulated magnetic order is replaced by
    corners up, centres down.
    """
    lattice, sites = Lattice.tetragonal(4.400, 2.874), [[0.0, 0.0, 0.0], [0.306, 0.306, 0.0]]
    oxide = Structure.from_spacegroup("P4_2/mnm", lattice, ["Mn4+", "O2-"], sites)
    oxide.add_site_property("magmom", [3.0, -3.0, 0.0, 0.0, 0.0, 0.0])
    return oxide


def manganese_sesquioxide() -> Structure:
    """Mn2O3, bixbyite, Ia-3, 40 atoms of the primitive cell, a = 9.41 Å, all moments up.

    Coordinates after Geller (Acta Cryst. B 27, 821, 1971); below 302 K the cell is orthorhombic by
    less than 1 %, and its antiferromagnetic order is intricate: neither is built.
    """
    sites = [[0.0, 0.0, 0.0], [0.285, 0.0, 0.25], [0.129, 0.147, 0.917]]
    cubic = Structure.from_spacegroup("Ia-3", Lattice.cubic(9.41), ["Mn3+", "Mn3+", "O2-"], sites)
    oxide = cubic.get_primitive_structure()
    set_formal_moments(oxide)
    return oxide


BUILDERS: Mapping[str, Callable[[], Structure]] = MappingProxyType(
    {
        "Li": lithium,
        "Li2O": lithium_oxide,
        "NiO": nickel_oxide,
        "MnO2": manganese_dioxide,
        "Mn2O3": manganese_sesquioxide,
    }
)
"""Every reference phase by its formula."""

PHASES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Li": ("Li",),
        "O": ("Li", "Li2O", "MnO2", "Mn2O3"),
        "Ni": ("Li", "Li2O", "NiO"),
        "Mn": ("Li", "Li2O", "MnO2"),
    }
)
"""What an element's chemical potential is made of; for oxygen, what tests it too."""


def reference_phases(elements: Iterable[str]) -> dict[str, Structure]:
    """The crystals that fix the chemical potentials of these elements, by formula.

    Args:
        elements: symbols of Li, Ni, Mn and O, as many as are exchanged.

    Raises:
        RequestError: for any other element.
    """
    wanted = set(elements)
    if strange := sorted(wanted - PHASES_OF.keys()):
        raise RequestError(
            f"there is no reference phase for {', '.join(strange)}: only Li, Ni, Mn and O can be "
            "exchanged"
        )
    needed = {formula for element in wanted for formula in PHASES_OF[element]}
    return {formula: build() for formula, build in BUILDERS.items() if formula in needed}
