"""Electrons that a changed surface leaves over or lacks, put on the nearest Mn and Ni."""

from collections import Counter

import numpy as np
from pymatgen.core import Species

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.reconstructions.occupation import Occupation, plain

VALENCES = (("Mn", 3.0, 4.0), ("Ni", 2.0, 4.0))
"""Least and largest valence, most easily oxidized first: Mn3+/4+ at 4.0 V against lithium,
Ni2+/3+/4+ at 4.6 to 4.8 V (Li et al., Chem. Sci. 15, 11302, 2024)."""


def reduced(occupation: Occupation, site: int, electrons: float) -> Occupation:
    """Put electrons on the metals nearest to a site, alike on both faces.

    Args:
        occupation: the changed slab.
        site: of the upper half, where the electrons stem from.
        electrons: per face.

    Raises:
        RequestError: where the metals of the slab's half cannot take that many.
    """
    return _shifted(occupation, site, -electrons)


def oxidized(occupation: Occupation, site: int, electrons: float) -> Occupation:
    """Take electrons from the metals nearest to a site, alike on both faces.

    Raises:
        RequestError: where the metals of the slab's half cannot give that many.
    """
    return _shifted(occupation, site, electrons)


def valence_note(occupation: Occupation) -> str:
    """What became of the valences in the upper half, in words."""
    before = plain(occupation.skin)
    changes: Counter[tuple[str, float, float]] = Counter()
    for p in np.flatnonzero((occupation.symbols != "") & occupation.skin.upper):
        atom, symbol = occupation.origins[p], str(occupation.symbols[p])
        old, new = float(before.charges[atom]), float(occupation.charges[p])
        if before.symbols[atom] == symbol and abs(old - new) > 1e-6:
            changes[symbol, old, new] += 1
    return ", ".join(
        f"{n} {Species(symbol, old)} → {Species(symbol, new)}"
        for (symbol, old, new), n in sorted(changes.items())
    )


def _shifted(occupation: Occupation, site: int, charge: float) -> Occupation:
    """Add charge to the metals around a site, in the order of their redox potentials."""
    left = charge
    for symbol, least, largest in VALENCES if charge > 0 else VALENCES[::-1]:
        for metal in _nearest(occupation, site, symbol):
            old = float(occupation.charges[metal])
            new = float(np.clip(old + left, min(old, least), max(old, largest)))
            if new != old:
                occupation = occupation.recharged(metal, new)
                left -= new - old
    if abs(left) > 1e-6:
        verb = "give" if charge > 0 else "take up"
        raise RequestError(
            f"its Mn (3+ to 4+) and Ni (2+ to 4+) cannot {verb} the electrons: ask for a thicker "
            "slab, or another kind"
        )
    return occupation


def _nearest(occupation: Occupation, site: int, symbol: str) -> list[int]:
    """Ions of an element in the upper half, nearest first, of equally near ones the outer first."""
    skin = occupation.skin
    found = np.flatnonzero((occupation.symbols == symbol) & skin.upper)
    distance = np.round(skin.distances[site, found], 2)
    return [int(i) for i in found[np.lexsort((-np.round(skin.height[found], 2), distance))]]
