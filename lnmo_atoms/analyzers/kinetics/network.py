"""The network of sites and hops on which one carrier, or many, walk."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.analyzers.kinetics.rates import (
    ATTEMPT_FREQUENCY,
    checked_frequency,
    thermal_energy,
)
from lnmo_atoms.builders.errors import RequestError

T = TypeVar("T", np.int_, np.float64)

TOLERANCE = 1e-6
"""eV, that a saddle may lie below its end points by rounding."""


@dataclass(frozen=True)
class HopNetwork:
    """Sites of a crystal and the undirected hops between them.

    An edge gives two jumps, with barriers saddle minus site energy. With sᵢ the vibrational entropy
    of the crystal with the carrier on site i, in units of k, and ν the attempt frequency of the
    edge, the jump i → j is tried ν exp((sⱼ − sᵢ)/2) times a second: ν is the geometric mean of both
    ways, and sᵢ − sⱼ = ln ∏ωⱼ/∏ωᵢ the logarithm of their ratio (Vineyard, J. Phys. Chem. Solids 3,
    121, 1957), so that sites are filled in proportion to exp(sᵢ − Eᵢ/kT), in detailed balance.

    Attributes:
        lattice: Å, shape (3, 3), rows are the vectors.
        sites: fractional coordinates, shape (n, 3).
        site_energies: eV, shape (n,), with the carrier there.
        start: shape (m,), site in the home cell.
        end: shape (m,), site.
        image: shape (m, 3), integers, cell of the end.
        saddle_energies: eV, shape (m,), on the scale of the site energies.
        carrier: what hops, ``"ion"`` or ``"vacancy"``; energies are those of this carrier.
        rings: cations around each edge's octahedron in cyclic order, one entry per edge; empty
            where they are not known.
        indices: shape (n,), index of each site in the bulk it came from.
        spread: eV, largest difference between the energies that different hops gave one site.
        flags: what a user must know, one line each.
        attempt_frequencies: s⁻¹, shape (m,), of the edges; None where no vibrations were computed.
        site_entropies: k, shape (n,); None where all are taken to be equal.
    """

    lattice: NDArray[np.float64]
    sites: NDArray[np.float64]
    site_energies: NDArray[np.float64]
    start: NDArray[np.int_]
    end: NDArray[np.int_]
    image: NDArray[np.int_]
    saddle_energies: NDArray[np.float64]
    carrier: str = "ion"
    rings: tuple[tuple[str, ...], ...] = ()
    indices: NDArray[np.int_] | None = None
    spread: float = 0.0
    flags: tuple[str, ...] = ()
    attempt_frequencies: NDArray[np.float64] | None = None
    site_entropies: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Check shapes and energies.

        Raises:
            RequestError: where they do not fit together, or a saddle lies below an end point.
        """
        n, m = len(self.sites), len(self.start)
        shapes = [
            (self.lattice, (3, 3)),
            (self.sites, (n, 3)),
            (self.site_energies, (n,)),
            (self.end, (m,)),
            (self.image, (m, 3)),
            (self.saddle_energies, (m,)),
        ]
        if any(array.shape != shape for array, shape in shapes) or n == 0 or m == 0:
            raise RequestError("a network needs sites and hops, and arrays of matching lengths")
        ends = np.concatenate([self.start, self.end])
        if ends.min() < 0 or ends.max() >= n:
            raise RequestError(f"a hop of the network ends at a site that is not one of its {n}")
        if not (np.isfinite(self.site_energies).all() and np.isfinite(self.saddle_energies).all()):
            raise RequestError("every site and saddle of a network needs a finite energy in eV")
        if self.barriers.min() < -TOLERANCE:
            raise RequestError(
                f"a saddle lies {-self.barriers.min():.3f} eV below a site it joins: "
                "its band has not found the saddle"
            )

    def __len__(self) -> int:
        """Number of sites."""
        return len(self.sites)

    @property
    def barriers(self) -> NDArray[np.float64]:
        """EV, shape (m, 2), from start and from end."""
        ends = np.column_stack([self.start, self.end])
        return np.asarray(self.saddle_energies[:, None] - self.site_energies[ends])

    @property
    def steps(self) -> NDArray[np.float64]:
        """Å, shape (m, 3), cartesian, from start to end."""
        fractional = self.sites[self.end] + self.image - self.sites[self.start]
        return np.asarray(fractional @ self.lattice)

    def rates_at(
        self, temperature: float, attempt_frequency: ArrayLike | None = None
    ) -> tuple["HopNetwork", NDArray[np.float64]]:
        """The network with free energies of its sites for energies, and a frequency for each edge.

        With Fᵢ = Eᵢ − kT sᵢ of the sites and S − kT (sᵢ + sⱼ)/2 of the saddles, the rates are those
        of the network, and no entropy is left to think of.

        Args:
            temperature: K.
            attempt_frequency: s⁻¹, a number or one per edge, in place of the network's own
                vibrations; None takes those, or 1e13 where it has none.

        Returns:
            the network, and s⁻¹ in shape (m,).

        Raises:
            RequestError: for a temperature or frequency that is not above zero.
        """
        kt = thermal_energy(temperature)
        bare = replace(self, site_entropies=None, attempt_frequencies=None)
        given = self.attempt_frequencies if attempt_frequency is None else attempt_frequency
        frequencies = checked_frequency(ATTEMPT_FREQUENCY if given is None else given)
        frequencies = np.broadcast_to(frequencies, self.start.shape)
        if attempt_frequency is not None or self.site_entropies is None:
            return bare, frequencies
        free = self.site_energies - kt * self.site_entropies
        ends = self.site_entropies[self.start] + self.site_entropies[self.end]
        saddles = np.maximum(
            self.saddle_energies - kt * ends / 2, np.maximum(free[self.start], free[self.end])
        )
        return replace(bare, site_energies=free, saddle_energies=saddles), frequencies

    def as_ions(self) -> "HopNetwork":
        """The network of the ions that a vacancy's network describes.

        An ion costs what a vacancy saves, E_ion = −E_vacancy. The ion that hops from i to j starts
        with the vacancy at j: its barrier S − E_vacancy(j) is kept by the saddle energy
        S − E_vacancy(i) − E_vacancy(j). Entropies change sign like energies.
        """
        if self.carrier == "ion":
            return self
        ends = self.site_energies[self.start] + self.site_energies[self.end]
        return replace(
            self,
            carrier="ion",
            site_energies=-self.site_energies,
            saddle_energies=self.saddle_energies - ends,
            site_entropies=None if self.site_entropies is None else -self.site_entropies,
        )

    def repeated(self, repeats: tuple[int, int, int]) -> "HopNetwork":
        """The same network in a cell repeated along its three vectors.

        Site c·n + i is site i of the c-th cell, the last vector's cells running fastest.

        Raises:
            RequestError: for a repeat below one.
        """
        if min(repeats) < 1:
            raise RequestError(f"a cell cannot be repeated {repeats} times: each must be 1 or more")
        cells = np.stack(np.meshgrid(*map(np.arange, repeats), indexing="ij"), axis=-1)
        cells = cells.reshape(-1, 3)
        count, n = len(cells), len(self)
        target = cells[:, None] + self.image
        image, home = np.divmod(target, repeats)
        number = np.ravel_multi_index(tuple(np.moveaxis(home, -1, 0)), repeats)
        return replace(
            self,
            lattice=self.lattice * np.array(repeats)[:, None],
            sites=((cells[:, None] + self.sites) / repeats).reshape(-1, 3),
            site_energies=np.tile(self.site_energies, count),
            start=(np.arange(count)[:, None] * n + self.start).ravel(),
            end=(number * n + self.end).ravel(),
            image=image.reshape(-1, 3),
            saddle_energies=np.tile(self.saddle_energies, count),
            rings=self.rings * count,
            indices=_tiled(self.indices, count),
            attempt_frequencies=_tiled(self.attempt_frequencies, count),
            site_entropies=_tiled(self.site_entropies, count),
        )


def _tiled(values: NDArray[T] | None, count: int) -> NDArray[T] | None:
    return None if values is None else np.tile(values, count)
