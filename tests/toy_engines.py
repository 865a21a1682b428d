"""Engines whose answers are known: an ion in a potential written down, and ions in a toy spinel.

Named in tests as ``"toy_engines:Valley"``; processes started from a test find this module too.
"""

import os
import signal
import threading
from pathlib import Path

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from pymatgen.core import Lattice, Structure
from scipy.spatial import cKDTree

from lnmo_atoms.builders.spinel import lithium_manganate, ordered_spinel

HALF = 1.5
"""Å, from the middle of the valley to either end point."""
HOST = np.array(
    [[0, 2.1, 0], [0, -2.1, 0], [0, 0, 2.1], [0, 0, -2.1], [4, 0, 0], [-4, 0, 0]], dtype=float
)
"""Å, where the other atoms rest while the ion is far away."""
BREATH = 0.08 * np.array(
    [[0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1], [-0.5, 0, 0], [0.5, 0, 0]], dtype=float
)
"""Å, how far the ion in the middle pushes them; it sums to nothing."""
SPRING = 8.0
"""eV/Å², of every other atom."""
CENTRE = np.array([5.0, 5.0, 5.0])


def valley(s, y, z, *, height=0.3, hump=0.0, tilt=0.0, ridge=0.0, wall=2.0):
    """Energy of the ion in eV, s in units of HALF, y and z in Å, all other atoms relaxed.

    The end points s = ±1 are minima at -tilt/2 and tilt/2. Along the straight way a cosine of this
    height (eV), two humps with a minimum between them, and a tilt add up; with a ridge (eV/Å²) the
    middle falls off towards both sides, to two valleys at y² = ridge / 5.
    """
    middle = (1 + np.cos(np.pi * s)) / 2
    along = height * middle + hump * np.sin(np.pi * s) ** 2 + tilt * (3 * s - s**3) / 4
    across = wall * (y * y + z * z) / 2
    return along + across + ridge_energy(middle, y, ridge, wall)


def ridge_energy(middle, y, ridge, wall):
    if not ridge:
        return 0.0
    return -(ridge + wall) * middle * y * y / 2 + 5.0 * y**4 / 4


