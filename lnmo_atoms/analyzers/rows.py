"""Lines of the comparison's tables: numbers under names that carry their unit."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from lnmo_atoms.analyzers.exposure import FaceExposure
from lnmo_atoms.builders.slabs import Facet, facet_name

Cell = str | float | int | bool | Sequence[str | float | int] | None
Row = dict[str, Cell]
"""A line of a table: unit-bearing column name → value; None where there is no number."""


@dataclass(frozen=True)
class TerminationRow:
    """One termination.

    Attributes:
        facet: Miller indices.
        termination: name of the slab, such as ``"111-a"``.
        gamma_unrelaxed: J/m²; None where the engine gave no number.
        gamma: J/m², relaxed; None if not relaxed.
        converged: of the relaxation; None if not relaxed.
        ranked: relaxed to convergence: its γ may be compared.
        thickness: Å, between the outermost atoms.
        atoms: in the slab.
        symmetric: top equals bottom; else γ is the mean of two different faces.
        stoichiometric: a whole number of bulk formula units.
        dipole_free: no formal charge and no formal dipole.
        changed: what was moved at the surface, in words.
        top: exposed cations of the face along +c, slab as built.
        bottom: those of the other face.
        flags: what a user must know, one line each.
        gamma_refined: J/m², by another engine at these geometries; None where none was asked.
        refined_by: name and version of that engine.
    """

    facet: Facet
    termination: str
    gamma_unrelaxed: float | None
    gamma: float | None
    converged: bool | None
    ranked: bool
    thickness: float
    atoms: int
    symmetric: bool
    stoichiometric: bool
    dipole_free: bool
    changed: str
    top: FaceExposure
    bottom: FaceExposure
    flags: tuple[str, ...]
    gamma_refined: float | None = None
    refined_by: str = ""

    def as_row(self) -> Row:
        """Unit-bearing column name → value; columns of a second engine only where there is one."""
        row: Row = {
            "facet": facet_name(self.facet),
            "termination": self.termination,
            "gamma_unrelaxed_J_per_m2": self.gamma_unrelaxed,
            "gamma_J_per_m2": self.gamma,
        }
        if self.gamma is not None and self.gamma_refined is not None:
            row |= {
                "gamma_refined_J_per_m2": self.gamma_refined,
                "gamma_refined_minus_gamma_J_per_m2": self.gamma_refined - self.gamma,
                "refined_by": self.refined_by,
            }
        row |= {
            "converged": self.converged,
            "ranked": self.ranked,
            "thickness_A": self.thickness,
            "atoms": self.atoms,
            "symmetric": self.symmetric,
            "stoichiometric": self.stoichiometric,
            "dipole_free": self.dipole_free,
            "changed": self.changed,
        }
        for side, face in (("top", self.top), ("bottom", self.bottom)):
            for cation, density in face.density.items():
                row[f"exposed_{cation}_{side}_per_nm2"] = density
            for cation, lost in face.missing.items():
                row[f"missing_O_per_exposed_{cation}_{side}"] = lost
        return row | {"flags": list(self.flags)}


@dataclass(frozen=True)
class FacetRow:
    """One facet, standing for all that symmetry makes equal to it.

    Attributes:
        best: its termination of lowest relaxed γ; the lowest unrelaxed one where none is ranked.
        wulff_share: of the Wulff shape's surface, 0 to 1; None where the shape was refused or
            the facet is not ranked.
        terminations_computed: all of the facet.
        terminations_relaxed: those relaxed, converged or not.
    """

    best: TerminationRow
    wulff_share: float | None
    terminations_computed: int
    terminations_relaxed: int

    @property
    def facet(self) -> Facet:
        """Miller indices."""
        return self.best.facet

    def as_row(self) -> Row:
        """Unit-bearing column name → value."""
        row = self.best.as_row()
        names = ("facet", "termination", "gamma_unrelaxed_J_per_m2", "gamma_J_per_m2")
        own: Row = {
            "wulff_share": self.wulff_share,
            "terminations_computed": self.terminations_computed,
            "terminations_relaxed": self.terminations_relaxed,
        }
        return {name: row[name] for name in names} | own | row


def csv_text(rows: Sequence[Row]) -> str:
    """A table as CSV: columns of all rows, no number an empty cell, lists joined by ``"; "``."""
    stream = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return stream.getvalue()


def _cell(value: Cell) -> str | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(map(str, value))
    return value
