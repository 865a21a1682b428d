"""Symmetry-distinct hops of a mobile ion: site – empty octahedron – site."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops.hop import Hop
from lnmo_atoms.builders.hops.orbits import orbits
from lnmo_atoms.builders.hops.passages import Passages, find_passages
from lnmo_atoms.builders.hops.surroundings import Surroundings
from lnmo_atoms.builders.neighbours import require_apart
from lnmo_atoms.builders.octahedra import find_octahedra, is_anion

PRINTED = 5e-4
"""Å, a length typed as it was printed finds its hop."""


def find_hops(bulk: Structure, mobile: str = "Li", longest: float | None = None) -> list[Hop]:
    """Every symmetry-distinct hop of the mobile ion through an empty octahedron of anions.

    Multiplicities count undirected hops in the given cell: 16 in all for 56 atoms of spinel.
    Anions are the species of negative charge; without oxidation states, those of the most
    electronegative element.

    Args:
        bulk: a crystal with whole atoms in any cell; hops lead between filled mobile sites.
        mobile: symbol of the element that hops.
        longest: Å, hops longer than this, start to octahedron to end, are left out.

    Raises:
        RequestError: where there is no such element or no hop, or two atoms overlap.
    """
    require_bulk(bulk)
    ions = _mobile_ions(bulk, mobile)
    require_apart(bulk)
    octahedra = find_octahedra(bulk)
    passages = find_passages(bulk, ions, octahedra)
    if not len(passages):
        raise RequestError(
            f"no two {mobile} sites share an empty octahedron of anions: there is no hop to find"
        )
    passages = _within(passages, mobile, longest)
    surroundings = Surroundings.of(bulk, octahedra)
    hops = [
        surroundings.hop(int(passages.octahedra[m]), float(passages.lengths[m]), members)
        for m, members in orbits(bulk, octahedra, passages).items()
    ]
    return sorted(hops, key=lambda hop: (hop.multiplicity, hop.label, hop.start, hop.end))


def _mobile_ions(bulk: Structure, mobile: str) -> NDArray[np.int_]:
    """Sites of the mobile ions."""
    elements = ", ".join(element.symbol for element in bulk.composition.element_composition)
    if not (isinstance(mobile, str) and Element.is_valid_symbol(mobile)):
        raise RequestError(
            f"{mobile!r} is no element: give the symbol of the one that hops, of {elements}"
        )
    ions = np.array([i for i, site in enumerate(bulk) if site.specie.symbol == mobile], dtype=int)
    if not len(ions):
        raise RequestError(
            f"there is no {mobile} in {bulk.composition.reduced_formula}: say which of {elements} "
            "hops, or calculate surfaces alone"
        )
    if is_anion(bulk)[ions].any():
        raise RequestError(f"{mobile} is the anion that octahedra are made of: give a cation")
    return ions


def _within(passages: Passages, mobile: str, longest: float | None) -> Passages:
    """The passages that are short enough."""
    if longest is None:
        return passages
    short = passages.lengths <= longest + PRINTED
    if not short.any():
        raise RequestError(
            f"no {mobile} hop is {longest:g} Å long or shorter: the shortest measures "
            f"{passages.lengths.min():.3f} Å"
        )
    return passages[short]
