"""Energy of an arrangement of nickel and manganese as a sum over pairs and triangles.

E = E₀ + Σ_α J_α Σ_{clusters of α} Π σ, with σ = +1 (Ni) and −1 (Mn) on 16d: a cluster expansion
(Sanchez, Ducastelle and Gratias, Physica A 128, 334, 1984) cut off after a few orbits. At one
composition Σσ is fixed, so that single sites add to E₀ alone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.analyzers.order_disorder.composition import (
    Supercell,
    formula_units,
    quarter_nickel_spins,
)
from lnmo_atoms.builders.clusters import ClusterOrbit, cluster_orbits
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json

FORMAT = "lnmo_atoms lattice model"
SCHEMA = 1
MOST_PAIRS, MOST_TRIANGLES = 20, 20
"""Orbits among which names are looked up."""


@dataclass(frozen=True)
class LatticeModel:
    """Interactions of nickel and manganese on 16d of LiNi0.5Mn1.5O4.

    Attributes:
        constant: E₀ in eV per LiNi0.5Mn1.5O4.
        interactions: eV per cluster, by the names of :func:`~lnmo_atoms.builders.clusters.\
cluster_orbits`, such as ``{"pair 1": 0.02, "triangle 1": -0.003}``. A positive pair drives nickel
            and manganese to be neighbours.
        source: whose energies these are and how far they can be trusted.
    """

    constant: float
    interactions: Mapping[str, float]
    source: str = ""

    def __post_init__(self) -> None:
        """Every name is that of an orbit, every energy a number."""
        if not all(map(isfinite, (self.constant, *self.interactions.values()))):
            raise RequestError("the energies of a lattice model must be finite numbers in eV")
        self.orbits((1, 1, 1))

    def orbits(self, supercell: Supercell) -> list[ClusterOrbit]:
        """The orbits that interact, with all their clusters in a supercell.

        Raises:
            RequestError: for a name that no orbit has.
        """
        pairs, triangles = (
            [orbit.name for orbit in cluster_orbits((1, 1, 1), *numbers)]
            for numbers in ((MOST_PAIRS, 0), (0, MOST_TRIANGLES))
        )
        if unknown := [name for name in self.interactions if name not in pairs + triangles]:
            raise RequestError(
                f"there is no orbit {unknown[0]!r}: the shortest are {', '.join(pairs[:5])} and "
                f"{', '.join(triangles[:3])}"
            )
        numbers = (_last(pairs, self.interactions), _last(triangles, self.interactions))
        orbits = cluster_orbits(supercell, *numbers)
        return [orbit for orbit in orbits if orbit.name in self.interactions]

    def energy(self, structure: Structure) -> float:
        """Energy in eV per LiNi0.5Mn1.5O4 of a structure whose cell is whole cubic cells.

        Raises:
            RequestError: where nickel and manganese are not on 16d, or not in the ratio 1 : 3.
        """
        return self.energy_of_spins(*quarter_nickel_spins(structure))

    def energy_of_spins(self, supercell: Supercell, spins: NDArray[np.int8]) -> float:
        """Energy in eV per LiNi0.5Mn1.5O4 of spins numbered as in ``metal_sites``."""
        orbits = self.orbits(supercell)
        sums = cluster_sums(supercell, spins, orbits)
        return self.constant + sum(
            self.interactions[orbit.name] * float(value)
            for orbit, value in zip(orbits, sums, strict=True)
        )

    def save(self, path: str | Path) -> None:
        """Write JSON, whole or not at all.

        Raises:
            RequestError: where the file cannot be written.
        """
        document = {
            "format": FORMAT,
            "schema": SCHEMA,
            "constant_eV_per_formula_unit": self.constant,
            "interactions_eV_per_cluster": dict(self.interactions),
            "source": self.source,
        }
        write_json(Path(path), document)


def load_lattice_model(path: str | Path) -> LatticeModel:
    """Read what :meth:`LatticeModel.save` wrote, or what a user has written in that form.

    Raises:
        RequestError: where the file is missing, damaged, or something else.
    """
    document = _document(Path(path))
    try:
        return LatticeModel(
            float(document["constant_eV_per_formula_unit"]),
            {
                str(name): float(energy)
                for name, energy in document["interactions_eV_per_cluster"].items()
            },
            str(document.get("source", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RequestError(f"{path} is damaged: {error}") from error


def cluster_sums(
    supercell: Supercell, spins: NDArray[np.int8], orbits: Iterable[ClusterOrbit]
) -> NDArray[np.float64]:
    """Σ Π σ over the clusters of each orbit, per LiNi0.5Mn1.5O4, shape (orbits,)."""
    products = [int(spins[orbit.members].prod(axis=1, dtype=int).sum()) for orbit in orbits]
    return np.array(products, dtype=float) / formula_units(supercell)


def _last(names: Sequence[str], wanted: Mapping[str, float]) -> int:
    """How many of the names run up to the last one wanted."""
    return max((number for number, name in enumerate(names, start=1) if name in wanted), default=0)


def _document(path: Path) -> dict[str, Any]:
    """The file's object.

    Raises:
        RequestError: where it cannot be read or is something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise RequestError(f"{path} is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RequestError(f"{path} is not a file of a lattice model")
    if document.get("schema") != SCHEMA:
        raise RequestError(
            f"{path} has schema {document.get('schema')}, this lnmo_atoms reads {SCHEMA}"
        )
    return document
