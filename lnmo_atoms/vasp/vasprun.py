"""``vasprun.xml``, read by pymatgen."""

import itertools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from monty.io import zopen
from numpy.typing import NDArray
from pymatgen.core import Structure
from pymatgen.io.vasp.outputs import Vasprun

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.vasp.kpoints import Mesh
from lnmo_atoms.vasp.run import Ending, Run, require_neutral, require_no_pressure
from lnmo_atoms.vasp.settings import Settings, unusual

FUNCTIONALS = {"PE": "PBE", "PS": "PBEsol", "RP": "RPBE", "RE": "revPBE", "CA": "LDA", "91": "PW91"}
"""By VASP's tag GGA."""
NONE = ("", "--", "f", "none")
HEAD = 4096
"""Bytes within which the root of the document must begin."""
TYPE = re.compile(r"<rc><c> *(\d+) *</c><c>[^<]*</c><c>[^<]*</c><c> *([\d.]+) *</c><c>")
"""A row of the table of elements: atoms, element, mass, valence."""


def read_vasprun(path: Path) -> Run:
    """The run that a file tells of, without moments, which it has none of.

    Raises:
        RequestError: where the file is cut off, damaged, not of a relaxation, or of one under
            pressure or of a charged cell.
    """
    try:
        found = _parsed(path)
        steps = found.ionic_steps
        tags = {**found.incar, **found.parameters}
        require_no_pressure(float(tags.get("PSTRESS", 0.0)))
        require_neutral(float(tags["NELECT"]), _valence_electrons(path))
        run = Run(
            settings=_settings(found, tags),
            mesh=_mesh(found),
            symbols=tuple(found.atomic_symbols),
            first_lattice=found.initial_structure.lattice.matrix,
            lattice=steps[-1]["structure"].lattice.matrix,
            first_positions=found.initial_structure.frac_coords,
            positions=steps[-1]["structure"].frac_coords,
            first_energy=_energy(steps[0]),
            energy=_energy(steps[-1]),
            forces=np.array(steps[-1]["forces"], dtype=float),
            moments=None,
            free=_free(found.initial_structure),
            dipole=bool(tags.get("LDIPOL")),
            first_electronic=len(steps[0]["electronic_steps"]) < int(tags["NELM"]),
            electronic=bool(found.converged_electronic),
            ending=Ending(
                most=int(tags["NSW"]),
                limit=float(tags["EDIFFG"]),
                method=int(tags["IBRION"]),
                freedom=int(tags["ISIF"]),
            ),
            steps=len(steps),
            seconds=0.0,
        )
    except RequestError:
        raise
    except Exception as error:  # on a cut or damaged file pymatgen raises anything
        raise RequestError(
            f"{path.name} is cut off or damaged: let VASP end, or run it again"
        ) from error
    if not run.whole:
        raise RequestError(f"{path.name} is damaged: its numbers are not those of one run")
    return run


def _parsed(path: Path) -> Vasprun:
    """The file without its states.

    Raises:
        RequestError: where it does not begin as VASP begins it: a document that defines entities
            before its root could make the parser open other files.
    """
    with zopen(path, "rb") as stream:
        head = bytes(stream.read(HEAD))
    before, root, _ = head.partition(b"<modeling")
    if not root or b"<!" in before:
        raise RequestError(f"{path.name} is no file of VASP")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Vasprun(path, parse_dos=False, parse_eigen=False, parse_potcar_file=False)


def _energy(step: Mapping[str, Any]) -> float:
    """EV, extrapolated to no smearing.

    The last electronic step tells it: in some versions the total of an ionic step is the energy
    without the extrapolation.
    """
    last = step["electronic_steps"][-1]
    return float(step["e_fr_energy"] + last["e_0_energy"] - last["e_fr_energy"])


def _valence_electrons(path: Path) -> float:
    """Of all atoms, by the POTCARs' valences, which pymatgen does not keep."""
    with zopen(path, "rt", encoding="latin-1") as stream:
        head = "".join(itertools.takewhile(lambda line: "initialpos" not in line, stream))
    types = TYPE.findall(head[head.index("atomtypes") :])
    return sum(int(count) * float(valence) for count, valence in types)


def _free(start: Structure) -> NDArray[np.bool_]:
    """Shape (n, 3): all but what selective dynamics hold."""
    flags = start.site_properties.get("selective_dynamics", np.ones((len(start), 3)))
    return np.array(flags, dtype=bool)


def _mesh(found: Vasprun) -> Mesh | None:
    kpts = found.kpoints.kpts
    if found.kpoints.style.name not in ("Gamma", "Monkhorst") or len(kpts) != 1:
        return None
    a, b, c = (int(number) for number in kpts[0])
    return a, b, c


def _settings(found: Vasprun, tags: Mapping[str, Any]) -> Settings:
    titles = list(found.potcar_symbols)
    elements = list(dict.fromkeys(found.atomic_symbols))
    hubbard = {element: float(u) for element, u in found.hubbards.items() if u}
    listed = {**found.parameters, **found.incar}
    hund, shells = (
        dict(zip(elements, listed.get(tag, ()), strict=False)) for tag in ("LDAUJ", "LDAUL")
    )
    return Settings(
        version=str(found.vasp_version).split()[0],
        functional=functional(tags, titles, bool(hubbard)),
        cutoff=float(tags["ENMAX"]),
        hubbard=hubbard,
        hund={element: float(hund[element]) for element in hubbard if hund.get(element)},
        shells={element: int(shells.get(element, 2)) for element in hubbard},
        potentials=dict(zip(elements, titles, strict=True)),
        spin=int(tags["ISPIN"]),
        fixed_moment=float(tags.get("NUPDOWN", -1)) >= 0,
        aspherical=bool(tags["LASPH"]),
        precision=str(tags["PREC"])[0].lower(),
        real_space=bool(tags["LREAL"]),
        smearing=int(tags["ISMEAR"]),
        width=float(tags["SIGMA"]),
        tags=unusual(tags),
    )


def functional(tags: Mapping[str, Any], titles: list[str], hubbard: bool) -> str:
    """Such as ``"PBE+U"``, from VASP's tags and the titles of the potentials."""
    meta, gga = (str(tags.get(name, "")).strip() for name in ("METAGGA", "GGA"))
    if meta.lower() not in NONE:
        name = meta
    elif gga.lower() not in NONE:
        name = FUNCTIONALS.get(gga.upper(), gga)
    else:
        name = "PBE" if all(title.startswith("PAW_PBE") for title in titles) else "LDA"
    hybrid = "hybrid " if tags.get("LHFCALC") else ""
    return f"{hybrid}{name}{'+U' if hubbard else ''}"
