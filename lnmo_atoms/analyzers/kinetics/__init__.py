"""From barriers to diffusivity: exactly for one carrier, by Monte Carlo for many."""

from lnmo_atoms.analyzers.kinetics.arrhenius import ArrheniusFit, arrhenius_fit
from lnmo_atoms.analyzers.kinetics.from_results import hop_network
from lnmo_atoms.analyzers.kinetics.monte_carlo import Estimate, MonteCarloResult, monte_carlo
from lnmo_atoms.analyzers.kinetics.network import HopNetwork
from lnmo_atoms.analyzers.kinetics.pair_fit import PairFit, fit_pair_energies
from lnmo_atoms.analyzers.kinetics.rates import ATTEMPT_FREQUENCY, BOLTZMANN, jump_rate
from lnmo_atoms.analyzers.kinetics.ring_model import (
    RingClass,
    RingModel,
    ring_model,
    ring_network,
)
from lnmo_atoms.analyzers.kinetics.tensor import Diffusivity, diffusion_tensor, diffusivity
from lnmo_atoms.vineyard import vineyard_frequency

__all__ = [
    "ATTEMPT_FREQUENCY",
    "BOLTZMANN",
    "ArrheniusFit",
    "Diffusivity",
    "Estimate",
    "HopNetwork",
    "MonteCarloResult",
    "PairFit",
    "RingClass",
    "RingModel",
    "arrhenius_fit",
    "diffusion_tensor",
    "diffusivity",
    "fit_pair_energies",
    "hop_network",
    "jump_rate",
    "monte_carlo",
    "ring_model",
    "ring_network",
    "vineyard_frequency",
]
