"""A VASP that can be had: it reads the inputs of a folder and writes files in VASP's format.

Energies are given from outside, moments are those of the INCAR times 0.9, atoms move as told. The
files hold what a relaxation writes, as far as anybody reads it.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar

TITLES = {
    "Li": "PAW_PBE Li_sv 10Sep2004",
    "Ni": "PAW_PBE Ni_pv 06Sep2000",
    "Mn": "PAW_PBE Mn_pv 02Aug2007",
    "O": "PAW_PBE O 08Apr2002",
}
VALENCES = {"Li": 3.0, "Ni": 16.0, "Mn": 13.0, "O": 6.0}
SCREENED = 0.9
"""Share of a formal moment inside the PAW sphere."""


@dataclass
class Shown:
    """What one run shows of itself.

    Attributes:
        energies: eV, of each ionic step.
        shift: Å, shape (n, 3), of the atoms from first to last step.
        strain: of the cell from first to last step.
        electronic: steps of the electrons in each ionic step.
        first_electronic: in the first one; None where as many as in the others.
        force: eV/Å, along every axis on every atom at the end; shape (n, 3) for each its own.
        stop: the line that a STOPCAR leaves in OUTCAR.
        version: of VASP.
        titles: of the POTCARs.
    """

    energies: list
    shift: np.ndarray | float = 0.0
    strain: float = 0.0
    electronic: int = 12
    first_electronic: int | None = None
    force: np.ndarray | float = 0.001
    stop: str = ""
    version: str = "6.4.2"
    titles: dict = field(default_factory=lambda: TITLES)

    def loops(self, step):
        """Steps of the electrons in an ionic step."""
        first = self.first_electronic
        return self.electronic if first is None or step > 0 else first


def run_vasp(place, shown, inputs=None):
    """Write vasprun.xml and OUTCAR beside a POSCAR; INCAR and KPOINTS may lie in ``inputs``."""
    place = Path(place)
    inputs = place if inputs is None else Path(inputs)
    incar = Incar.from_file(inputs / "INCAR")
    mesh = tuple(int(n) for n in Kpoints.from_file(inputs / "KPOINTS").kpts[0])
    poscar = Poscar.from_file(place / "POSCAR", check_for_potcar=False).structure
    steps = list(_steps(poscar, shown))
    (place / "vasprun.xml").write_text(vasprun(incar, mesh, poscar, steps, shown))
    (place / "OUTCAR").write_text(outcar(incar, mesh, poscar, steps, shown))


def _steps(poscar, shown):
    """Lattice, fractional positions and energy of every ionic step."""
    number = len(shown.energies)
    for i, energy in enumerate(shown.energies):
        share = i / (number - 1) if number > 1 else 1.0
        lattice = poscar.lattice.matrix * (1 + share * shown.strain)
        moved = poscar.frac_coords + share * np.broadcast_to(
            shown.shift, (len(poscar), 3)
        ) @ np.linalg.inv(lattice)
        yield lattice, moved % 1.0, energy


def _rows(array):
    return "\n".join(f"<v> {' '.join(f'{x:15.8f}' for x in row)} </v>" for row in array)


def _structure(lattice, positions, name="", free=None):
    held = "" if free is None else _held(free)
    return (
        f'<structure {name}><crystal><varray name="basis">\n{_rows(lattice)}\n</varray></crystal>\n'
        f'<varray name="positions">\n{_rows(positions)}\n</varray>{held}</structure>\n'
    )


def _held(free):
    """Selective dynamics."""
    rows = "".join(f"<v> {' '.join('FT'[int(f)] for f in atom)} </v>\n" for atom in free)
    return f'<varray type="logical" name="selective">\n{rows}</varray>'


def _energies(free, zero):
    return (
        f'<energy><i name="e_fr_energy">{free:17.8f} </i>'
        f'<i name="e_wo_entrp">{2 * zero - free:17.8f} </i>'
        f'<i name="e_0_energy">{zero:17.8f} </i></energy>\n'
    )


ENTROPY = 0.004
"""eV, −TS/2: what the extrapolation to no smearing adds to the free energy."""


def electrons(incar, symbols):
    """In the cell, as asked for or of neutral atoms."""
    return float(incar.get("NELECT", sum(VALENCES[symbol] for symbol in symbols)))


def _further(incar):
    """Name and value of further tags of the INCAR that some tests set."""
    names = ("ADDGRID", "EFIELD", "IVDW", "LNONCOLLINEAR", "LSORBIT", "LDAUTYPE", "I_CONSTRAINED_M")
    return [(name, incar[name]) for name in names if name in incar]


def _text(value):
    return {True: "T", False: "F"}[value] if isinstance(value, bool) else str(value)


def _parameters(incar):
    """Name, type and text of the parameters that VASP settles on; IVDW is not among them."""
    logical = {True: " T  ", False: " F  "}
    return [
        ("PREC", "string", str(incar["PREC"]).lower()[:6]),
        ("ENMAX", "", f"{incar['ENCUT']:15.8f}"),
        ("ISMEAR", "int", str(incar["ISMEAR"])),
        ("SIGMA", "", f"{incar['SIGMA']:15.8f}"),
        ("LREAL", "logical", logical[incar["LREAL"] not in (False, ".FALSE.")]),
        ("ISPIN", "int", str(incar["ISPIN"])),
        ("LASPH", "logical", logical[bool(incar["LASPH"])]),
        ("NELM", "int", str(incar["NELM"])),
        ("NUPDOWN", "", str(incar.get("NUPDOWN", -1.0))),
        ("NSW", "int", str(incar["NSW"])),
        ("PSTRESS", "", str(incar.get("PSTRESS", 0.0))),
        ("IBRION", "int", str(incar["IBRION"])),
        ("ISIF", "int", str(incar["ISIF"])),
        ("EDIFFG", "", f"{incar['EDIFFG']:15.8f}"),
        ("LDAU", "logical", logical[bool(incar.get("LDAU"))]),
        ("GGA", "string", str(incar.get("GGA", "--")).upper()),
        ("LDIPOL", "logical", logical[bool(incar.get("LDIPOL"))]),
        ("LHFCALC", "logical", logical[bool(incar.get("LHFCALC"))]),
        ("AEXX", "", str(incar.get("AEXX", 0.0))),
        ("HFSCREEN", "", str(incar.get("HFSCREEN", 0.0))),
        *(
            (name, "logical" if isinstance(value, bool) else "", _text(value))
            for name, value in _further(incar)
            if name != "IVDW"
        ),
    ]


def _forces(shown, symbols):
    return np.broadcast_to(shown.force, (len(symbols), 3))


def vasprun(incar, mesh, poscar, steps, shown):
    """The text of a vasprun.xml."""
    symbols = [site.specie.symbol for site in poscar]
    kinds = list(dict.fromkeys(symbols))
    tags = "".join(
        f'<v name="{name}"> {" ".join(map(str, incar[name]))} </v>\n'
        for name in ("LDAUU", "LDAUJ")
        if name in incar
    )
    if "LDAUL" in incar:
        tags += f'<v type="int" name="LDAUL"> {" ".join(map(str, incar["LDAUL"]))} </v>\n'
    tags += f'<i type="logical" name="LDAU"> {"T" if incar.get("LDAU") else "F"} </i>\n'
    parameters = "".join(
        f'<i {f"type={chr(34)}{kind}{chr(34)} " if kind else ""}name="{name}">{text}</i>\n'
        for name, kind, text in [
            *_parameters(incar),
            ("NELECT", "", f"{electrons(incar, symbols):.4f}"),
        ]
    )
    atoms = "".join(f"<rc><c>{s}</c><c>{kinds.index(s) + 1}</c></rc>\n" for s in symbols)
    types = "".join(
        f"<rc><c>{symbols.count(s):4d}</c><c>{s:2s}</c><c> 1.0</c><c> {VALENCES[s]:.8f}</c>"
        f"<c> {shown.titles[s]} </c></rc>\n"
        for s in kinds
    )
    calculations = "".join(
        "<calculation>\n"
        + shown.loops(i) * f"<scstep>{_energies(energy - ENTROPY, energy)}</scstep>\n"
        + _structure(lattice, positions)
        + f'<varray name="forces">\n{_rows(_forces(shown, symbols))}\n</varray>\n'
        + _energies(energy - ENTROPY, energy)
        + "</calculation>\n"
        for i, (lattice, positions, energy) in enumerate(steps)
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n<generator>\n'
        '<i name="program" type="string">vasp </i>\n'
        f'<i name="version" type="string">{shown.version}  </i>\n</generator>\n'
        f"<incar>\n{tags}</incar>\n"
        '<kpoints><generation param="Gamma">\n'
        f'<v type="int" name="divisions"> {" ".join(map(str, mesh))} </v>\n'
        "</generation></kpoints>\n"
        f'<parameters><separator name="electronic">\n{parameters}</separator></parameters>\n'
        f'<atominfo><array name="atoms"><set>\n{atoms}</set></array>\n'
        f'<array name="atomtypes"><set>\n{types}</set></array></atominfo>\n'
        + _structure(
            poscar.lattice.matrix,
            poscar.frac_coords,
            'name="initialpos"',
            poscar.site_properties.get("selective_dynamics"),
        )
        + calculations
        + _structure(*steps[-1][:2], 'name="finalpos"')
        + "</modeling>\n"
    )


def _cell(lattice):
    inverse = np.linalg.inv(lattice).T
    rows = "".join(
        "".join(f"{x:13.9f}" for x in (*row, *other)) + "\n"
        for row, other in zip(lattice, inverse, strict=True)
    )
    return f"      direct lattice vectors                 reciprocal lattice vectors\n{rows}\n"


def outcar(incar, mesh, poscar, steps, shown):
    """The text of an OUTCAR."""
    symbols = [site.specie.symbol for site in poscar]
    kinds = list(dict.fromkeys(symbols))
    flags = {True: "T", False: "F"}
    moments = incar.get("MAGMOM", [0.0] * len(symbols))
    if incar.get("LSORBIT") or incar.get("LNONCOLLINEAR"):
        moments = np.ravel(moments)[: len(symbols)]
    moments = [m * SCREENED for m in moments]
    table = "".join(
        f"{i + 1:5d}        0.001   0.002 {m - 0.003:7.3f} {m:7.3f}\n"
        for i, m in enumerate(moments)
    )
    us = " ".join(f"{u:5.1f}" for u in incar.get("LDAUU", ()))
    js = " ".join(f"{j:5.1f}" for j in incar.get("LDAUJ", ()))
    plus_u = (
        f" LDA+U is selected, type is set to LDAUTYPE = {incar.get('LDAUTYPE', 2):2d}\n"
        "   angular momentum for each species LDAUL = "
        f"{' '.join(map(str, incar.get('LDAUL', ())))}\n"
        f"   U (eV)           for each species LDAUU = {us}\n"
        f"   J (eV)           for each species LDAUJ = {js}\n"
    )
    head = (
        f" vasp.{shown.version} 20Jul23 (build Jan 01 2024 00:00:00) complex\n INCAR:\n"
        f"   ENCUT = {incar['ENCUT']}\n   LREAL = .{str(bool(incar['LREAL'])).upper()}.\n"
        + 2 * "".join(f" POTCAR:    {shown.titles[kind]}\n" for kind in kinds)
        + "".join(f"   TITEL  = {shown.titles[kind]}\n" for kind in kinds)
        + " Automatic generation of k-mesh.\n Grid dimensions read from file:\n"
        f" generate k-points for: {mesh[0]:4d} {mesh[1]:4d} {mesh[2]:4d}\n"
        "   k-points           NKPTS =      1   number of bands    NBANDS=    300\n"
        "   total plane-waves  NPLWV = 110592\n"
        f"   ions per type =  {' '.join(str(symbols.count(kind)) for kind in kinds)}\n"
        f"   PREC   = {str(incar['PREC']).lower()[:6]}   normal or accurate\n"
        f"   ISPIN  =      {incar['ISPIN']}    spin polarized calculation?\n"
        f"   LASPH  =      {flags[bool(incar['LASPH'])]}    aspherical Exc in radial PAW\n"
        f"   ENCUT  =  {incar['ENCUT']:.1f} eV  38.22 Ry    6.18 a.u.\n"
        f"   NELM   =    {incar['NELM']};   NELMIN=  2; NELMDL= -5     # of ELM steps\n"
        f"   LREAL  =      {flags[bool(incar['LREAL'])]}    real-space projection\n"
        f"   NSW    =    {incar['NSW']}    number of steps for IOM\n"
        f"   PSTRESS=   {incar.get('PSTRESS', 0.0):4.1f} pullay stress\n"
        f"   IBRION =    {incar['IBRION']:3d}    ionic relax: 0-MD 1-quasi-New 2-CG\n"
        f"   ISIF   = {incar['ISIF']:6d}    stress and relaxation\n"
        f"   EDIFFG = {incar['EDIFFG']:.0E}   stopping-criterion for IOM\n"
        f"   ZVAL   = {''.join(f'{VALENCES[kind]:6.2f}' for kind in kinds)}\n"
        f"   NELECT = {electrons(incar, symbols):12.4f}    total number of electrons\n"
        f"   NUPDOWN= {incar.get('NUPDOWN', -1.0):12.4f}    fix difference up-down\n"
        + "".join(f"   {name} = {_text(value)}\n" for name, value in _further(incar))
        + f"   ISMEAR =  {incar['ISMEAR']:4d};   SIGMA  =   {incar['SIGMA']:.2f}  broadening\n"
        + (plus_u if us else "")
        + f"   GGA     =    {str(incar.get('GGA', '--')).upper()}    GGA type\n"
        f"   LDIPOL =      {flags[bool(incar.get('LDIPOL'))]}    correct potential\n"
        f"   LHFCALC =     {flags[bool(incar.get('LHFCALC'))]}    Hartree Fock is set to\n"
        f"   HFSCREEN=    {incar.get('HFSCREEN', 0.0):.4f} screening length\n"
        f"   AEXX    =    {incar.get('AEXX', 0.0):.4f} exact exchange contribution\n"
        + _cell(poscar.lattice.matrix)
        + " k-points in reciprocal lattice and weights: k-points\n"
        "   0.00000000  0.00000000  0.00000000       1.000\n \n"
    )
    body = ""
    for i, (lattice, positions, energy) in enumerate(steps):
        totals = f"without entropy= {energy + ENTROPY:16.8f}  energy(sigma->0) = {energy:16.8f}\n"
        body += "".join(
            f"--------------- Iteration {i + 1:4d}({k + 1:4d})  -------------\n  energy {totals}"
            for k in range(shown.loops(i))
        )
        rows = "".join(
            " ".join(f"{x:12.5f}" for x in place)
            + "   "
            + " ".join(f"{x:13.6f}" for x in force)
            + "\n"
            for place, force in zip(positions @ lattice, _forces(shown, symbols), strict=True)
        )
        line = " " + 83 * "-" + "\n"
        body += (
            f"\n\n magnetization (x)\n \n# of ion       s       p       d       tot\n{42 * '-'}\n"
            f"{table}{50 * '-'}\ntot          0.000   0.000   0.000   0.000\n \n"
            f"  VOLUME and BASIS-vectors are now :\n{_cell(lattice)}"
            " POSITION                                       TOTAL-FORCE (eV/Angst)\n"
            f"{line}{rows}{line}"
            "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)\n"
            f"  {51 * '-'}\n"
            f"  free  energy   TOTEN  = {energy - ENTROPY:16.8f} eV\n\n  energy  {totals}"
        )
    return (
        head
        + body
        + shown.stop
        + "\n General timing and accounting informations for this job:\n"
        + " ========================================================\n"
        + "                         Elapsed time (sec):     1234.500\n"
    )
