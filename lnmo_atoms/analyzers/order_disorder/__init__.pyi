from .cool_and_heat import (
    ordering_transition,
    temperature_ladder,
    transition_work,
)
from .fit import LatticeFit, fit_lattice_model
from .lattice_model import LatticeModel, load_lattice_model
from .monte_carlo import (
    Ladder,
    OrderingPoint,
    canonical_monte_carlo,
)
from .transition import (
    MEASURED_TRANSITION,
    OrderingTransition,
    SizeTransition,
)
from .variants import variant_spins

__all__ = [
    "MEASURED_TRANSITION",
    "Ladder",
    "LatticeFit",
    "LatticeModel",
    "OrderingPoint",
    "OrderingTransition",
    "SizeTransition",
    "canonical_monte_carlo",
    "fit_lattice_model",
    "load_lattice_model",
    "ordering_transition",
    "temperature_ladder",
    "transition_work",
    "variant_spins",
]
