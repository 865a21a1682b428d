"""What a slab is, computed from the slab alone: symmetric, stoichiometric, free of dipole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pymatgen.core import Composition, Structure

from lnmo_atoms.builders.bulk import WIDEST_GAP, require_structure, widest_gaps
from lnmo_atoms.builders.charges import formal_charges
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.sites import per_site
from lnmo_atoms.builders.slabs.flip import FLIP_TOLERANCE, Flip, best_flip, nearest_flip
from lnmo_atoms.builders.slabs.geometry import UPRIGHT, face_area, heights, tilt, upright
from lnmo_atoms.builders.slabs.planes import GAP
from lnmo_atoms.builders.slabs.stoichiometry import bulk_formula, formula_units
from lnmo_atoms.builders.slabs.undercoordination import element_counts, exposed_ions

CHARGE_TOLERANCE = 1e-4
"""e; mean valences such as Mn3.333333+ are rounded, and add up."""
WHOLE_ATOM = 1e-6
"""How far from 1 the occupancy of a whole atom may be."""
DIPOLE_TOLERANCE = 1e-6
"""e/Å (e·Å per Å²)."""
SQUARE_ANGSTROMS_PER_NM2 = 100.0


@dataclass(frozen=True)
class Certificate:
    """What can be said of one slab.

    Attributes:
        flip: the operation that maps top onto bottom, or the one that nearly does (see its
            residual), or None.
        formula: reduced formula of the bulk.
        formula_units: bulk formula units in the slab, or None off stoichiometry.
        excess: element → atoms beyond the nearest whole number of formula units, negative where
            they are missing; empty if stoichiometric.
        total_charge: e, formal; None without oxidation states.
        dipole: e/Å, formal dipole moment along the normal per area of one face; zero where there
            are no oxidation states.
        area: Å², of one face.
        thickness_asked: Å.
        thickness: Å, between the outermost atoms.
        vacuum: Å.
        tilt: degrees between c and the normal.
        layers: atomic planes from face to face.
        atoms: in the slab's cell.
        atoms_per_area: element → atoms of the slab per nm² of one face.
        exposed: element → ions per nm² of one face, the mean of both, that have fewer neighbours
            than in the bulk (oxygen of a cation, cations of an oxygen); empty without oxygen.
        coordination_lost: cation → oxygen neighbours lost by each exposed one on both faces,
            ascending; empty without oxygen.
        changed: what was moved, removed or exchanged at the surfaces, in words, empty if nothing.
    """

    flip: Flip | None
    formula: str
    formula_units: int | None
    excess: Mapping[str, int]
    total_charge: float | None
    dipole: float
    area: float
    thickness_asked: float
    thickness: float
    vacuum: float
    tilt: float
    layers: int
    atoms: int
    atoms_per_area: Mapping[str, float]
    exposed: Mapping[str, float]
    coordination_lost: Mapping[str, tuple[int, ...]]
    changed: str

    @property
    def symmetric(self) -> bool:
        """Top equals bottom by a symmetry operation."""
        return self.flip is not None and self.flip.residual < FLIP_TOLERANCE

    @property
    def stoichiometric(self) -> bool:
        """A whole number of bulk formula units."""
        return self.formula_units is not None

    @property
    def neutral(self) -> bool:
        """No formal charge."""
        return abs(self.total_charge or 0.0) < CHARGE_TOLERANCE

    @property
    def dipole_free(self) -> bool:
        """No formal charge and no formal dipole across the slab.

        Equal faces leave no dipole; what the rounded positions of a file add up to, at most
        Σ|q| · residual / 2A, is not counted as one.
        """
        return self.neutral and (self.symmetric or abs(self.dipole) < DIPOLE_TOLERANCE)

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each thing wrong, with what to do; none for a certified slab."""
        return (*self._composition_problems(), *self._shape_problems())

    def _composition_problems(self) -> list[str]:
        found: list[str] = []
        if not self.stoichiometric:
            missing = _listed({e: -n for e, n in self.excess.items() if n < 0})
            surplus = _listed({e: n for e, n in self.excess.items() if n > 0})
            parts = [missing and f"{missing} missing", surplus and f"{surplus} too many"]
            found.append(
                f"not stoichiometric, no whole number of {self.formula}: "
                f"{', '.join(filter(None, parts))}; add or remove these on both faces alike"
            )
        if not self.neutral:
            found.append(
                f"charged with {self.total_charge:+g} e: correct the composition or the "
                "oxidation states"
            )
        return found

    def _shape_problems(self) -> list[str]:
        found: list[str] = []
        if self.flip is None:
            found.append(
                "faces differ, no operation maps top onto bottom: a surface energy is the mean of "
                "two surfaces; make both faces alike where the crystal allows it"
            )
        elif not self.symmetric:
            found.append(
                f"faces differ, the {self.flip.name} maps top onto bottom only within "
                f"{self.flip.residual:.3f} Å: put moved atoms back; in a relaxed slab the "
                "relaxation has broken the symmetry"
            )
        if not self.symmetric and abs(self.dipole) >= DIPOLE_TOLERANCE:
            remedy = (
                "give both faces the same charged planes"
                if self.flip is None
                else "it goes with the difference between the faces"
            )
            found.append(f"a dipole of {self.dipole:+.3g} e/Å across the slab: {remedy}")
        if self.tilt > UPRIGHT:
            found.append(
                f"c leans {self.tilt:.2f}° off the normal: put its part along the normal in its "
                "place"
            )
        if self.vacuum <= WIDEST_GAP:
            found.append(
                f"no vacuum, the widest gap along c is {self.vacuum:.1f} Å: lengthen c to leave "
                "15 Å"
            )
        return found


