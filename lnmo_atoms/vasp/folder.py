"""A finished folder, as results in our order of atoms, once it is sure to be what was written."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats.poscar import poscar_order
from lnmo_atoms.results import TaskResult
from lnmo_atoms.vasp.inputs import criterion
from lnmo_atoms.vasp.kpoints import Sampling
from lnmo_atoms.vasp.manifest import Calculation, Kind, Plan
from lnmo_atoms.vasp.outcar import Outcar
from lnmo_atoms.vasp.relaxation import shortfall
from lnmo_atoms.vasp.run import Run
from lnmo_atoms.vasp.vasprun import read_vasprun

SAME_CELL = 1e-3
"""Å."""
AS_WRITTEN = 0.01
"""Å, from the exported positions, within which a run began there and not at a later geometry."""


class NotRunError(RequestError):
    """A folder in which VASP has not begun."""


@dataclass(frozen=True)
class Finished:
    """A geometry that VASP has calculated.

    Attributes:
        structure: as exported.
        run: atoms in the order of ``structure``.
        slab: its third lattice vector crosses the vacuum.
        restarted: the run began at another geometry than the exported one.
        lacking: what it lacks to be relaxed as exported; None where nothing.
    """

    structure: Structure
    run: Run
    slab: bool
    restarted: bool
    lacking: str | None

    @property
    def relaxed(self) -> bool:
        """As far as it was exported to be."""
        return self.lacking is None

    @property
    def as_cut(self) -> bool:
        """Its first energy is one, and of the exported geometry."""
        return self.run.first_electronic and not self.restarted

    @property
    def sampling(self) -> Sampling:
        """Of the reciprocal cell."""
        return Sampling(self.run.first_lattice, self.run.mesh, self.slab)

    @property
    def result(self) -> TaskResult:
        """The relaxation; coordinates that VASP wrapped into the cell are unwrapped."""
        run, given = self.run, self.structure.frac_coords
        shift = run.positions - given
        return self._result(
            run.energy, run.lattice, given + shift - np.round(shift), run.forces, self.relaxed
        )

    @property
    def first(self) -> TaskResult:
        """The first geometry as it stands."""
        run = self.run
        return replace(
            self._result(run.first_energy, run.first_lattice, self.structure.frac_coords, None),
            moments=None,
            steps=0,
            force_calls=1,
        )

    def _result(
        self,
        energy: float,
        lattice: NDArray[np.float64],
        positions: NDArray[np.float64],
        forces: NDArray[np.float64] | None,
        converged: bool = True,
    ) -> TaskResult:
        given = self.structure
        return TaskResult(
            energy=energy,
            structure=Structure(
                Lattice(lattice),
                given.species,
                positions,
                site_properties=given.site_properties,
            ),
            forces=forces,
            moments=self.run.moments,
            converged=converged,
            steps=self.run.steps,
            force_calls=self.run.steps,
            seconds=self.run.seconds,
        )


def finished(calculation: Calculation, plan: Plan, root: Path) -> list[Finished]:
    """What VASP did in a folder: one geometry, or every image between a path's end points.

    Args:
        calculation: of the folder.
        plan: of the hand-off.
        root: of the hand-off.

    Raises:
        RequestError: in one line, what is missing or wrong; a ``NotRunError`` where VASP has not
            begun.
    """
    place, kind = root / calculation.folder, calculation.kind
    fmax = criterion(kind, plan.fmax)
    if not place.is_dir():
        raise RequestError("the folder is missing: bring it back, or export again")
    if kind != "hop":
        return [_finished(calculation.structures[0], place, kind, fmax)]
    found = []
    for number, image in enumerate(calculation.structures[1:-1], 1):
        try:
            found.append(_finished(image, place / f"{number:02d}", kind, fmax))
        except NotRunError:
            raise
        except RequestError as error:
            raise RequestError(f"image {number:02d}: {error}") from error
    return found


def _finished(structure: Structure, place: Path, kind: Kind, fmax: float) -> Finished:
    order = np.array(poscar_order(structure))
    run = _read(place)
    if run.symbols != tuple(structure[int(i)].specie.symbol for i in order):
        raise RequestError("its atoms are not those of the exported POSCAR, in its order")
    run = run.reordered(np.argsort(order))
    same_cell = np.abs(run.first_lattice - structure.lattice.matrix).max() < SAME_CELL
    if kind != "cell" and not same_cell:
        raise RequestError("its cell is not that of the exported POSCAR: energies would not match")
    if not run.electronic:
        raise RequestError("the electrons did not converge: its energy is not used")
    distances = structure.lattice.get_all_distances(run.first_positions, structure.frac_coords)
    _require_own_places(distances, run.symbols)
    restarted = not same_cell or float(distances.diagonal().max()) > AS_WRITTEN
    return Finished(structure, run, kind == "slab", restarted, shortfall(run, kind, fmax))


def _require_own_places(distances: NDArray[np.float64], symbols: tuple[str, ...]) -> None:
    """Every atom began nearest to its own exported place among those of its element.

    Raises:
        RequestError: for the first that did not.
    """
    elements = np.array(symbols)
    among = np.where(elements[:, None] == elements, distances, np.inf)
    if (wrong := np.flatnonzero(among.argmin(axis=1) != np.arange(len(elements)))).size:
        atom = int(wrong[0])
        raise RequestError(
            f"its atoms began in other places than in the exported POSCAR ({elements[atom]} "
            f"{atom} lies on another's): the file was sorted anew, or belongs to another folder"
        )


def _read(place: Path) -> Run:
    """``vasprun.xml`` with what OUTCAR alone tells, or OUTCAR alone."""
    outcar = _first(place, "OUTCAR")
    text = None if outcar is None else Outcar.read(outcar)
    if (vasprun := _first(place, "vasprun.xml")) is None:
        if text is None:
            raise NotRunError("not run yet")
        return text.run()
    try:
        run = read_vasprun(vasprun)
    except RequestError:
        with suppress(RequestError):
            if text is not None:
                return text.run()
        raise
    if text is None:
        return run
    return text.beside(run)


def _first(place: Path, name: str) -> Path | None:
    """The file, packed or not."""
    return next((p for p in (place / name, place / f"{name}.gz") if p.is_file()), None)
