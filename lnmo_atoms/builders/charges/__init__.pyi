from .assign import assign_charges
from .balance import STEPS, Choice, balance
from .formal import (
    SPIN_ONLY_MOMENT,
    formal_charges,
    formal_moment,
    manganese_3_count,
    set_formal_moments,
    total_charge,
    with_formal_charges,
)
from .jahn_teller import ELONGATION, elongated
from .orders import charge_orders
from .placement import PLACEMENTS

__all__ = [
    "ELONGATION",
    "PLACEMENTS",
    "SPIN_ONLY_MOMENT",
    "STEPS",
    "Choice",
    "assign_charges",
    "balance",
    "charge_orders",
    "elongated",
    "formal_charges",
    "formal_moment",
    "manganese_3_count",
    "set_formal_moments",
    "total_charge",
    "with_formal_charges",
]