def certify(
    structure: Structure,
    bulk: Composition,
    thickness_asked: float = 0.0,
    changed: str = "",
    *,
    flip: Flip | None = None,
    coordination: Sequence[int] | None = None,
) -> Certificate:
    """Examine a slab, knowing nothing of how it was made.

    Args:
        structure: slab of whole atoms in any cell with vacuum along c.
        bulk: composition of the bulk, any multiple of its formula.
        thickness_asked: Å, recorded.
        changed: what was done to its surfaces, recorded.
        flip: an operation to try first, on fractional coordinates of the slab; its residual is
            measured, and where it does not hold another one is looked for.
        coordination: neighbours of each site of the bulk, by ``bulk_site`` index, as
            :func:`~lnmo_atoms.builders.coordination.coordination_numbers` counts them; without it
            those in the middle of the slab are the bulk's.

    Raises:
        RequestError: for partial occupancies, or oxidation states on some species only.
    """
    if not all(per_site(structure, _is_whole)):
        raise RequestError("the slab has partially occupied sites: give one of whole atoms")
    slab = upright(structure)
    z, area, charges = heights(slab), face_area(slab), formal_charges(slab)
    counts = element_counts(slab)
    units, excess = formula_units(counts, bulk)
    per_area = SQUARE_ANGSTROMS_PER_NM2 / area
    lost = exposed_ions(slab, coordination)
    return Certificate(
        flip=best_flip(slab, flip),
        formula=bulk.element_composition.reduced_formula,
        formula_units=units if units and not excess else None,
        excess=excess,
        total_charge=None if charges is None else float(charges.sum()),
        dipole=0.0 if charges is None else float(charges @ (z - z.mean())) / area,
        area=area,
        thickness_asked=thickness_asked,
        thickness=float(np.ptp(z)),
        vacuum=slab.lattice.volume / area - float(np.ptp(z)),
        tilt=tilt(structure),
        layers=1 + int((np.diff(np.sort(z)) > GAP).sum()),
        atoms=len(slab),
        atoms_per_area={e: n * per_area for e, n in counts.items()},
        exposed={e: len(ions) / 2 * per_area for e, ions in lost.items()},
        coordination_lost={e: ions for e, ions in lost.items() if e != "O"},
        changed=changed,
    )


def check(structure: Structure, bulk: Composition | None = None) -> Certificate:
    """Recompute the certificate of any slab, as of one read from a file.

    Vacuum along c may lie anywhere, atoms may be wrapped across c, the lattice vectors may be
    left-handed; c off the normal is named as a problem. A relaxed slab is examined as it stands:
    its flip's residual and its dipole are measured, but the verdicts on both are meant for slabs
    as built, whose formal charges sit on ideal positions.

    Args:
        structure: the slab; without oxidation states it has no dipole, see
            :func:`~lnmo_atoms.builders.charges.with_formal_charges`.
        bulk: composition of the bulk; without it :func:`bulk_formula` of the slab.

    Raises:
        RequestError: for what is no slab with its vacuum along c, for partial occupancies, or
            oxidation states on some species only.
    """
    require_structure(structure)
    gaps = dict(zip("abc", widest_gaps(structure), strict=True))
    if gaps["c"] <= WIDEST_GAP:
        raise RequestError(
            f"the structure is no slab: its widest gap along c is {gaps['c']:.1f} Å and should be "
            f"more than {WIDEST_GAP:.0f} Å; a bulk crystal, or its vacuum is not along c"
        )
    if across := [axis for axis in "ab" if gaps[axis] > WIDEST_GAP]:
        raise RequestError(
            f"the structure is a wire or a molecule: besides c it has a gap of "
            f"{gaps[across[0]]:.1f} Å along {across[0]}; give a slab"
        )
    formula = bulk_formula(structure.composition) if bulk is None else bulk
    certificate = certify(structure, formula)
    if certificate.flip is None:
        return replace(certificate, flip=nearest_flip(upright(structure)))
    return certificate


def _is_whole(species: Composition) -> bool:
    """One atom of one species, no mixture and no vacancy."""
    return len(species) == 1 and abs(species.num_atoms - 1) < WHOLE_ATOM


def _listed(amounts: Mapping[str, int]) -> str:
    """``2 Li and 1 O``."""
    return " and ".join(f"{n} {element}" for element, n in amounts.items())
