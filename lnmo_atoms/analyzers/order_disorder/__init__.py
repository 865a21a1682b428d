"""Order and disorder of nickel and manganese: interactions, Monte Carlo, the transition."""

from lnmo_atoms.analyzers.order_disorder.cool_and_heat import (
    ordering_transition,
    temperature_ladder,
    transition_work,
)
from lnmo_atoms.analyzers.order_disorder.fit import LatticeFit, fit_lattice_model
from lnmo_atoms.analyzers.order_disorder.lattice_model import LatticeModel, load_lattice_model
from lnmo_atoms.analyzers.order_disorder.monte_carlo import (
    Ladder,
    OrderingPoint,
    canonical_monte_carlo,
)
from lnmo_atoms.analyzers.order_disorder.transition import (
    MEASURED_TRANSITION,
    OrderingTransition,
    SizeTransition,
)
from lnmo_atoms.analyzers.order_disorder.variants import variant_spins

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
