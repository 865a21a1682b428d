"""Results made by hand: what analyzers, records and plots are tested with, no engine needed."""

from dataclasses import replace
from functools import cache

import numpy as np
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.coordination import coordination_numbers
from lnmo_atoms.builders.hops import find_hops
from lnmo_atoms.builders.slabs import Certificate, Flip, Slab
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.results import HopResult, Segment, SurfaceResult

ENGINE = "toy 1.0"

SUPERCELLS = {
    (1, 1, 1): ((1, -1, 0), (0, 1, -1), (1, 1, 1)),
    (1, 0, 0): ((0, 1, 0), (0, 0, 1), (2, 0, 0)),
    (1, 1, 0): ((0, 0, 1), (1, -1, 0), (1, 1, 0)),
}


def cubic(a=3.35):
    """The simplest cubic crystal: polonium."""
    return Structure(Lattice.cubic(a), ["Po"], [[0, 0, 0]])


def cut(bulk, facet, vacuum=15.0):
    """A slab of a cubic crystal, cut by hand, vacuum along c, centred; bulk_site set."""
    slab = bulk.copy(site_properties=None)
    slab.add_site_property("bulk_site", list(range(len(bulk))))
    for name, values in bulk.site_properties.items():
        slab.add_site_property(name, list(values))
    slab.make_supercell(SUPERCELLS[facet], to_unit_cell=True)
    a, b, c = slab.lattice.matrix
    length = np.linalg.norm(c)
    heights = slab.cart_coords @ c / length
    coords = slab.cart_coords + ((vacuum + length - heights.min() - heights.max()) / 2) * c / length
    return Structure(
        Lattice([a, b, c * (1 + vacuum / length)]),
        slab.species_and_occu,
        coords,
        coords_are_cartesian=True,
        site_properties=slab.site_properties,
    )


def certificate(structure, **changes):
    a, b, c = structure.lattice.matrix
    heights = structure.cart_coords @ c / np.linalg.norm(c)
    values = {
        "flip": Flip("two-fold axis [110]", -np.eye(3, dtype=int), np.zeros(3), 1.5e-7),
        "formula": "Li2Mn3NiO8",
        "formula_units": 12,
        "excess": {},
        "total_charge": 0.0,
        "dipole": 0.0,
        "area": float(np.linalg.norm(np.cross(a, b))),
        "thickness_asked": 12.0,
        "thickness": float(np.ptp(heights)),
        "vacuum": 15.0,
        "tilt": 0.0,
        "layers": 9,
        "atoms": len(structure),
        "atoms_per_area": {"Li": 9.5, "Mn": 14.25},
        "exposed": {"Li": 2.0, "Mn": 0.0, "O": 1 / 3},
        "coordination_lost": {"Li": (1, 2, 2), "Mn": ()},
        "changed": "",
    }
    return Certificate(**(values | changes))


def slab(facet=(1, 1, 1), termination="a", bulk=None, **changes):
    bulk = ordered_spinel() if bulk is None else bulk
    structure = cut(bulk, facet)
    counts = tuple(int(n) for n in coordination_numbers(bulk))
    return Slab(structure, facet, termination, certificate(structure, **changes), counts)


def plain_slab(facet, termination="a", bulk=None, **changes):
    """A slab whose geometry does not matter."""
    bulk = cubic() if bulk is None else bulk
    structure = bulk.copy()
    structure.add_site_property("bulk_site", list(range(len(bulk))))
    return Slab(structure, facet, termination, certificate(structure, **changes), (0,) * len(bulk))


def surface(facet, gamma, termination="a", bulk=None, of=None, **changes):
    """γ of one termination; ``of`` is its slab, or one whose geometry does not matter."""
    bulk = cubic() if bulk is None else bulk
    values = {
        "slab": of or plain_slab(facet, termination, bulk),
        "bulk": bulk,
        "engine": ENGINE,
        "energy_unrelaxed": -99.5,
        "energy": None if gamma is None else -100.25,
        "bulk_energy": -50.125,
        "gamma_unrelaxed": 1.0 if gamma is None else gamma + 0.35,
        "gamma": gamma,
        "converged": None if gamma is None else True,
        "relaxed": None,
    }
    return SurfaceResult(**(values | changes))


def lnmo_surfaces():
    """Three facets with two or three terminations each, one of them not converged."""
    bulk = ordered_spinel(8.312)
    plan = [
        ((1, 1, 1), "a", 0.62, 1.13, True),
        ((1, 1, 1), "b", 0.81, 1.32, True),
        ((1, 1, 1), "a-exchanged", 0.55, 1.24, True),
        ((1, 0, 0), "a", 0.71, 1.21, True),
        ((1, 0, 0), "b", 0.93, 1.67, False),
        ((1, 1, 0), "a", 1.02, 1.74, True),
        ((1, 1, 0), "b", None, 1.93, None),
    ]
    return [
        surface(
            facet,
            gamma,
            bulk=bulk,
            of=slab(facet, termination, bulk),
            gamma_unrelaxed=unrelaxed,
            converged=converged,
        )
        for facet, termination, gamma, unrelaxed, converged in plan
    ]


