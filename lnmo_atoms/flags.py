"""What a user must know of a relaxed structure: atoms that left, moments that changed."""

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

STRETCH = 1.5
"""An atom whose nearest neighbour is so many times farther than before has left its place."""
MOMENT_CHANGE = 0.5
"""μB; Mn3+ and Mn4+ differ by about 0.6 to 0.9 in DFT and in engines trained on it."""


def atoms_that_left(before: Structure, after: Structure) -> str | None:
    """Name the atoms whose nearest neighbour went away when the structure relaxed.

    Args:
        before: as built.
        after: relaxed, same atoms in the same order.
    """
    gone = np.flatnonzero(_nearest(after) > STRETCH * _nearest(before))
    if not len(gone):
        return None
    named = ", ".join(f"{after[int(i)].specie.symbol} {int(i)}" for i in gone[:5])
    return f"{len(gone)} atoms left their place: {named}{' …' if len(gone) > 5 else ''}"


def _nearest(structure: Structure) -> NDArray[np.float64]:
    distances = structure.distance_matrix.copy()
    np.fill_diagonal(distances, np.inf)
    nearest: NDArray[np.float64] = distances.min(axis=1)
    return nearest


def moment_changes(
    structure: Structure, before: NDArray[np.float64] | None, after: NDArray[np.float64] | None
) -> str | None:
    """Name the magnetic ions whose moment differs by more than 0.5 μB.

    An engine that gives no negative moment ``after`` is taken to give sizes only, and sizes are
    compared.

    Args:
        structure: names the atoms, shape of both moments.
        before: μB, shape (n,); None where the engine has no moments.
        after: μB, shape (n,).
    """
    if before is None or after is None:
        return None
    unsigned = after.min() > -0.01
    change = np.abs(after) - np.abs(before) if unsigned else after - before
    symbols = np.array([site.specie.symbol for site in structure])
    magnetic = np.isin(symbols, ("Mn", "Ni"))
    parts = []
    for symbol in sorted(set(symbols[magnetic])):
        changed = (symbols == symbol) & (np.abs(change) > MOMENT_CHANGE)
        if changed.any():
            parts.append(
                f"{int(changed.sum())} {symbol} changed moment by up to "
                f"{change[changed][np.abs(change[changed]).argmax()]:+.1f} μB"
            )
    if not parts:
        return None
    return ", ".join(parts) + (" (sizes compared: the engine gives no signs)" if unsigned else "")
