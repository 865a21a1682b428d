"""Symmetry-distinct hops of a mobile ion: site – empty octahedron – site."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import DummySpecies, Structure
from scipy.spatial import cKDTree

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.octahedra import empty_octahedra
from lnmo_atoms.builders.symmetry import space_group, symmetry_operations

SITE_TO_OCTAHEDRON = 2.4
"""Å, a mobile ion this close to an empty octahedron can enter it (8a–16c is 1.77)."""
RING = 3.3
"""Å, cations this close to an octahedron's centre form the ring around it (16c–16d is 2.89)."""

Cell = tuple[int, int, int]
End = tuple[int, Cell]
"""A site and the cell it lies in."""


@dataclass(frozen=True)
class Hop:
    """One hop, standing for all that symmetry makes equal to it.

    Attributes:
        start: index of the mobile ion's site in the bulk.
        end: index of the vacant site it hops to.
        end_image: lattice translation of the end, shape (3,): winding is kept.
        octahedron: fractional coordinates of the empty octahedron's centre, in the image that
            lies between start and end.
        label: Wyckoff sites passed, such as ``"8c–12d–8c"``.
        ring: the six cations around the octahedron, such as ``("Mn4+", …, "Ni2+")``, in cyclic
            order.
        multiplicity: equivalent undirected hops in the given cell.
        length: Å, start to octahedron to end.
    """

    start: int
    end: int
    end_image: NDArray[np.int_]
    octahedron: NDArray[np.float64]
    label: str
    ring: tuple[str, ...]
    multiplicity: int
    length: float

    @property
    def name(self) -> str:
        """Plain-ASCII name for files, such as ``"8c-12d-8c"``."""
        return self.label.replace("–", "-")

    @property
    def ring_formula(self) -> str:
        """Composition of the ring, such as ``"1 Ni2+ + 5 Mn4+"``."""
        kinds = sorted(set(self.ring), key=lambda kind: (self.ring.count(kind), kind))
        return " + ".join(f"{self.ring.count(kind)} {kind}" for kind in kinds)


def find_hops(bulk: Structure, mobile: str = "Li") -> list[Hop]:
    """Every symmetry-distinct hop of the mobile ion through an empty octahedron.

    Multiplicities count undirected hops in the given cell: 16 in all for 56 atoms of spinel.

    Args:
        bulk: a crystal with whole atoms in any cell, its mobile sites filled.
        mobile: element that hops.

    Raises:
        RequestError: where there is no such element or no hop.
    """
    require_bulk(bulk)
    ions = [i for i, site in enumerate(bulk) if site.specie.symbol == mobile]
    if not ions:
        raise RequestError(f"there is no {mobile} in {bulk.composition.reduced_formula}")
    octahedra = empty_octahedra(bulk)
    pairs = _pairs(bulk, ions, octahedra)
    if not pairs:
        raise RequestError(
            f"no two {mobile} sites share an empty octahedron within {SITE_TO_OCTAHEDRON} Å: "
            "there is no hop to find"
        )
    labels = _labels(bulk, octahedra)
    hops = []
    for orbit in _orbits(bulk, ions, octahedra, pairs):
        octahedron, start, end = min(orbit)
        hops.append(_hop(bulk, octahedra, labels, (octahedron, start, end), len(orbit)))
    return sorted(hops, key=lambda hop: (hop.multiplicity, hop.label, hop.start, hop.end))


Pair = tuple[int, End, End]
"""An octahedron in the home cell and the two ends that share it, in ascending order."""


def _pairs(bulk: Structure, ions: list[int], octahedra: NDArray[np.float64]) -> list[Pair]:
    """Every pair of mobile ions around each octahedron."""
    homes = bulk.frac_coords[ions]
    cells = _near_cells(bulk)
    points = (homes[:, None] + cells[None]).reshape(-1, 3) @ bulk.lattice.matrix
    tree = cKDTree(points)
    found = []
    for o, centre in enumerate(octahedra @ bulk.lattice.matrix):
        near = tree.query_ball_point(centre, SITE_TO_OCTAHEDRON)
        ends = sorted((ions[n // len(cells)], _as_cell(cells[n % len(cells)])) for n in near)
        found += [(o, a, b) for a, b in itertools.combinations(ends, 2)]
    return found


def _near_cells(bulk: Structure) -> NDArray[np.int_]:
    """Translations to the 27 or more cells that may hold neighbours of the home cell."""
    per_length = np.array(bulk.lattice.reciprocal_lattice_crystallographic.abc)
    reach = np.ceil(SITE_TO_OCTAHEDRON * per_length).astype(int)
    wrap = np.array(
        [np.floor(bulk.frac_coords).min(axis=0), np.floor(bulk.frac_coords).max(axis=0)]
    )
    low, high = -reach - wrap[1].astype(int), reach - wrap[0].astype(int)
    return np.array(
        list(itertools.product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))))
    )


def _as_cell(values: NDArray[np.int_] | NDArray[np.float64]) -> Cell:
    """Three integers."""
    x, y, z = (round(float(v)) for v in values)
    return x, y, z


