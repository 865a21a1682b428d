"""Interactions from energies of orderings, as many as cross-validation supports."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymatgen.core import Structure

from lnmo_atoms.analyzers.order_disorder.composition import quarter_nickel_spins
from lnmo_atoms.analyzers.order_disorder.lattice_model import LatticeModel, cluster_sums
from lnmo_atoms.analyzers.order_disorder.ridge import RidgeProblem, root_mean_square
from lnmo_atoms.builders.clusters import ClusterOrbit, cluster_orbits
from lnmo_atoms.builders.errors import RequestError

FEWEST = 4
"""Orderings, below which nothing can be left out and predicted."""
PARSIMONY = 0.05
"""Share by which the error of the best model may be surpassed by one with fewer interactions."""
RESOLUTION = 1e-6
"""eV per formula unit, errors below which are no errors."""


@dataclass(frozen=True)
class LatticeFit:
    """A lattice model with what it was fitted to. Energies in eV per LiNi0.5Mn1.5O4.

    Attributes:
        model: the one whose cross-validation error is the least.
        energies: fitted to, shape (n,).
        fitted: the model's, shape (n,).
        predicted: each by a model fitted to all others, shape (n,).
        weights: shares of the orderings in the squared error, adding up to one, shape (n,).
        ridge: weight of ΣJ² as a share of the largest squared singular value; 0 is plain
            least squares.
        rank: independent interactions among those of the model that these orderings determine.
        condition: largest over smallest singular value that is not zero.
        undetermined: interactions that these orderings leave open, wholly or in part; those that
            they do not tell apart have got equal shares.
        candidates: cross-validation error of each number of pair and triangle orbits tried.
    """

    model: LatticeModel
    energies: NDArray[np.float64]
    fitted: NDArray[np.float64]
    predicted: NDArray[np.float64]
    weights: NDArray[np.float64]
    ridge: float
    rank: int
    condition: float
    undetermined: tuple[str, ...]
    candidates: dict[tuple[int, int], float]

    @property
    def error(self) -> float:
        """Root mean square error of the fitted energies."""
        return root_mean_square(self.fitted - self.energies, self.weights)

    @property
    def cross_validation(self) -> float:
        """Root mean square error of the predicted energies, each ordering left out once."""
        return root_mean_square(self.predicted - self.energies, self.weights)

    @property
    def spread(self) -> float:
        """Standard deviation of the energies: the error of a model without interactions."""
        mean = float(self.weights @ self.energies)
        return root_mean_square(self.energies - mean, self.weights)


def fit_lattice_model(
    structures: Sequence[Structure],
    energies: ArrayLike,
    degeneracies: ArrayLike | None = None,
    *,
    pairs: int = 5,
    triplets: int = 2,
    engine: str = "",
) -> LatticeFit:
    """Least squares of energies against sums over clusters.

    Every number of pair orbits up to ``pairs`` with every number of triangles up to ``triplets``,
    the shortest first, is tried with a series of ridges. The choice that predicts orderings best
    that are left out of the fit is taken (leave-one-out cross-validation: van de Walle and Ceder,
    J. Phase Equilib. 23, 348, 2002), or a smaller one that is as good within 5 %.

    Args:
        structures: cells of LiNi0.5Mn1.5O4 made of whole cubic cells, as built or relaxed.
        energies: eV per LiNi0.5Mn1.5O4, shape (n,).
        degeneracies: weights of the squared errors, shape (n,); all alike by default, so that
            rare orderings, of low energy often, count as much as common ones.
        pairs: most orbits of pairs.
        triplets: most orbits of triangles.
        engine: whose energies these are; goes into the model's source.

    Raises:
        RequestError: for fewer than four orderings, shapes that do not match, or a structure that
            is no ordering of LiNi0.5Mn1.5O4.
    """
    target = np.asarray(energies, dtype=float)
    shares = np.ones(len(structures)) if degeneracies is None else np.asarray(degeneracies, float)
    if not target.shape == shares.shape == (len(structures),) or len(structures) < FEWEST:
        raise RequestError(
            f"{len(structures)} structures with {target.size} energies cannot be fitted: give one "
            f"energy, and one degeneracy if any, for each of at least {FEWEST} orderings"
        )
    if not (np.isfinite(target).all() and (shares > 0).all()):
        raise RequestError("energies must be finite and degeneracies above zero")
    weights = shares / shares.sum()
    orbits, sums = _cluster_table(structures, pairs, triplets)
    tried = {
        numbers: _Choice(columns, RidgeProblem(sums[:, columns], target, weights))
        for numbers, columns in _choices(orbits, pairs, triplets)
    }
    enough = (1 + PARSIMONY) * min(choice.error for choice in tried.values()) + RESOLUTION
    best = next(
        choice
        for choice in sorted(tried.values(), key=lambda choice: len(choice.columns))
        if choice.error <= enough
    )
    constant, interactions = best.problem.solution(best.ridge)
    names = [orbits[column].name for column in best.columns]
    undetermined = tuple(np.array(names, dtype=str)[best.problem.undetermined].tolist())
    return LatticeFit(
        model=LatticeModel(
            constant,
            dict(zip(names, interactions.tolist(), strict=True)),
            _source(len(target), engine, best.error, undetermined),
        ),
        energies=target,
        fitted=constant + sums[:, best.columns] @ interactions,
        predicted=best.problem.left_out(best.ridge),
        weights=weights,
        ridge=best.ridge,
        rank=best.problem.rank,
        condition=best.problem.condition,
        undetermined=undetermined,
        candidates={numbers: choice.error for numbers, choice in tried.items()},
    )


class _Choice:
    """Some of the orbits, and the least squares of their interactions."""

    def __init__(self, columns: list[int], problem: RidgeProblem) -> None:
        self.columns, self.problem = columns, problem
        self.ridge, self.error = problem.best_ridge


def _choices(
    orbits: Sequence[ClusterOrbit], pairs: int, triplets: int
) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Numbers of pair and triangle orbits, with their columns; fewest interactions first.

    Pairs of one length come together: small cells do not tell them apart.
    """
    lengths = [round(orbit.radius, 6) for orbit in orbits[:pairs]]
    whole = [n for n in range(pairs + 1) if n in {0, pairs} or lengths[n - 1] != lengths[n]]
    for first, second in itertools.product(whole, range(triplets + 1)):
        yield (first, second), [*range(first), *range(pairs, pairs + second)]


def _source(number: int, engine: str, error: float, undetermined: Sequence[str]) -> str:
    """What the model rests on, in words."""
    whose = f" by {engine}" if engine else ""
    text = (
        f"fitted to {number} orderings{whose}, static energies; "
        f"cross-validation error {1000 * error:.1f} meV per LiNi0.5Mn1.5O4"
    )
    if undetermined:
        text += f"; they do not tell {', '.join(undetermined)} apart: add orderings of larger cells"
    return text


def _cluster_table(
    structures: Sequence[Structure], pairs: int, triplets: int
) -> tuple[list[ClusterOrbit], NDArray[np.float64]]:
    """The orbits, and their sums per formula unit in each structure, shape (n, orbits)."""
    orbits = cluster_orbits((1, 1, 1), pairs, triplets)
    rows = []
    for structure in structures:
        supercell, spins = quarter_nickel_spins(structure)
        rows.append(cluster_sums(supercell, spins, cluster_orbits(supercell, pairs, triplets)))
    return orbits, np.array(rows)
