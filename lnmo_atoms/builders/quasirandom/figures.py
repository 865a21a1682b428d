"""How disordered a structure is: its order parameter, and its short-range order beside the target.

For any LNMO crystal near its ideal positions, wherever it comes from.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.clusters import cluster_orbits
from lnmo_atoms.builders.metals import metal_spins
from lnmo_atoms.builders.quasirandom.long_range import order_of, variants
from lnmo_atoms.builders.quasirandom.short_range import correlations, target_correlations


@dataclass(frozen=True)
class OrbitFigure:
    """Short-range order of one orbit of clusters.

    Attributes:
        name: such as ``"pair 3a"``, see :class:`~lnmo_atoms.builders.clusters.ClusterOrbit`.
        radius: Å, longest edge.
        clusters: how many the cell holds.
        correlation: mean product of +1 for nickel and −1 for manganese.
        target: that of random mixing at the structure's long-range order.
    """

    name: str
    radius: float
    clusters: int
    correlation: float
    target: float

    @property
    def deviation(self) -> float:
        """Correlation less its target."""
        return self.correlation - self.target


@dataclass(frozen=True)
class DisorderFigures:
    """Long-range and short-range order of nickel and manganese.

    Attributes:
        supercell: repeats of the cubic cell.
        nickel: x of LiNixMn2-xO4.
        variants: order parameter S of each of the eight variants of the ordered crystal.
        orbits: first to third neighbours, the third being two orbits, and the triangle of nearest
            neighbours.
    """

    supercell: tuple[int, int, int]
    nickel: float
    variants: tuple[float, ...]
    orbits: tuple[OrbitFigure, ...]

    @property
    def order(self) -> float:
        """Order parameter S, the largest of the eight variants."""
        return max(self.variants)

    @property
    def worst(self) -> OrbitFigure:
        """The orbit furthest from its target."""
        return max(self.orbits, key=lambda orbit: abs(orbit.deviation))

    def rows(self) -> list[dict[str, str | int | float]]:
        """One row per orbit, column names with units."""
        return [
            {
                "orbit": orbit.name,
                "radius_A": orbit.radius,
                "clusters": orbit.clusters,
                "correlation": orbit.correlation,
                "target": orbit.target,
                "deviation": orbit.deviation,
            }
            for orbit in self.orbits
        ]

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "supercell": list(self.supercell),
            "nickel_per_formula_unit": self.nickel,
            "order_parameter": self.order,
            "order_parameter_of_variants": list(self.variants),
            "largest_deviation": abs(self.worst.deviation),
            "orbits": self.rows(),
        }


def disorder_figures(structure: Structure) -> DisorderFigures:
    """Order parameter and correlations of a structure, each beside that of random mixing.

    Random mixing is meant at the composition of the structure and its own order parameter: for
    the variant that holds most nickel, at random within its 4b and within its 12d.

    Args:
        structure: LNMO near its ideal positions, cell along the cubic axes; from a file too.

    Raises:
        RequestError: where the cell does not run along the cubic axes, or nickel and manganese do
            not fill its 16d sites.
    """
    supercell, spins = metal_spins(structure)
    on_4b = (variants(supercell) & (spins > 0)).sum(axis=1)
    nickel, metals = int((spins > 0).sum()), len(spins)
    orbits = cluster_orbits(supercell)
    a = np.cbrt(structure.volume * 16 / metals)
    return DisorderFigures(
        supercell,
        2 * nickel / metals,
        tuple(order_of(on_4b, nickel, metals).tolist()),
        tuple(
            OrbitFigure(o.name, float(o.radius * a), len(o.members), float(found), float(target))
            for o, found, target in zip(
                orbits,
                correlations(spins, orbits),
                target_correlations(int(on_4b.max()), nickel, metals),
                strict=True,
            )
        ),
    )


def order_parameter(structure: Structure) -> float:
    """Order parameter S of LNMO: 0 for full disorder, 1 for P4_332 or its mirror image.

    S = (f − x)/(1 − x), with x the nickel fraction of 16d and f that of 4b, of the eight variants
    of the ordered crystal the one where it is largest.

    Args:
        structure: LNMO near its ideal positions, cell along the cubic axes; from a file too.

    Raises:
        RequestError: as :func:`disorder_figures`.
    """
    return disorder_figures(structure).order
