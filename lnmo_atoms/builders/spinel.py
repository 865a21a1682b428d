"""The spinel crystals: ordered and disordered LiNi0.5Mn1.5O4, and LiMn2O4.

Every site carries the properties ``role`` (lithium, nickel, manganese, transition metal or
oxygen), ``parent`` (its site in the Fd-3m parent: 8a, 16d, 32e), ``wyckoff`` (its site in the
structure's own space group) and ``magmom`` (μB).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Species, Structure

from lnmo_atoms.builders.charges import manganese_3_count, set_formal_moments
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.quasirandom import Method, arrange_nickel
from lnmo_atoms.builders.seeds import generator
from lnmo_atoms.builders.symmetry import space_group

LATTICE_ORDERED = 8.166
"""Å, P4_332 LNMO, experiment."""
LATTICE_DISORDERED = 8.1726
"""Å, Fd-3m LNMO (Li et al., Chem. Sci. 15, 11302, 2024)."""
LATTICE_LIMN2O4 = 8.2442
"""Å, Fd-3m LiMn2O4, neutron diffraction."""
OXYGEN_U = 0.2626
"""Oxygen parameter u of the spinel's 32e site (u, u, u), origin 2."""
LARGEST_CELL = 20_000
"""Atoms; beyond it a request is taken for a slip of the keyboard."""

LI, NI, MN4, MN3, O2 = (
    Species("Li", 1), Species("Ni", 2), Species("Mn", 4), Species("Mn", 3), Species("O", -2),
)  # fmt: skip

ELEMENT_ORDER = {"Li": 0, "Ni": 1, "Mn": 2, "O": 3}


def _lattice(a: float | None, default: float) -> Lattice:
    return Lattice.cubic(default if a is None else valid_lattice_parameter(a))


def _annotate(structure: Structure, roles: Sequence[tuple[str, str, str]]) -> None:
    """Add (role, parent, wyckoff) of every site, then the formal moments."""
    for name, values in zip(("role", "parent", "wyckoff"), zip(*roles, strict=True), strict=True):
        structure.add_site_property(name, list(values))
    set_formal_moments(structure)


def ordered_spinel(a: float | None = None, enantiomorph: bool = False) -> Structure:
    """Ordered LiNi0.5Mn1.5O4, space group P4_332 (212), 56 atoms, or its mirror image.

    Coordinates: the refined P4_332 cell of Li2NiMn3O8 (Ni 4b, Mn 12d, Li 8c, O 8c and 24e). The
    mirror image P4_132 (213) is its inversion; there nickel sits on 4a.

    Args:
        a: cubic lattice parameter in Å; None is the experimental 8.166 Å.
        enantiomorph: build P4_132 instead.
    """
    sign = -1 if enantiomorph else 1
    sites = [
        (LI, (0.003734, 0.003734, 0.003734), ("lithium", "8a", "8c")),
        (NI, (0.625, 0.625, 0.625), ("nickel", "16d", "4a" if enantiomorph else "4b")),
        (MN4, (0.12118, 0.12882, 0.625), ("manganese", "16d", "12d")),
        (O2, (0.38447, 0.38447, 0.38447), ("oxygen", "32e", "8c")),
        (O2, (0.101299, 0.123886, 0.392103), ("oxygen", "32e", "24e")),
    ]
    counts = (8, 4, 12, 8, 24)
    structure = Structure.from_spacegroup(
        "P4_132" if enantiomorph else "P4_332",
        _lattice(a, LATTICE_ORDERED),
        [species for species, _, _ in sites],
        [sign * np.array(xyz) for _, xyz, _ in sites],
    )
    _annotate(
        structure,
        [label for (_, _, label), n in zip(sites, counts, strict=True) for _ in range(n)],
    )
    return structure


@cache
def _fd3m_coords() -> NDArray[np.float64]:
    """Fractional coordinates of 8a, 16d and 32e of Fd-3m, origin 2, shape (56, 3)."""
    sites = [(0.125, 0.125, 0.125), (0.5, 0.5, 0.5), (OXYGEN_U, OXYGEN_U, OXYGEN_U)]
    coords: NDArray[np.float64] = Structure.from_spacegroup(
        "Fd-3m:2", Lattice.cubic(1.0), [LI, MN4, O2], sites
    ).frac_coords
    return coords


def _fd3m(lattice: Lattice, metal: Species | dict[Species, float]) -> Structure:
    """Fd-3m spinel with ``metal`` on 16d."""
    structure = Structure(lattice, [LI] * 8 + [metal] * 16 + [O2] * 32, _fd3m_coords())
    role = "transition metal" if isinstance(metal, dict) else "manganese"
    _annotate(
        structure,
        [("lithium", "8a", "8a")] * 8
        + [(role, "16d", "16d")] * 16
        + [("oxygen", "32e", "32e")] * 32,
    )
    return structure


def average_spinel(a: float | None = None) -> Structure:
    """Disordered LiNi0.5Mn1.5O4 as diffraction sees it: Fd-3m with Ni0.25Mn0.75 on every 16d.

    Args:
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.
    """
    return _fd3m(_lattice(a, LATTICE_DISORDERED), {NI: 0.25, MN4: 0.75})


def lithium_manganate(a: float | None = None) -> Structure:
    """LiMn2O4, Fd-3m, 56 atoms, every manganese Mn3.5+ with 3.5 μB.

    Args:
        a: cubic lattice parameter in Å; None is the measured 8.2442 Å.
    """
    return _fd3m(_lattice(a, LATTICE_LIMN2O4), Species("Mn", 3.5))