@cache
def ordered_hop(multiplicity):
    """One of the two hops of ordered LNMO, told apart by how many the cell has."""
    (hop,) = (h for h in find_hops(ordered_spinel()) if h.multiplicity == multiplicity)
    return hop


def hop_result(through="12d", barrier=0.215, at_octahedron=0.20, skew=0.0, **changes):
    """A band of seven images over a smooth barrier."""
    x = np.linspace(0, 1, 7)
    energies = barrier * np.sin(np.pi * x) ** 2 + skew * x
    energies[3] = at_octahedron
    ring = ("Ni2+", *["Mn4+"] * 5) if through == "12d" else ("Ni2+", "Mn4+") * 3
    hop = replace(ordered_hop(12 if through == "12d" else 4), label=f"8c–{through}–8c", ring=ring)
    values = {
        "hop": hop,
        "engine": ENGINE,
        "mode": "one vacancy",
        "method": "band",
        "energy": -410.0,
        "barrier": float(energies.max()),
        "barrier_reverse": float(energies.max() - energies[-1]),
        "octahedron": "saddle",
        "octahedron_energy": at_octahedron,
        "segments": (Segment(3, 0, 6, float(energies[3]), float(energies[3] - energies[-1])),),
        "curvatures": np.array([-1.4, 0.6]),
        "path": 3.6 * x,
        "energies": energies,
        "images": tuple(cubic(3.3 + 0.01 * i) for i in range(7)),
        "moments": None,
        "converged": True,
        "path_calls": 30,
        "proof_calls": 12,
    }
    return HopResult(**(values | changes))


def midpoint_result(through="12d", barrier=0.216, **changes):
    """A hop whose ends are equivalent: end, saddle, end."""
    return replace(
        hop_result(through),
        method="symmetric midpoint",
        barrier=barrier,
        barrier_reverse=barrier,
        octahedron_energy=barrier,
        segments=(Segment(1, 0, 2, barrier, barrier),),
        path=np.array([0.0, 1.8, 3.6]),
        energies=np.array([0.0, barrier, 0.0]),
        images=tuple(cubic(3.3 + 0.01 * i) for i in range(3)),
        path_calls=18,
        **changes,
    )


def intermediate_result(end=0.0, second=0.19, octahedron=0.08, **changes):
    """A hop that rests in the octahedron, between two saddles."""
    energies = np.array([0.0, 0.07, 0.189, 0.12, octahedron, 0.11, second, end + 0.05, end])
    return replace(
        hop_result("16c"),
        barrier=float(energies.max()),
        barrier_reverse=float(energies.max() - end),
        octahedron="intermediate",
        octahedron_energy=octahedron,
        segments=(
            Segment(2, 0, 4, 0.189, 0.189 - octahedron),
            Segment(6, 4, 8, second - octahedron, second - end),
        ),
        path=np.linspace(0, 3.6, 9),
        energies=energies,
        images=tuple(cubic(3.3 + 0.01 * i) for i in range(9)),
        **changes,
    )


def disordered_results(count=32, seed=1):
    """Hops of a random crystal: rings by chance, higher barriers the more nickel they hold."""
    random, crystal = np.random.default_rng(seed), ordered_spinel(8.312)
    return [_disordered_result(random, crystal, i) for i in range(count)]


def _disordered_result(random, crystal, index):
    nickel = int(random.binomial(6, 0.25))
    first, last = random.normal(0, 0.03, 2)
    saddle = 0.17 + 0.03 * nickel + random.normal(0, 0.02)
    path = np.linspace(0, 1, 7)
    energies = (saddle - first) * np.sin(np.pi * path) ** 2 + (last - first) * path**2 * (
        3 - 2 * path
    )
    template = hop_result()
    ring = tuple(random.permutation(["Ni2+"] * nickel + ["Mn4+"] * (6 - nickel)).tolist())
    hop = replace(template.hop, start=index, label="8a–16c–8a", ring=ring, multiplicity=1)
    return replace(
        template,
        hop=hop,
        barrier=float(energies.max()),
        barrier_reverse=float(energies.max() - energies[-1]),
        octahedron_energy=float(energies[3]),
        segments=(Segment(3, 0, 6, float(energies[3]), float(energies[3] - energies[-1])),),
        path=path * float(random.normal(3.6, 0.03)),
        energies=energies,
        images=(crystal,) * 7,
        converged=index % 11 != 10,
    )
