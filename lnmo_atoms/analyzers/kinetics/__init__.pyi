from .arrhenius import ArrheniusFit, arrhenius_fit
from .from_results import hop_network
from .monte_carlo import Estimate, MonteCarloResult, monte_carlo
from .network import HopNetwork
from .pair_fit import PairFit, fit_pair_energies
from .rates import ATTEMPT_FREQUENCY, BOLTZMANN, jump_rate
from .ring_model import (
    RingClass,
    RingModel,
    ring_model,
    ring_network,
)
from .tensor import Diffusivity, diffusion_tensor, diffusivity

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
]
