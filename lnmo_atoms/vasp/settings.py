"""What decides VASP's energy beside the geometry, and how it differs between two runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lnmo_atoms.calculators import CalculatorSpec

Tag = bool | int | float | str | None

DEFAULTS: Mapping[str, Tag] = MappingProxyType(
    {
        # exchange and correlation
        "AEXX": 0.0, "AGGAC": 1.0, "AGGAX": 1.0, "ALDAC": 1.0, "ALDAX": 1.0, "GGA_COMPAT": True,
        "HFSCREEN": 0.0, "LMODELHF": False, "LRHFCALC": False, "LTHOMAS": False, "PARAM1": 0.1234,
        "PARAM2": 1.0, "PRECFOCK": "", "VOSKOWN": 0, "ZAB_VDW": -0.8491, "LUSE_VDW": False,
        # dispersion added to it
        "IVDW": 0, "LVDW": False, "VDW_A1": None, "VDW_A2": None, "VDW_CNRADIUS": None,
        "VDW_D": None, "VDW_RADIUS": None, "VDW_S6": None, "VDW_S8": None, "VDW_SR": None,
        # U
        "LDAUTYPE": 2,
        # spin
        "I_CONSTRAINED_M": 0, "LNONCOLLINEAR": False, "LSORBIT": False, "LSPIRAL": False,
        # electrostatics
        "EB_K": None, "EFIELD": 0.0, "EPSILON": 1.0, "LMONO": False, "LSOL": False,
        # representation
        "ADDGRID": False, "LMAXPAW": -100, "ML_LMLFF": False, "NLSPLINE": False,
    }
)  # fmt: skip
"""VASP's default of each further tag that decides an energy; None where VASP has none of its own.

Names and defaults are those of VASP's wiki (vasp.at/wiki, category INCAR tag) and of the lists of
parameters in its output.
"""


def unusual(told: Mapping[str, Any]) -> dict[str, Tag]:
    """Tags of :data:`DEFAULTS` that a file tells and that differ from them.

    Args:
        told: values by the names of their tags, as text or read already.

    Raises:
        ValueError: for a text that is no value of its tag.
    """
    read = {
        tag: _value(DEFAULTS[tag], value)
        for name, value in told.items()
        if (tag := name.upper()) in DEFAULTS
    }
    return {tag: value for tag, value in read.items() if value != DEFAULTS[tag]}


def _value(default: Tag, told: Any) -> Tag:
    """A value of the kind that its default is of; without one, a number."""
    if isinstance(default, bool):
        return str(told).strip(".").upper().startswith("T")
    if isinstance(default, str):
        return str(told).strip().lower()
    return int(told) if isinstance(default, int) else float(told)


@dataclass(frozen=True)
class Settings:
    """What decides an energy beside the geometry.

    Attributes:
        version: of VASP, such as ``"6.4.2"``.
        functional: such as ``"PBE+U"``.
        cutoff: eV.
        hubbard: U − J in eV of the elements that have one.
        hund: J in eV of the elements that have one.
        shells: LDAUL, angular momentum to which U applies, of the elements in ``hubbard``.
        potentials: title of each element's POTCAR.
        spin: 1 or 2.
        fixed_moment: NUPDOWN fixes the moment of the cell.
        aspherical: LASPH.
        precision: PREC, its first letter, by which VASP knows it.
        real_space: LREAL, projection in real space.
        smearing: ISMEAR.
        width: eV, SIGMA.
        tags: those of :data:`DEFAULTS` that have another value, by VASP's names.
    """

    version: str
    functional: str
    cutoff: float
    hubbard: Mapping[str, float]
    hund: Mapping[str, float]
    shells: Mapping[str, int]
    potentials: Mapping[str, str]
    spin: int
    fixed_moment: bool
    aspherical: bool
    precision: str
    real_space: bool
    smearing: int
    width: float
    tags: Mapping[str, Tag]

    def spec(self) -> CalculatorSpec:
        """The engine with these settings."""
        return CalculatorSpec.parse("vasp", **vars(self))

    def differences(self, other: "Settings", its: str) -> Iterator[str]:
        """One line for each setting that makes energies incomparable.

        Args:
            other: settings of another run.
            its: how to call that run.
        """
        for tag, unit, mine, theirs in self._beside(other):
            if mine != theirs:
                yield f"{tag} is {_word(mine)}{unit}, in {its} {_word(theirs)}{unit}"

    def _beside(self, other: "Settings") -> Iterator[tuple[str, str, Tag, Tag]]:
        """Name, unit and both values of all that is compared."""
        yield "ENCUT", " eV", self.cutoff, other.cutoff
        yield "the functional", "", self.functional, other.functional
        yield "ISPIN", "", self.spin, other.spin
        yield "a moment fixed by NUPDOWN", "", self.fixed_moment, other.fixed_moment
        yield "LASPH", "", self.aspherical, other.aspherical
        yield "PREC", "", self.precision, other.precision
        yield "LREAL", "", self.real_space, other.real_space
        yield "ISMEAR", "", self.smearing, other.smearing
        yield "SIGMA", " eV", self.width, other.width
        for tag in sorted({*self.tags, *other.tags}):
            default = DEFAULTS[tag]
            yield tag, "", self.tags.get(tag, default), other.tags.get(tag, default)
        for atom in sorted(set(self.potentials) & set(other.potentials)):
            yield f"U of {atom}", " eV", self.hubbard.get(atom, 0.0), other.hubbard.get(atom, 0.0)
            yield f"J of {atom}", " eV", self.hund.get(atom, 0.0), other.hund.get(atom, 0.0)
            yield f"LDAUL of {atom}", "", self.shells.get(atom), other.shells.get(atom)
            mine, theirs = self.potentials[atom], other.potentials[atom]
            yield f"the POTCAR of {atom}", "", repr(mine), repr(theirs)


def _word(value: Tag) -> str:
    if isinstance(value, bool):
        return ".TRUE." if value else ".FALSE."
    if value is None:
        return "not set"
    return f"{value:g}" if isinstance(value, int | float) else value
