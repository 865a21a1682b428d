"""Which ions change valence, formally, when mobile ions leave; and whether an engine agrees.

A removed Li+ takes its electron along. In Li(Ni,Mn)2O4 manganese gives it first, Mn3+ to Mn4+ at
4.0 V, then nickel, Ni2+ to Ni3+ and Ni3+ to Ni4+ near 4.7 V (Kishida et al., arXiv:1301.7207, 2013;
Li et al., Chem. Sci. 15, 11302, 2024).
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import STEPS, formal_charges
from lnmo_atoms.builders.charges.balance import WHOLE
from lnmo_atoms.builders.paths.states import State, kept_sites

RESOLVED = 0.5
"""μB by which a moment has to shrink to count as another valence: each step of :data:`STEPS` takes
one spin-only μB, of which DFT and the engines trained on it show 0.6 to 0.9."""


@dataclass(frozen=True)
class Compensation:
    """Formal changes of valence that balance the mobile ions missing in a state.

    Attributes:
        changes: one for each step, such as ``"1 Ni2+ → Ni3+"``, or, where ions share a mean
            valence, ``"mean Mn valence 3.50 → 3.56"``.
        ions: element and number of ions that are oxidised; a mean valence counts whole electrons.
        charge: e, of the state's cell, that no ion known compensates; None without oxidation
            states.
    """

    changes: tuple[str, ...]
    ions: tuple[tuple[str, int], ...]
    charge: float | None

    @property
    def text(self) -> str:
        """One line."""
        if self.charge is None:
            return "no redox ion known: the species have no oxidation states"
        if abs(self.charge) < WHOLE:
            return "formally " + ", ".join(self.changes) if self.changes else "nothing to balance"
        sign = "−" if self.charge < 0 else "+"
        left = f"no redox ion known: the cell's formal charge is {sign}{abs(self.charge):g} e"
        return f"formally {', '.join(self.changes)}; beyond that {left}" if self.changes else left


def compensation(crystal: Structure, state: State) -> Compensation:
    """What balances, formally, the charge of the mobile ions that a state lacks.

    Args:
        crystal: its mobile sites filled, with oxidation states.
        state: vacant sites.
    """
    charges = formal_charges(crystal)
    if charges is None:
        return Compensation((), (), None)
    kept = kept_sites(crystal, state)
    symbols, valences = _symbols(crystal, kept), charges[kept]
    wanted = -float(valences.sum())
    changes: list[str] = []
    ions: dict[str, int] = {}
    for element, low, high in STEPS:
        able = (symbols == element) & (valences > low - WHOLE) & (valences < high - WHOLE)
        given = min(wanted, float((high - valences[able]).sum()))
        if given > WHOLE:
            changes.append(_change(element, valences[able], given, high))
            number = min(math.ceil(given - WHOLE), int(able.sum()))
            ions[element] = max(ions.get(element, 0), number)
            valences[able] = _oxidised(valences[able], given, high)
            wanted -= given
    left = 0.0 if abs(wanted) < WHOLE else -wanted
    return Compensation(tuple(changes), tuple(ions.items()), left)


def _symbols(crystal: Structure, sites: NDArray[np.int_]) -> NDArray[np.str_]:
    return np.array([crystal[int(i)].specie.symbol for i in sites])


def _discrete(valences: NDArray[np.float64], given: float) -> bool:
    """Whole valences and whole electrons: single ions change."""
    values = np.array([*valences, given])
    return bool(np.abs(values - np.rint(values)).max() < WHOLE)


def _oxidised(valences: NDArray[np.float64], given: float, high: float) -> NDArray[np.float64]:
    """Valences after the electrons left: of the first ions one by one, or of all alike."""
    after = valences.copy()
    if _discrete(valences, given):
        after[: round(given)] = high
    else:
        after += given * (high - valences) / (high - valences).sum()
    return after


def _change(element: str, valences: NDArray[np.float64], given: float, high: float) -> str:
    """One step in words."""
    if _discrete(valences, given):
        return f"{round(given)} {element}{valences[0]:.0f}+ → {element}{high:.0f}+"
    after = _oxidised(valences, given, high)
    return f"mean {element} valence {valences.mean():.2f} → {after.mean():.2f}"


def confirmed(
    expected: Compensation,
    crystal: Structure,
    state: State,
    moments_before: NDArray[np.float64] | None,
    moments_after: NDArray[np.float64] | None,
) -> str:
    """Whether the moments of an engine show the formal changes of valence, in words.

    Oxidation of Mn3+, Ni2+ and Ni3+ makes the moment smaller by about 1 μB each. Sizes are
    compared, so that an engine that gives no signs, or turns a spin over, is read alike.

    Args:
        expected: from :func:`compensation`.
        crystal: its mobile sites filled.
        state: vacant sites.
        moments_before: μB, of the relaxed crystal; None where the engine has none.
        moments_after: μB, of the relaxed cell of the state.
    """
    if moments_before is None or moments_after is None:
        return "not resolved: the engine gives no moments"
    kept = kept_sites(crystal, state)
    symbols, before = _symbols(crystal, kept), moments_before[kept]
    smaller = np.abs(before) - np.abs(moments_after)
    changed = np.flatnonzero(np.abs(smaller) > RESOLVED)
    if not len(changed):
        return f"not resolved by the engine: no moment changed by more than {RESOLVED:g} μB"
    named = [
        f"{symbols[k]} {kept[k]} ({before[k]:.2f} → {moments_after[k]:.2f} μB)" for k in changed
    ]
    listed = ", ".join(named[:5]) + (" …" if len(named) > 5 else "")
    oxidised = Counter(symbols[smaller > RESOLVED].tolist())
    if oxidised == dict(expected.ions) and oxidised.total() == len(changed):
        return f"confirmed by the moment{'s' * (len(changed) > 1)} of {listed}"
    wanted = ", ".join(f"{number} {element}" for element, number in expected.ions) or "none"
    return f"not as expected ({wanted} oxidised): the engine changed the moments of {listed}"
