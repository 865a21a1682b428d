"""Whole formula units of the bulk in a slab, and the atoms beyond them."""

import logging
from collections.abc import Mapping
from math import ceil, floor

from pymatgen.core import Composition

log = logging.getLogger(__name__)

SPINELS = (Composition("Li2Mn3NiO8"), Composition("LiMn2O4"))
"""What a slab of lithium, manganese and oxygen that is no spinel LiM2O4 is compared with."""


def formula_units(slab: Mapping[str, float], bulk: Composition) -> tuple[int, dict[str, int]]:
    """Formula units of the bulk nearest to the slab's content, and the atoms beyond them.

    Args:
        slab: element → atoms in the slab's cell.
        bulk: composition of the bulk, any multiple of its formula.

    Returns:
        the number n with the least sum of |atoms − n · formula|, the smaller of two equal ones;
        and element → atoms beyond n units, negative where they are missing, without zeros.
    """
    formula = _whole_formula(bulk)
    elements = [*formula, *sorted(set(slab) - set(formula))]

    def beyond(units: int) -> dict[str, int]:
        return {e: round(slab.get(e, 0)) - units * formula.get(e, 0) for e in elements}

    ratios = [slab.get(e, 0) / n for e, n in formula.items()]
    candidates = {limit(ratio) for ratio in ratios for limit in (floor, ceil)}
    units = min(candidates, key=lambda n: (sum(map(abs, beyond(n).values())), n))
    return units, {e: n for e, n in beyond(units).items() if n}


def bulk_formula(slab: Composition) -> Composition:
    """The bulk's formula as the slab alone tells it.

    That is the slab's own reduced formula. A slab of lithium, manganese, oxygen and perhaps nickel
    whose atoms are not in the ratio Li : (Mn + Ni) : O = 1 : 2 : 4 of a spinel is taken for a
    spoiled one of LiNi0.5Mn1.5O4 or LiMn2O4, whichever is nearer, and the log says so.
    """
    amounts = slab.get_el_amt_dict()
    own = slab.element_composition.reduced_composition
    if not {"Li", "Mn", "O"} <= set(amounts) <= {"Li", "Mn", "Ni", "O"}:
        if own.almost_equals(slab.element_composition) and len(amounts) > 1:
            log.warning(
                "the slab is one unit of its own formula %s: whether it is stoichiometric shows "
                "only against the bulk's formula", own.formula,
            )  # fmt: skip
        return own
    metals = amounts["Mn"] + amounts.get("Ni", 0)
    if 2 * amounts["Li"] == metals and amounts["O"] == 2 * metals:
        return own
    nearest = min(
        SPINELS, key=lambda spinel: sum(map(abs, formula_units(amounts, spinel)[1].values()))
    )
    log.warning(
        "%s is no spinel LiM2O4: compared with %s", slab.element_composition.formula,
        nearest.reduced_formula,
    )  # fmt: skip
    return nearest


def _whole_formula(bulk: Composition) -> dict[str, int]:
    """Element → atoms in the smallest formula of whole atoms."""
    unit = bulk.element_composition.get_integer_formula_and_factor()[0]
    return {str(e): round(n) for e, n in Composition(unit).items()}
