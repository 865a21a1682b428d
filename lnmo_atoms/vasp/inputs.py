"""A folder of VASP inputs: POSCAR, INCAR, KPOINTS, and the names of the POTCARs.

PBE+U as the Materials Project sets it (pymatgen's ``MPRelaxSet``: 520 eV, U of 3.9 eV on Mn and
6.2 eV on Ni, its choice of potentials) with what differences of total energies need beside it: one
smearing and one way of projection for all cells, and electrons converged to 1e-6 eV whatever the
number of atoms. POTCAR files are licensed and never written: ``POTCAR.spec`` names them, a line
for each element of the POSCAR, as pymatgen does.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pymatgen.core import Structure
from pymatgen.io.vasp.inputs import Incar, Kpoints
from pymatgen.io.vasp.sets import MPRelaxSet

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.formats.poscar import format_poscar, poscar_order
from lnmo_atoms.formats.sites import warnings_to
from lnmo_atoms.migration.end_points import END_POINT_FMAX
from lnmo_atoms.reference import BULK_FMAX
from lnmo_atoms.vasp.kpoints import mesh
from lnmo_atoms.vasp.manifest import Calculation, Kind, Plan, log

POTENTIALS: Literal["PBE_54"] = "PBE_54"
"""VASP's set of PAW potentials."""
OUTPUTS = ("OUTCAR", "OUTCAR.gz", "vasprun.xml", "vasprun.xml.gz")

SAME_ENERGIES: Mapping[str, Any] = MappingProxyType(
    {
        "ALGO": "Normal",
        "EDIFF": 1e-6,
        "ENCUT": 520,
        "GGA": "PE",
        "ISMEAR": 0,
        "ISPIN": 2,
        "LASPH": True,
        "LMAXMIX": 4,
        "NELM": 200,
        "NELMIN": 5,
        "PREC": "Accurate",
        "SIGMA": 0.05,
    }
)
"""In every folder, so that energies may be subtracted."""
RELAX: Mapping[str, Any] = MappingProxyType({"IBRION": 2, "ISIF": 2, "NSW": 200, "LWAVE": False})
KINDS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "cell": {"ISIF": 3},
        "bulk": {},
        "slab": {},
        # a defect may distort what is around it: no symmetry is imposed
        "end point": {"ISYM": 0},
        # LCLIMB is of the VTST tools; VASP without them ignores it
        "hop": {
            "IBRION": 1, "POTIM": 0.3, "SPRING": -5, "LCLIMB": True, "ISYM": 0, "LCHARG": False,
        },
    }
)  # fmt: skip


def write_inputs(calculation: Calculation, plan: Plan, root: Path) -> None:
    """Write the folder of one calculation; what VASP has written there is never touched.

    Args:
        calculation: what to write.
        plan: of the hand-off.
        root: of the hand-off.

    Raises:
        RequestError: where the folder holds outputs already, or cannot be written.
    """
    place = root / calculation.folder
    if any((place / name).exists() for name in OUTPUTS):
        raise RequestError(f"{place} holds a run of VASP already: give another folder with -o")
    incar, potentials = settings(calculation, plan)
    first = calculation.structures[0]
    divisions = mesh(first.lattice, slab=calculation.kind == "slab")
    texts = {
        "INCAR": str(incar),
        "KPOINTS": str(Kpoints.gamma_automatic(divisions)),
        "POTCAR.spec": "\n".join(potentials) + "\n",
    }
    if calculation.kind == "hop":
        for number, image in enumerate(calculation.structures):
            texts[f"{number:02d}/POSCAR"] = format_poscar(image)
    else:
        texts["POSCAR"] = format_poscar(first)
    for name, text in texts.items():
        path = place / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RequestError(f"cannot make the folder {path.parent}: {error.strerror}") from error
        write_text_atomically(path, text)


def settings(calculation: Calculation, plan: Plan) -> tuple[Incar, list[str]]:
    """INCAR and names of the potentials, both in the order of the POSCAR.

    ``LREAL`` is one for the whole hand-off, see :class:`Plan`: the error of projectors in real
    space belongs to the atoms, and leaves a difference of energies only where both sides have it.
    A slab whose faces are equal has no dipole and gets no correction for one; where they differ,
    the dipole along the normal is corrected.

    Args:
        calculation: what is run.
        plan: of the hand-off.
    """
    kind = calculation.kind
    tags = {**SAME_ENERGIES, **RELAX, **KINDS[kind], "EDIFFG": -criterion(kind, plan.fmax)}
    tags["LREAL"] = "Auto" if plan.real_space else False
    if calculation.kind == "hop":
        tags["IMAGES"] = len(calculation.structures) - 2
    if calculation.slab is not None and not calculation.slab.certificate.symmetric:
        centre = calculation.slab.structure.frac_coords.mean(axis=0)
        tags |= {"LDIPOL": True, "IDIPOL": 3, "DIPOL": [0.5, 0.5, round(float(centre[2]), 4)]}
    with warnings_to(log):
        chosen = MPRelaxSet(
            in_file_order(calculation.structures[0]),
            user_incar_settings=tags,
            user_potcar_functional=POTENTIALS,
            sort_structure=False,
        )
        return chosen.incar, list(chosen.potcar_symbols)


def criterion(kind: Kind, fmax: float) -> float:
    """EV/Å, largest force that a relaxation leaves; ``fmax`` for slabs and paths."""
    own: dict[str, float] = {
        "cell": BULK_FMAX, "bulk": BULK_FMAX, "end point": END_POINT_FMAX,
    }  # fmt: skip
    return own.get(kind, fmax)


def in_file_order(structure: Structure) -> Structure:
    """Elements and moments as the POSCAR lists them."""
    sites = [structure[i] for i in poscar_order(structure)]
    known = all("magmom" in site.properties for site in sites)
    return Structure(
        structure.lattice,
        [site.specie.symbol for site in sites],
        [site.frac_coords for site in sites],
        site_properties={"magmom": [float(site.properties["magmom"]) for site in sites]}
        if known
        else None,
    )