def disordered_spinel(
    supercell: Sequence[int] = (1, 1, 1),
    method: Method = "random",
    order: float = 0.0,
    nickel: float = 0.5,
    seed: int = 0,
    *,
    a: float | None = None,
) -> Structure:
    """One disordered LiNixMn2-xO4 cell: nickel and manganese on 16d, at random or quasi-random.

    A quasi-random cell (Zunger, Wei, Ferreira and Bernard, PRL 65, 353, 1990) has the pair
    correlations of an infinite random crystal for first, second and both kinds of third
    neighbours, and that of the triangle of nearest neighbours, as closely as whole atoms allow.
    :func:`disorder_figures` tells how closely; a cell too small for it is logged.

    With long-range order S nickel favours the 4b sites of P4_332, and is random, or
    quasi-random, on these and on the others: S = (f − x/2)/(1 − x/2), with f the nickel fraction
    of 4b, and no larger one for any of the eight variants of P4_332.

    Below x = 0.5 the charge is balanced by 1 − 2x Mn3+ per formula unit, drawn at random too.

    Args:
        supercell: repeats of the 56-atom cubic cell along its three axes.
        method: how 16d is decorated; ``"random"`` draws without replacement, ``"sqs"`` makes a
            special quasi-random cell.
        order: long-range order parameter S, 0 to 1; the nearest that the cell can hold is taken,
            and logged where it differs by more than 0.01. At 0 ``"random"`` leaves S to chance.
        nickel: x, nickel per formula unit, 0 to 0.5.
        seed: of the random generator; the same seed gives the same structure.
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.

    Raises:
        RequestError: where the cell cannot hold x in whole atoms (the nearest x that it can hold
            is named), the charge cannot be balanced, or S is not of 0 to 1 or so small that
            chance exceeds it.
    """
    repeats = valid_supercell(supercell)
    cells = int(np.prod(repeats))
    n_nickel = whole_nickel(nickel, cells)
    n_metals = 16 * cells
    n_mn3 = manganese_3_count(8 * cells, n_nickel, n_metals - n_nickel, 32 * cells)
    ions = [NI] * n_nickel + [MN3] * n_mn3 + [MN4] * (n_metals - n_nickel - n_mn3)
    rng = generator(seed)
    drawn = arrange_nickel(repeats.tolist(), n_nickel, method, order, rng)
    metals = dict(zip(drawn.tolist(), ions, strict=True))
    return decorated_spinel(repeats, [metals[i] for i in range(n_metals)], a)


def decorated_spinel(
    repeats: Sequence[int] | NDArray[np.int_], metals: Sequence[Species], a: float | None = None
) -> Structure:
    """A spinel at the ideal positions of Fd-3m with a given ion on each 16d site.

    Args:
        repeats: of the 56-atom cubic cell along its three axes.
        metals: ions of the 16d sites: all cells' copies of the first of the 16 sites, then those
            of the second, and so on.
        a: cubic lattice parameter in Å; None is the experimental 8.1726 Å.
    """
    structure = _fd3m(_lattice(a, LATTICE_DISORDERED), MN4)
    structure.make_supercell(np.diag(repeats), to_unit_cell=True)
    sites = [site for site in structure if site.properties["parent"] == "16d"]
    for site, ion in zip(sites, metals, strict=True):
        site.species = ion
        site.properties["role"] = "nickel" if ion.symbol == "Ni" else "manganese"
    set_formal_moments(structure)
    structure.add_site_property("wyckoff", list(space_group(structure).wyckoffs))
    return structure.get_sorted_structure(key=lambda site: ELEMENT_ORDER[site.specie.symbol])


def valid_lattice_parameter(a: float) -> float:
    """The cubic lattice parameter in Å.

    Raises:
        RequestError: for what is far from that of a spinel.
    """
    if not 4 < a < 20:
        raise RequestError(f"the cubic lattice parameter is about 8.2 Å; {a:g} Å is no spinel")
    return a


def valid_supercell(supercell: Sequence[int]) -> NDArray[np.int_]:
    """Repeats of the 56-atom cell along its axes, shape (3,).

    Raises:
        RequestError: for what is no three positive integers, or too large a cell.
    """
    repeats = whole_repeats(supercell)
    cells = int(np.prod(repeats))
    if 56 * cells > LARGEST_CELL:
        raise RequestError(
            f"a {'×'.join(map(str, supercell))} cell has {56 * cells:,} atoms; "
            f"at most {LARGEST_CELL:,} are built"
        )
    return repeats


def whole_repeats(supercell: Sequence[int]) -> NDArray[np.int_]:
    """Repeats along three axes, shape (3,).

    Raises:
        RequestError: for what is no three positive integers.
    """
    repeats = np.array(supercell)
    if repeats.shape != (3,) or repeats.dtype.kind not in "iu" or (repeats < 1).any():
        raise RequestError(f"a supercell is three positive integers such as 2 2 2, not {supercell}")
    return repeats


def whole_nickel(nickel: float, cells: int) -> int:
    """Nickel atoms that LiNixMn2-xO4 needs on the 16d sites of so many cubic cells.

    Raises:
        RequestError: outside 0 ≤ x ≤ 0.5, or where x needs a fraction of an atom.
    """
    if not 0 <= nickel <= 0.5:
        raise RequestError(
            f"x = {nickel:g} nickel per formula unit cannot be charge-balanced with Ni2+: "
            "ask for 0 to 0.5"
        )
    count = 8 * cells * nickel
    if abs(count - round(count)) > 1e-6:
        nearest = round(count) / (8 * cells)
        raise RequestError(
            f"x = {nickel:g} needs {count:g} nickel atoms in this cell: the nearest whole number "
            f"is {round(count)}, x = {nearest:g}; or take a larger cell"
        )
    return round(count)
