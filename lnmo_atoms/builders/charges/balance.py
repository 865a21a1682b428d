"""Which ions change valence so that a cell becomes neutral.

A surplus of electrons goes to Ni4+ and Ni3+, then to Mn4+; a lack of them is made good by Mn3+
first, at 4.0 V against lithium, then by Ni2+ and Ni3+ near 4.7 V (Kishida et al.,
arXiv:1301.7207, 2013; Li et al., Chem. Sci. 15, 11302, 2024).
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.errors import RequestError

STEPS = (("Mn", 3.0, 4.0), ("Ni", 2.0, 3.0), ("Ni", 3.0, 4.0))
"""Element and valence before and after oxidation, in the order of the potentials."""
WHOLE = 1e-6
"""e, charges closer than this are equal."""


@dataclass(frozen=True)
class Choice:
    """Ions of which some, whichever, change valence.

    Attributes:
        sites: the ions that can, by index, shape (n,).
        number: how many of them do; fewer than n.
        valence: e, that they get.
    """

    sites: NDArray[np.int_]
    number: int
    valence: float


def balance(
    symbols: NDArray[np.str_], valences: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Choice | None]:
    """Change as few valences as a neutral cell needs.

    Ions of whole valence change one by one. Ions that share a mean valence, such as Mn3.5+, change
    all alike.

    Args:
        symbols: element of each ion, shape (n,).
        valences: e, of each ion, shape (n,).

    Returns:
        the valences that are certain, and which ions are free to take the rest of the charge; None
        where nothing is left to choose.

    Raises:
        RequestError: where Mn3+, Mn4+ and Ni2+ to Ni4+ cannot balance the cell; it says with how
            much oxygen they could.
    """
    valences = np.array(valences, dtype=float)
    wanted = -float(valences.sum())
    for element, low, high in STEPS if wanted > 0 else STEPS[::-1]:
        if abs(wanted) < WHOLE:
            break
        target = high if wanted > 0 else low
        able = (symbols == element) & (valences > low - WHOLE) & (valences < high + WHOLE)
        able &= np.abs(valences - target) > WHOLE
        room = float((target - valences[able]).sum())
        if abs(room) < abs(wanted) + WHOLE:
            valences[able] = target
            wanted -= room
        elif are_whole(np.array([*valences[able], wanted])):
            return valences, Choice(np.flatnonzero(able), round(abs(wanted)), target)
        else:
            valences[able] += wanted * (target - valences[able]) / room
            wanted = 0.0
    if abs(wanted) > WHOLE:
        raise RequestError(_impossible(symbols))
    return valences, None


def are_whole(valences: NDArray[np.float64]) -> bool:
    """Whether all valences are whole numbers."""
    return bool(np.abs(valences - np.rint(valences)).max(initial=0.0) < WHOLE)


def _impossible(symbols: NDArray[np.str_]) -> str:
    """What the metals of an unbalanced cell could balance."""
    number = Counter(symbols.tolist())
    least = number["Li"] + 2 * number["Ni"] + 3 * number["Mn"]
    most = number["Li"] + 4 * (number["Ni"] + number["Mn"])
    formula = "".join(f"{element}{number[element]}" for element in ("Li", "Ni", "Mn", "O"))
    return (
        f"{formula} cannot be neutral with Li+, O2-, Mn3+ to Mn4+ and Ni2+ to Ni4+: these metals "
        f"balance {math.ceil(least / 2)} to {most // 2} oxygen, not {number['O']}"
    )