def _orbits(
    bulk: Structure, ions: list[int], octahedra: NDArray[np.float64], pairs: list[Pair]
) -> list[set[Pair]]:
    """Group the hops into sets that the space group's operations map onto each other."""
    operations = symmetry_operations(bulk)
    sites, centres = bulk.frac_coords[ions], octahedra
    index = {ion: k for k, ion in enumerate(ions)}
    images: dict[Pair, set[Pair]] = {pair: {pair} for pair in pairs}
    for rotation, translation in zip(operations.rotations, operations.translations, strict=True):
        to_site, site_cell = _match(sites @ rotation.T + translation, sites, bulk)
        to_centre, centre_cell = _match(centres @ rotation.T + translation, centres, bulk)
        for o, a, b in pairs:
            ends = []
            for site, cell in (a, b):
                k = index[site]
                moved = rotation @ np.array(cell) + site_cell[k] - centre_cell[o]
                ends.append((ions[to_site[k]], _as_cell(moved)))
            images[o, a, b].add((int(to_centre[o]), min(ends), max(ends)))
    seen: set[Pair] = set()
    orbits = []
    for pair in pairs:
        if pair not in seen:
            orbits.append(images[pair])
            seen |= images[pair]
    return orbits


def _match(
    points: NDArray[np.float64], targets: NDArray[np.float64], bulk: Structure
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """The target nearest to each point under periodic boundaries, and the cell of that image."""
    delta = points[:, None] - targets[None]
    cells = np.round(delta)
    nearest = np.linalg.norm((delta - cells) @ bulk.lattice.matrix, axis=-1).argmin(axis=1)
    return nearest, cells[np.arange(len(points)), nearest].astype(int)


OTHER_ORIGIN = {
    212: ("4a", str.maketrans("ab", "ba")),
    213: ("4b", str.maketrans("ab", "ba")),
    227: ("16c", str.maketrans("abcd", "badc")),
}
"""Groups that can be described from two origins, half a cell apart, that swap letters: what the
spinel's empty octahedra are called by convention, and the swap."""


def _labels(bulk: Structure, octahedra: NDArray[np.float64]) -> tuple[list[str], list[str]]:
    """Wyckoff sites of the atoms and of the octahedra; those of the parent for a P1 cell."""
    parents = bulk.site_properties.get("parent")
    full = Structure(
        bulk.lattice,
        [*bulk.species, *[DummySpecies("X")] * len(octahedra)],
        [*bulk.frac_coords, *octahedra],
        site_properties={"magmom": [*_moments(bulk), *[0.0] * len(octahedra)]},
    )
    group = space_group(full)
    if group.number == 1 and parents is not None:
        return [str(p) for p in parents], ["16c"] * len(octahedra)
    letters = list(group.wyckoffs)
    usual, swap = OTHER_ORIGIN.get(group.number, (None, {}))
    if usual is not None and usual not in letters[len(bulk) :]:
        letters = [letter.translate(swap) for letter in letters]
    return letters[: len(bulk)], letters[len(bulk) :]


def _moments(bulk: Structure) -> list[float]:
    values = bulk.site_properties.get("magmom", [0.0] * len(bulk))
    return [float(v or 0.0) for v in values]


def _hop(
    bulk: Structure,
    octahedra: NDArray[np.float64],
    labels: tuple[list[str], list[str]],
    pair: Pair,
    multiplicity: int,
) -> Hop:
    """Describe the hop with its start in the home cell."""
    o, (start, start_cell), (end, end_cell) = pair
    centre = octahedra[o] - np.array(start_cell)
    image = np.array(end_cell) - np.array(start_cell)
    a, b = bulk.frac_coords[start], bulk.frac_coords[end] + image
    legs = np.linalg.norm(np.array([centre - a, b - centre]) @ bulk.lattice.matrix, axis=1)
    return Hop(
        start=start,
        end=end,
        end_image=image,
        octahedron=centre,
        label=f"{labels[0][start]}–{labels[1][o]}–{labels[0][end]}",
        ring=_ring(bulk, centre, (b - a) @ bulk.lattice.matrix),
        multiplicity=multiplicity,
        length=float(legs.sum()),
    )


def _ring(
    bulk: Structure, centre: NDArray[np.float64], axis: NDArray[np.float64]
) -> tuple[str, ...]:
    """Immobile cations around the octahedron, in cyclic order about the hop's axis."""
    near = [
        site
        for site in bulk.get_sites_in_sphere(bulk.lattice.get_cartesian_coords(centre), RING)
        if site.specie.symbol not in ("Li", "O")
    ]
    arms = np.array([site.coords for site in near]) - bulk.lattice.get_cartesian_coords(centre)
    if not len(arms):
        return ()
    axis = axis / np.linalg.norm(axis)
    x = arms[0] - (arms[0] @ axis) * axis
    x /= np.linalg.norm(x)
    angles = np.arctan2(arms @ np.cross(axis, x), arms @ x) % (2 * np.pi - 1e-6)
    return tuple(near[i].species_string for i in np.argsort(angles))
