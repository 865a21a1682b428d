"""Site and pair energies from total energies of arrangements."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.analyzers.kinetics.lattice_gas import neighbour_shells
from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.builders.errors import RequestError

SAME_KIND = 0.001
"""eV, sites of a network whose energies are this close are fitted as one kind."""


@dataclass(frozen=True)
class PairFit:
    """E = E₀ + Σ εᵢnᵢ + Σ w_s N_s, with N_s pairs of ions in shell s.

    Attributes:
        reference: E₀ in eV.
        site_energies: ε in eV, shape (sites,); arrangements of one content do not tell E₀ and a
            common ε apart, their sum is shared out.
        pair_energies: w in eV, shape (shells,), nearest shell first.
        residual: eV, root mean square per arrangement.
    """

    reference: float
    site_energies: NDArray[np.float64]
    pair_energies: NDArray[np.float64]
    residual: float


def fit_pair_energies(
    energies: Sequence[float] | NDArray[np.float64],
    occupations: ArrayLike,
    network: HopNetwork,
    shells: int = 1,
) -> PairFit:
    """Least squares of total energies against sites filled and pairs of ions.

    Args:
        energies: eV, total, shape (arrangements,).
        occupations: 1 where an ion is, 0 where none, shape (arrangements, sites).
        network: whose sites these are.
        shells: of neighbours that interact.

    Raises:
        RequestError: where shapes do not match or the arrangements do not determine the pairs.
    """
    filled = np.asarray(occupations, dtype=float)
    total = np.asarray(energies, dtype=float)
    if filled.shape != (len(total), len(network)) or not np.isin(filled, (0, 1)).all():
        raise RequestError(
            f"occupations must be 0 or 1 in an array of {len(total)} arrangements by "
            f"{len(network)} sites"
        )
    kinds = np.unique(np.round(network.site_energies / SAME_KIND), return_inverse=True)[1]
    sites = filled @ np.eye(kinds.max() + 1)[kinds]
    one_body = np.column_stack([np.ones(len(total)), sites])
    pairs, shell = neighbour_shells(network, shells)
    bonds = filled[:, pairs[:, 0]] * filled[:, pairs[:, 1]] @ np.eye(shells)[shell] / 2
    design = np.column_stack([one_body, bonds])
    if np.linalg.matrix_rank(design) < np.linalg.matrix_rank(one_body) + shells:
        raise RequestError(
            f"these arrangements do not determine {shells} shell(s) of pair energies: "
            "add other arrangements or ask for fewer shells"
        )
    found = np.linalg.lstsq(design, total, rcond=None)[0]
    return PairFit(
        reference=float(found[0]),
        site_energies=found[1:-shells][kinds],
        pair_energies=found[-shells:],
        residual=float(np.sqrt(np.mean((design @ found - total) ** 2))),
    )
