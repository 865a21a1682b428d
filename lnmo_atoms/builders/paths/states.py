"""Which mobile sites are vacant before and after a hop: a vacancy, one ion alone, or a content."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop

State = frozenset[int]
"""The vacant mobile sites of a crystal."""


@dataclass(frozen=True)
class Mode:
    """How full of mobile ions the crystal is in which one of them hops.

    Attributes:
        kind: one vacancy in the full host, one ion in the empty host, or a content between.
        filled: fraction of the mobile sites that are filled; None but for a content.
        seed: of the random arrangement of a content.
    """

    kind: Literal["vacancy", "empty-host", "content"]
    filled: float | None = None
    seed: int = 0

    @classmethod
    def vacancy(cls) -> "Mode":
        """One vacancy in the full host."""
        return cls("vacancy")

    @classmethod
    def empty_host(cls) -> "Mode":
        """One ion in the empty host."""
        return cls("empty-host")

    @classmethod
    def content(cls, x: float, seed: int = 0) -> "Mode":
        """A given content, its vacancies drawn at random.

        Args:
            x: fraction of the mobile sites that are filled, between 0 and 1.
            seed: the same seed gives every hop the same arrangement again.

        Raises:
            RequestError: for a fraction that leaves no ion or no vacancy, or a negative seed.
        """
        if not 0 < x < 1:
            raise RequestError(
                f"a content of {x:g} leaves nothing to hop or nowhere to go: give a fraction "
                "between 0 and 1, or vacancy (full but one), or empty-host (empty but one)"
            )
        if seed < 0:
            raise RequestError(f"the seed {seed} is negative: give 0 or more")
        return cls("content", x, seed)

    def ions(self, sites: int) -> int:
        """Mobile ions on so many sites; a content keeps at least one ion and one vacancy.

        Raises:
            RequestError: for fewer than two sites, between which nothing hops.
        """
        if sites < 2:
            raise RequestError("a hop needs two mobile sites in the cell: take a larger cell")
        if self.filled is None:
            return sites - 1 if self.kind == "vacancy" else 1
        return min(max(round(self.filled * sites), 1), sites - 1)

    def describe(self, crystal: Structure, mobile: str = "Li") -> str:
        """In words, such as ``"Li content 0.50 (4 of 8 sites), seed 3"``; rounding is said.

        Args:
            crystal: its mobile sites filled.
            mobile: element that hops.
        """
        if self.kind == "vacancy":
            return "one vacancy"
        if self.filled is None:
            return f"one {mobile} in the empty host"
        sites = len(mobile_sites(crystal, mobile))
        ions = self.ions(sites)
        asked = "" if np.isclose(ions, self.filled * sites) else f"; {self.filled:g} asked"
        return (
            f"{mobile} content {ions / sites:.2f} ({ions} of {sites} sites{asked}), "
            f"seed {self.seed}"
        )


def parse_mode(text: str, seed: int = 0) -> Mode:
    """The mode that a user names: ``"vacancy"``, ``"empty-host"`` or a content such as ``"0.5"``.

    Raises:
        RequestError: for anything else.
    """
    name = text.strip().lower()
    if name in ("vacancy", "empty-host"):
        return Mode.vacancy() if name == "vacancy" else Mode.empty_host()
    try:
        content = float(name)
    except ValueError:
        raise RequestError(
            f"{text!r} is no mode: use vacancy, empty-host, or the filled fraction, such as 0.5"
        ) from None
    return Mode.content(content, seed)


def mobile_sites(crystal: Structure, mobile: str) -> list[int]:
    """Indices of the sites of the mobile element."""
    return [i for i, site in enumerate(crystal) if site.specie.symbol == mobile]


def end_states(crystal: Structure, hop: Hop, mode: Mode) -> tuple[State, State]:
    """The vacant sites before the hop, its end among them, and after, its start among them.

    All else stays: both states differ by one ion. A content's arrangement depends on the seed and
    on the hop's two sites alone, not on what other hops there are.

    Args:
        crystal: its mobile sites filled.
        hop: of this crystal.
        mode: how full.

    Raises:
        RequestError: where the hop ends at the periodic image of its start.
    """
    if hop.start == hop.end:
        raise RequestError(
            f"the hop {hop.label} ends at a periodic image of its start: take a larger cell"
        )
    sites = mobile_sites(crystal, crystal[hop.start].specie.symbol)
    others = [site for site in sites if site not in (hop.start, hop.end)]
    rng = np.random.default_rng([mode.seed, hop.start, hop.end])
    drawn = rng.permutation(others)[: len(sites) - mode.ions(len(sites)) - 1]
    vacant = frozenset(int(site) for site in drawn)
    return vacant | {hop.end}, vacant | {hop.start}


def kept_sites(crystal: Structure, state: State) -> NDArray[np.int_]:
    """Indices of the atoms that are there, ascending: atom k of the state's cell is site k."""
    return np.delete(np.arange(len(crystal)), sorted(state))


def state_cell(crystal: Structure, state: State) -> Structure:
    """The crystal without the vacant sites, the other atoms in order."""
    cell = crystal.copy()
    cell.remove_sites(sorted(state))
    return cell