class Valley(Calculator):
    """Atom 0 in :func:`valley`; the other atoms give way to it, elastically, and cost nothing then.

    Args:
        notes: file, less its .txt, to which every evaluation adds a line; None writes nothing.
        fail_at: the evaluation at which it gives up, counted from one over the file's lines.
        nan_at: that at which its forces are no numbers.
        die_at: from that on its process is killed.
        meet: so many threads must evaluate at the same time.
        moments: μB by how far the ion is: linear from the first to the second list.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, *, notes=None, fail_at=0, nan_at=0, die_at=0, meet=0, moments=None, **shape):
        super().__init__()
        self.notes, self.fail_at, self.nan_at, self.shape = notes, fail_at, nan_at, shape
        self.die_at = die_at
        self.barrier = _meetings(meet) if meet else None
        self.moments = moments
        if moments is not None:
            self.implemented_properties = (*self.implemented_properties, "magmoms")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        number = self._note()
        if self.barrier is not None:
            self.barrier.wait(timeout=10)
        shift = self.atoms.positions[1:] - CENTRE - HOST
        mean = shift.mean(axis=0)
        at = self.atoms.positions[0] - CENTRE - mean
        s = at[0] / HALF
        middle, falling = (1 + np.cos(np.pi * s)) / 2, -np.pi * np.sin(np.pi * s) / 2 / HALF
        strain = shift - mean - BREATH * middle
        self.results["energy"] = (
            valley(s, at[1], at[2], **self.shape) + SPRING * (strain**2).sum() / 2
        )
        on_ion = -self._slope(at)
        on_ion[0] += SPRING * (strain * BREATH).sum() * falling
        self.results["forces"] = np.vstack([on_ion, -SPRING * strain - on_ion / len(strain)])
        if self.nan_at and number == self.nan_at:
            self.results["forces"][0, 0] = np.nan
        if self.moments is not None:
            share = np.clip((s + 1) / 2, 0, 1)
            first, last = np.array(self.moments, dtype=float)
            self.results["magmoms"] = (1 - share) * first + share * last

    def _slope(self, at):
        """By complex step: exact to the last digit (Squire and Trapp, SIAM Rev. 40, 110, 1998)."""
        steps = at + 1e-30j * np.eye(3)
        return np.array([valley(x / HALF, y, z, **self.shape).imag for x, y, z in steps]) / 1e-30

    def _note(self):
        """Write an evaluation down; how many there were."""
        if self.notes is None:
            return 0
        with _noting:
            with Path(f"{self.notes}.txt").open("a") as file:
                file.write(f"{os.getpid()} {threading.get_ident()}\n")
            number = len(Path(f"{self.notes}.txt").read_text().splitlines())
        if self.die_at and number >= self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.fail_at:
            raise RuntimeError("the engine gave up")
        return number


_noting = threading.Lock()
_kept = {}


def _meetings(parties):
    return _kept.setdefault(parties, threading.Barrier(parties))


def valley_path(images=5, ends=(-1.0, 1.0), aside=0.0):
    """A first guess from end to end, the ion ``aside`` Å off the straight way in the middle."""
    guess = []
    for s in np.linspace(*ends, images):
        host = CENTRE + HOST
        ion = CENTRE + np.array([s * HALF, aside * (1 - s * s), 0])
        guess.append(
            Structure(
                Lattice.cubic(10), ["Li", *["O"] * 6], [ion, *host], coords_are_cartesian=True
            )
        )
    return guess


HALF_TURN = {"atoms": [0, 2, 1, 3, 4, 6, 5], "rotation": np.diag([-1.0, -1.0, 1.0]).tolist()}
"""Reverses the way of an ion in a valley that is not tilted."""

SPINELS = {"LNMO": ordered_spinel, "LMO": lithium_manganate}
REPULSION = {"O": (9.0, 0.7), "Mn": (1.5, 1.0), "Ni": (2.5, 1.0), "Li": (0.5, 1.2)}
"""eV and Å: height and width of the Gaussians by which atoms repel the mobile ions."""
REACH = 6.0


class Spinel(Calculator):
    """Li ions in a host of springs, whatever the cell: all atoms repel them, nickel the most.

    The cell does not strain: its stress is nil. Moments are those that the atoms came with.

    Args:
        crystal: of :data:`SPINELS`, in cubic axes.
        spring: eV/Å², that ties every other atom to its place.
        cations: factor on what Mn and Ni do.
        notes: file, less its .txt, to which every evaluation adds its number of atoms; None
            writes nothing.
    """

    implemented_properties = ("energy", "forces", "stress", "magmoms")

    def __init__(self, crystal="LNMO", spring=8.0, cations=1.0, notes=None):
        super().__init__()
        ideal = SPINELS[crystal]()
        self.edge, self.spring, self.notes = ideal.lattice.a, spring, notes
        self.cations = cations
        host = [i for i, site in enumerate(ideal) if site.specie.symbol != "Li"]
        self.places = ideal.cart_coords[host] % self.edge % self.edge
        self.tree = cKDTree(self.places, boxsize=self.edge)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.notes is not None:
            with Path(f"{self.notes}.txt").open("a") as file:
                file.write(f"{len(self.atoms)}\n")
        symbols = np.array(self.atoms.get_chemical_symbols())
        host, ions = np.flatnonzero(symbols != "Li"), np.flatnonzero(symbols == "Li")
        forces, positions = np.zeros((len(symbols), 3)), self.atoms.positions
        _, nearest = self.tree.query(positions[host] % self.edge % self.edge)
        shift = positions[host] - self.places[nearest]
        shift -= self.edge * np.round(shift / self.edge)
        shift -= shift.mean(axis=0)
        energy = self.spring * (shift**2).sum() / 2
        forces[host] = -self.spring * shift
        translations = _translations(self.atoms.cell.array)
        for kind, (strength, width) in REPULSION.items():
            height = strength * (self.cations if kind in ("Mn", "Ni") else 1.0)
            others = np.flatnonzero(symbols == kind)
            arms = positions[ions][:, None, None] - positions[others][None, :, None] - translations
            squares = (arms**2).sum(axis=-1)
            near = (squares < REACH**2) & (squares > 1e-12)
            values = np.where(near, height * np.exp(-squares / (2 * width**2)), 0.0)
            share = 0.5 if kind == "Li" else 1.0
            energy += share * values.sum()
            pushes = (values[..., None] * arms).sum(axis=2) / width**2
            np.add.at(forces, ions, share * pushes.sum(axis=1))
            np.add.at(forces, others, -share * pushes.sum(axis=0))
        self.results["energy"], self.results["forces"] = float(energy), forces
        self.results["stress"] = np.zeros(6)
        self.results["magmoms"] = self.atoms.get_initial_magnetic_moments()


def _translations(cell):
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    most = np.ceil(REACH / heights).astype(int)
    counts = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in most]), axis=-1).reshape(-1, 3)
    return counts @ cell


class Alloy(Calculator):
    """Atoms held where they are: nickel neighbours cost energy, and the volume is elastic.

    E = J (pairs of Ni nearer than 3.6 Å) + K/2 Σ_atoms ln²(V / V₀), V₀ in proportion to the atoms.

    Args:
        pair: J in eV.
        stiffness: K in eV.
        volume: Å³ per atom at rest.
        notes: file, less its .txt, to which every evaluation adds its number of atoms; None
            writes nothing.
        fail: the pairs of Ni per formula unit of orderings that it cannot calculate.
    """

    implemented_properties = ("energy", "forces", "stress", "magmoms")
    reach = 3.6

    def __init__(self, pair=0.1, stiffness=2.0, volume=9.9, notes=None, fail=None):
        super().__init__()
        self.pair, self.stiffness, self.volume = pair, stiffness, volume
        self.notes, self.fail = notes, fail

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.notes is not None:
            with Path(f"{self.notes}.txt").open("a") as file:
                file.write(f"{len(self.atoms)}\n")
        number, space = len(self.atoms), self.atoms.get_volume()
        nickel = self.atoms[self.atoms.symbols == "Ni"]
        pairs = len(neighbor_list("i", nickel, self.reach)) / 2
        if self.fail is not None and abs(pairs / number * 7 - self.fail) < 1e-9:
            raise RuntimeError("the engine gave up")
        strain = np.log(space / (number * self.volume))
        self.results["energy"] = self.pair * pairs + self.stiffness / 2 * number * strain**2
        self.results["forces"] = np.zeros((number, 3))
        pressure = self.stiffness * number * strain / space
        self.results["stress"] = pressure * np.array([1, 1, 1, 0, 0, 0])
        self.results["magmoms"] = self.atoms.get_initial_magnetic_moments()


ENTRIES = {"Li": -1.9, "Ni": -3.1, "Mn": -7.3, "O": -6.1}
"""eV, of an atom of each element."""


class Ledger(Calculator):
    """Every atom has its element's energy, wherever it is: no forces, no stress.

    Moments are those that the atoms came with.

    Args:
        mn3: eV, added for each Mn3+, known by its 4 μB.
        notes: file, less its .txt, to which every evaluation adds the formula; None writes
            nothing.
    """

    implemented_properties = ("energy", "forces", "stress", "magmoms")

    def __init__(self, mn3=0.0, notes=None):
        super().__init__()
        self.mn3, self.notes = mn3, notes

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.notes is not None:
            with Path(f"{self.notes}.txt").open("a") as file:
                file.write(f"{self.atoms.get_chemical_formula()}\n")
        moments = self.atoms.get_initial_magnetic_moments()
        manganese = self.atoms.numbers == 25
        energy = sum(ENTRIES[symbol] for symbol in self.atoms.get_chemical_symbols())
        self.results["energy"] = energy + self.mn3 * float((moments[manganese] == 4.0).sum())
        self.results["forces"] = np.zeros((len(self.atoms), 3))
        self.results["stress"] = np.zeros(6)
        self.results["magmoms"] = moments
