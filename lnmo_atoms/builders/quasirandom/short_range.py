"""Short-range order that random mixing on two sublattices has: what a quasi-random cell imitates.

At order parameter S nickel has the occupancies f(4b) and f(12d) and is otherwise placed at random.
The mean product of σ = ±1 over an orbit of clusters then is, with m = 2f − 1,

    Φ = Σ_k p(k) m(4b)^k m(12d)^(n − k),

where p(k) is the fraction of its clusters of n sites that have k on 4b. Without order it is
(2x − 1)^n, as in the special quasi-random structures of Zunger, Wei, Ferreira and Bernard (Phys.
Rev. Lett. 65, 353, 1990).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.clusters import ClusterOrbit, cluster_orbits
from lnmo_atoms.builders.quasirandom.long_range import variants


@cache
def _on_4b() -> list[NDArray[np.float64]]:
    """For each orbit, the fraction p(k) of its clusters with k sites on 4b, shape (order + 1,)."""
    sublattice = variants((1, 1, 1))[0]
    return [
        np.bincount(sublattice[orbit.members].sum(axis=1), minlength=orbit.order + 1)
        / len(orbit.members)
        for orbit in cluster_orbits((1, 1, 1))
    ]


def target_correlations(on_4b: int, nickel: int, metals: int) -> NDArray[np.float64]:
    """Correlation Φ of every default orbit of clusters at these occupancies, shape (orbits,).

    Args:
        on_4b: nickel atoms on 4b.
        nickel: nickel atoms in all.
        metals: 16d sites.
    """
    m_4b = 8 * on_4b / metals - 1
    m_12d = 8 * (nickel - on_4b) / (3 * metals) - 1
    return np.array(
        [
            sum(p * m_4b**k * m_12d ** (len(shares) - 1 - k) for k, p in enumerate(shares))
            for shares in _on_4b()
        ]
    )


def correlations(spins: NDArray[np.integer], orbits: list[ClusterOrbit]) -> NDArray[np.float64]:
    """Mean product of σ over each orbit, shape (orbits,).

    Args:
        spins: shape (16 · cells,), +1 for nickel and −1 for manganese.
        orbits: of the same supercell.
    """
    return np.array([spins[orbit.members].prod(axis=1).mean() for orbit in orbits])
