"""Exact diffusivity of one carrier on a network of hops."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lnmo_atoms.analyzers.kinetics.arrhenius import ArrheniusFit, arrhenius_fit
from lnmo_atoms.analyzers.kinetics.dissection import dissection_order
from lnmo_atoms.analyzers.kinetics.elimination import eliminate
from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.analyzers.kinetics.rates import BOLTZMANN, CM2_PER_A2, thermal_energy
from lnmo_atoms.builders.errors import RequestError

BETA_STEP = 1e-4
"""Relative change of 1/kT by which D is differentiated."""


@dataclass(frozen=True)
class Diffusivity:
    """Diffusivity of the network's carrier over temperature.

    Attributes:
        temperatures: K, shape (t,).
        diffusivities: cm²/s, shape (t,), a third of the tensors' traces.
        tensors: cm²/s, shape (t, 3, 3).
        activation_energies: eV, shape (t,), −d ln D / d(1/kT) at each temperature; nan where D
            is zero.
        fit: Arrhenius line over all temperatures; None for a single one or where D is zero.
        attempt_frequency: s⁻¹, shape (m,), of the network's edges.
        carrier: whose diffusivity it is, ``"ion"`` or ``"vacancy"``.
        flags: the network's.
    """

    temperatures: NDArray[np.float64]
    diffusivities: NDArray[np.float64]
    tensors: NDArray[np.float64]
    activation_energies: NDArray[np.float64]
    fit: ArrheniusFit | None
    attempt_frequency: NDArray[np.float64]
    carrier: str
    flags: tuple[str, ...] = ()

    @property
    def activation_energy(self) -> float:
        """EV, of the Arrhenius line; of the one temperature where there is no line."""
        return (
            float(self.activation_energies[0]) if self.fit is None else self.fit.activation_energy
        )


def diffusion_tensor(
    network: HopNetwork, temperature: float, attempt_frequency: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Diffusion tensor of one carrier, exact for the network, in cm²/s.

    With Boltzmann weights πᵢ and the flux c = πᵢΓᵢⱼ = πⱼΓⱼᵢ of an edge, the tensor is the least
    value over the sites' shifts χ of Σ c (d + χⱼ − χᵢ)², summed over undirected edges (Trinkle,
    Phys. Rev. Lett. 121, 235901, 2018): jumps without memory, less what the carrier jumps back.
    It is found by eliminating sites, see :mod:`lnmo_atoms.analyzers.kinetics.elimination`. Parts
    of a network that are not joined count by their Boltzmann weight; closed ones add nothing. Where
    the network has vibrations, weights are those of the sites' harmonic free energies.

    Where the carrier is the vacancy, this is the diffusivity of the vacancy. That of the ions among
    few vacancies, a share x of the sites, is f x/(1 − x) of it; f is the correlation factor that
    :func:`~lnmo_atoms.analyzers.kinetics.monte_carlo` measures.

    Args:
        network: sites and hops.
        temperature: K.
        attempt_frequency: see :meth:`HopNetwork.rates_at`.

    Returns:
        shape (3, 3), cartesian.

    Raises:
        RequestError: for a temperature or frequency that is not above zero.
    """
    kt = thermal_energy(temperature)
    network, frequency = network.rates_at(temperature, attempt_frequency)
    lowest_saddle, lowest_site = network.saddle_energies.min(), network.site_energies.min()
    conductance = frequency * np.exp(-(network.saddle_energies - lowest_saddle) / kt)
    in_vectors = eliminate(
        dissection_order(network.sites @ network.lattice, network.start, network.end),
        network.start.astype(np.int64),
        network.end.astype(np.int64),
        network.image.astype(np.int64),
        conductance,
    )
    partition = np.exp(-(network.site_energies - lowest_site) / kt).sum()
    scale = np.exp(-(lowest_saddle - lowest_site) / kt) / partition
    tensor = network.lattice.T @ in_vectors @ network.lattice
    return np.asarray(CM2_PER_A2 * scale * tensor)


def diffusivity(
    network: HopNetwork,
    temperatures: Sequence[float] | NDArray[np.float64],
    attempt_frequency: ArrayLike | None = None,
) -> Diffusivity:
    """D and its activation energy at each temperature, see :func:`diffusion_tensor`.

    Args:
        network: sites and hops.
        temperatures: K, at least one.
        attempt_frequency: see :meth:`HopNetwork.rates_at`.

    Raises:
        RequestError: for no temperature, or one or a frequency that is not above zero.
    """
    kelvin = np.atleast_1d(np.asarray(temperatures, dtype=float))
    if kelvin.ndim != 1 or not len(kelvin):
        raise RequestError("D(T) needs a list of at least one temperature in K")
    tensors = np.array([diffusion_tensor(network, t, attempt_frequency) for t in kelvin])
    values = np.trace(tensors, axis1=1, axis2=2) / 3
    moves = bool((values > 0).all())
    several = len(np.unique(kelvin)) > 1
    return Diffusivity(
        temperatures=kelvin,
        diffusivities=values,
        tensors=tensors,
        activation_energies=np.array(
            [_activation(network, t, attempt_frequency) if moves else np.nan for t in kelvin]
        ),
        fit=arrhenius_fit(kelvin, values) if moves and several else None,
        attempt_frequency=network.rates_at(float(kelvin[0]), attempt_frequency)[1],
        carrier=network.carrier,
        flags=network.flags,
    )


def _activation(
    network: HopNetwork, temperature: float, attempt_frequency: ArrayLike | None
) -> float:
    """−d ln D / d(1/kT) in eV, by central differences."""
    hot, cold = temperature / (1 - BETA_STEP), temperature / (1 + BETA_STEP)
    ends = [np.trace(diffusion_tensor(network, t, attempt_frequency)) for t in (hot, cold)]
    change = 2 * BETA_STEP / (BOLTZMANN * temperature)
    return float(np.log(ends[0] / ends[1]) / change)
