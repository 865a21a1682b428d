"""Results that a second workflow adds to, put back where a study keeps them."""

from collections.abc import Hashable, Sequence
from pathlib import Path

from lnmo_atoms.records.kinds import (
    load_hop_bulk,
    load_hops,
    load_surfaces,
    save_hops,
    save_surfaces,
)
from lnmo_atoms.results import HopResult, SurfaceResult


def renew_surfaces(results: Sequence[SurfaceResult], path: Path) -> None:
    """Replace those of the file that these are; the others stay, and nothing else comes in.

    Args:
        results: with what was added to them.
        path: a study's file; nothing is done where there is none.

    Raises:
        RequestError: where the file is damaged or cannot be written.
    """
    if not path.exists():
        return
    renewed = {_which_surface(result): result for result in results}
    kept = load_surfaces(path)
    if any(_which_surface(old) in renewed for old in kept):
        save_surfaces([renewed.get(_which_surface(old), old) for old in kept], path)


def renew_hops(results: Sequence[HopResult], path: Path) -> None:
    """Replace those of the file that these are; the others stay, and nothing else comes in.

    Args:
        results: with what was added to them.
        path: a study's file; nothing is done where there is none.

    Raises:
        RequestError: where the file is damaged or cannot be written.
    """
    if not path.exists():
        return
    renewed = {_which_hop(result): result for result in results}
    kept = load_hops(path)
    if any(_which_hop(old) in renewed for old in kept):
        put_back = [renewed.get(_which_hop(old), old) for old in kept]
        save_hops(put_back, load_hop_bulk(path), path)


def _which_surface(result: SurfaceResult) -> Hashable:
    """What tells one from another; files keep numbers to the last digit."""
    return result.engine, result.slab.name, result.energy_unrelaxed, result.energy


def _which_hop(result: HopResult) -> Hashable:
    """What tells one from another; files keep numbers to the last digit."""
    hop = result.hop
    return result.engine, hop.name, hop.start, hop.end, result.energy, *result.energies.tolist()
