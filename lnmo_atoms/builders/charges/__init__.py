"""Formal charges and moments of LNMO: how structures carry them, and who gets which."""

from lnmo_atoms.builders.charges.assign import assign_charges
from lnmo_atoms.builders.charges.balance import STEPS, Choice, balance
from lnmo_atoms.builders.charges.formal import (
    SPIN_ONLY_MOMENT,
    formal_charges,
    formal_moment,
    manganese_3_count,
    set_formal_moments,
    total_charge,
    with_formal_charges,
)
from lnmo_atoms.builders.charges.jahn_teller import ELONGATION, elongated
from lnmo_atoms.builders.charges.orders import charge_orders
from lnmo_atoms.builders.charges.placement import PLACEMENTS

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
