"""Structures and files that the tests of formats share."""

import tempfile
from pathlib import Path

import numpy as np
import spglib
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pymatgen.core import Element, Lattice, Species, Structure

from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from lnmo_atoms.formats import read, write

QUICK = settings(deadline=None, max_examples=40)
FUZZ = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

ORDERED = {
    "ordered": ordered_spinel,
    "enantiomorph": lambda: ordered_spinel(enantiomorph=True),
    "disordered": lambda: disordered_spinel(nickel=0.25, seed=4),
    "lithium manganate": lithium_manganate,
}
BUILDERS = ORDERED | {"average": average_spinel}
FILES = {
    "cif": "x.cif",
    "poscar": "POSCAR",
    "extxyz": "x.extxyz",
    "json": "x.json",
    "ase-json": "x.ase.json",
}

# --- random structures -------------------------------------------------------------------------

ELEMENTS = ["Li", "Ni", "Mn", "O", "C", "N", "Co"]
LENGTH = st.floats(3.0, 30.0)
ANGLE = st.floats(70.0, 110.0)
FRACTION = st.integers(-15_000, 15_000).map(lambda n: n / 10_000)
CHARGE = st.sampled_from([-2, -1, 0, 1, 2, 3, 3.5, 4, 2.6667])
MOMENT = st.integers(-500, 500).map(lambda n: n / 100)


@st.composite
def structures(draw, partial=False, words=("oxygen", "8a", "16d")):
    """Any cell, charged or not, with or without moments and properties, vacancies if partial."""
    lattice = Lattice.from_parameters(*draw(st.tuples(*[LENGTH] * 3, *[ANGLE] * 3)))
    n = draw(st.integers(1, 8))
    charged = draw(st.booleans())

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    def occupants(symbols, charges, amounts):
        names = [
            Species(s, q) if charged else Element(s) for s, q in zip(symbols, charges, strict=True)
        ]
        return dict(zip(names, amounts, strict=False))

    if partial:
        amounts = st.sampled_from([[1.0], [0.25, 0.75], [0.5], [0.125, 0.3], [1 / 3, 2 / 3]])
        pair = st.lists(st.sampled_from(ELEMENTS), min_size=2, max_size=2, unique=True)
        species = column(st.builds(occupants, pair, st.tuples(CHARGE, CHARGE), amounts))
    else:
        one = st.tuples(st.sampled_from(ELEMENTS))
        species = column(st.builds(occupants, one, st.tuples(CHARGE), st.just([1.0])))
    properties = {}
    if draw(st.booleans()):
        properties["magmom"] = column(MOMENT)
    if draw(st.booleans()):
        properties["role"] = column(st.sampled_from(words))
    if draw(st.booleans()):
        properties["bulk_site"] = column(st.integers(-1, 10**6))
    positions = column(st.tuples(FRACTION, FRACTION, FRACTION))
    return Structure(lattice, species, positions, site_properties=properties)


def there_and_back(structure, name):
    with tempfile.TemporaryDirectory() as folder:
        write(structure, Path(folder, name))
        assert [path.name for path in Path(folder).iterdir()] == [name]  # no leftovers
        return read(Path(folder, name))


def assert_same(found, expected, order=None, properties=None):
    """Same sites, in the same order, same species, occupancies, charges, moments, unwrapped."""
    order = range(len(expected)) if order is None else order
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.lattice.parameters, expected.lattice.parameters, atol=1e-7)
    np.testing.assert_allclose(found.frac_coords, expected.frac_coords[order], atol=1e-7)
    for site, i in zip(found, order, strict=True):
        assert site.species == expected[i].species
        wanted = expected[i].properties
        if properties is not None:
            wanted = {name: wanted[name] for name in properties if name in wanted}
        assert site.properties == wanted


SPINEL = """\
data_LiMn2O4
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90.0
_cell_angle_gamma 90
{symmetry}
loop_
_atom_type_symbol
_atom_type_oxidation_number
Li1+ 1
Mn3.5+ 3.5
O2- -2
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_symmetry_multiplicity
_atom_site_Wyckoff_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li1+   8 a {li} {li} {li} 1.
Mn1 Mn3.5+ 16 d {mn} {mn} {mn} 1.
O1  O2-    32 e {o} {o} {o} 1.
#End of the data set
"""
ORIGIN_1 = {"li": "0", "mn": "0.625", "o": "0.3876(2)"}
ORIGIN_2 = {"li": "0.125", "mn": "0.5", "o": "0.2626(2)"}
A, U = 8.2442, 0.2626
MN_O = A * np.sqrt((0.5 - U) ** 2 + 2 * (U - 0.25) ** 2)
"""Å, manganese at (1/2, 1/2, 1/2) to oxygen at (1/2 ± (1/2 − u), 1/2 ± (u − 1/4), …)."""
LI_O = A * np.sqrt(3) * (U - 0.125)


def spinel_cif(symmetry, origin):
    return SPINEL.format(a="8.2442(3)", symmetry=symmetry, **origin)


def listed(choice, tag):
    """Operations of Fd-3m about one origin as a CIF lists them, from spglib's tables."""
    operations = spglib.get_symmetry_from_database({1: 525, 2: 526}[choice])
    lines = []
    for rotation, translation in zip(
        operations["rotations"], operations["translations"], strict=True
    ):
        parts = []
        for row, shift in zip(rotation, translation, strict=True):
            pairs = zip(row, "xyz", strict=True)
            terms = "".join(("-" if n < 0 else "+") + axis for n, axis in pairs if n)
            parts.append(terms + (f"+{round(4 * shift)}/4" if shift else ""))
        lines.append(f"'{', '.join(parts)}'")
    return f"loop_\n{tag}\n" + "\n".join(lines)


HALLS = {1: "F 4d 2 3 -1d", 2: "-F 4vw 2vw 3"}
