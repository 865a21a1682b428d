"""The structure that commands start from."""

from pathlib import Path

from pymatgen.core import Composition, Structure

from lnmo_atoms.builders.charges import formal_charges, with_formal_charges
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.builders.symmetry import conventional_cell
from lnmo_atoms.cli.screen import note
from lnmo_atoms.formats import read


def load(path: Path | None, *, facets: bool = True) -> Structure:
    """The user's structure with formal charges, or ordered LNMO.

    Args:
        path: its file; None builds ordered LNMO.
        facets: are to be named: in its conventional cell, therefore.
    """
    if path is None:
        return ordered_spinel()
    if path.suffix == ".toml":
        raise RequestError(f"{path} is no structure: a recipe goes to lnmo study")
    known = charged(read(path), path)
    bulk = conventional_cell(known) if facets else known
    if bulk is not known:
        note(
            f"{path} holds a primitive cell: its conventional cell of {len(bulk)} atoms is used, "
            "and Miller indices refer to that"
        )
    return bulk


def charged(given: Structure, path: Path, formula: Composition | None = None) -> Structure:
    """What was read from a file, with formal charges; what had to be assumed is said.

    Args:
        given: as read.
        path: the file's name.
        formula: of the bulk, for a slab whose own composition need not be balanced.
    """
    known = with_formal_charges(given, formula)
    if known is not given:
        states = ", ".join(sorted({site.species_string for site in known}))
        note(f"{path} has no oxidation states: taken as {states}")
    elif formal_charges(known) is None and not all(e.is_metal for e in known.elements):
        note(f"{path} has no oxidation states: dipoles cannot be judged")
    return known
