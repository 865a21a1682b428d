"""Commands that make structures: build, slabs, hops."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from pymatgen.core import Structure

from lnmo_atoms.builders.charges import formal_charges, with_formal_charges
from lnmo_atoms.builders.hops import Hop, find_hops
from lnmo_atoms.builders.paths import path_images
from lnmo_atoms.builders.slabs import Slab, distinct_facets, make_slabs
from lnmo_atoms.builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
    valid_supercell,
)
from lnmo_atoms.builders.symmetry import conventional_cell, space_group
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.outputs import draw_slabs
from lnmo_atoms.cli.recipe import parse_facet
from lnmo_atoms.cli.screen import counted, note, print_json, table
from lnmo_atoms.formats import read, write

StructureFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[STRUCTURE]", help="CIF, POSCAR, extxyz or JSON; without it, ordered LNMO."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


class Crystal(StrEnum):
    """What can be built."""

    ORDERED = "ordered"
    DISORDERED = "disordered"
    AVERAGE = "average"
    LIMN2O4 = "limn2o4"


def load(path: Path | None) -> Structure:
    """The user's structure with formal charges, or ordered LNMO."""
    if path is None:
        return ordered_spinel()
    given = read(path)
    charged = with_formal_charges(given)
    if charged is not given:
        states = ", ".join(sorted({site.species_string for site in charged}))
        note(f"{path} has no oxidation states: taken as {states}")
    elif formal_charges(charged) is None and not all(e.is_metal for e in charged.elements):
        note(f"{path} has no oxidation states: dipoles cannot be judged")
    bulk = conventional_cell(charged)
    if bulk is not charged:
        note(
            f"{path} holds a primitive cell: its conventional cell of {len(bulk)} atoms is used, "
            "and Miller indices refer to that"
        )
    return bulk


def build(
    crystal: Annotated[Crystal, typer.Argument(help="Which crystal.", show_default=False)],
    output: Annotated[
        list[Path],
        typer.Option(
            "-o",
            "--output",
            help="File to write: NAME.cif, POSCAR, NAME.vasp, NAME.extxyz, NAME.json. Repeatable.",
            show_default=False,
        ),
    ],
    cell: Annotated[
        tuple[int, int, int], typer.Option(help="Repeats of the 56-atom cubic cell.")
    ] = (1, 1, 1),
    a: Annotated[
        float | None, typer.Option("-a", help="Cubic lattice parameter in Å; default: experiment.")
    ] = None,
    nickel: Annotated[
        float, typer.Option(help="x in LiNixMn2-xO4 (disordered): 0 to 0.5, the rest Mn3+.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="Of the random generator (disordered).")] = 0,
    enantiomorph: Annotated[
        bool, typer.Option("--enantiomorph", help="P4_132 instead of P4_332 (ordered).")
    ] = False,
    json: Json = False,
) -> None:
    """Build a crystal with charges and moments.

    Example: lnmo build disordered --cell 2 2 2 --seed 7 -o lnmo.cif -o POSCAR
    """
    if crystal is Crystal.DISORDERED:
        structure = disordered_spinel(cell, nickel=nickel, seed=seed, a=a)
    else:
        repeats = valid_supercell(cell)
        structure = {
            Crystal.ORDERED: lambda: ordered_spinel(a, enantiomorph),
            Crystal.AVERAGE: lambda: average_spinel(a),
            Crystal.LIMN2O4: lambda: lithium_manganate(a),
        }[crystal]()
        if cell != (1, 1, 1):
            structure.make_supercell(repeats)
    for path in output:
        write(structure, path)
    group = space_group(structure)
    facts = {
        "formula": structure.composition.element_composition.formula,
        "atoms": len(structure),
        "space_group": group.symbol,
        "space_group_number": group.number,
        "a_A": structure.lattice.a,
        "b_A": structure.lattice.b,
        "c_A": structure.lattice.c,
        "moment_muB": float(sum(structure.site_properties["magmom"])),
        "seed": seed if crystal is Crystal.DISORDERED else None,
        "files": [str(path) for path in output],
    }
    if json:
        print_json(facts)
    else:
        table(
            f"{crystal.value}: {facts['formula']}",
            ("atoms", "space group", "a / Å", "b / Å", "c / Å", "moment / μB", "files"),
            [
                (
                    facts["atoms"],
                    f"{group.symbol} ({group.number})",
                    *structure.lattice.abc,
                    facts["moment_muB"],
                    ", ".join(map(str, output)),
                )
            ],
        )


def slabs(
    structure: StructureFile = None,
    facet: Annotated[
        list[str], typer.Option("--facet", help="Miller indices such as 111 or 1-10. Repeatable.")
    ] = ["111"],  # noqa: B006 - typer copies it
    thickness: Annotated[float, typer.Option(help="Å between outermost atoms, at least.")] = 12.0,
    vacuum: Annotated[float, typer.Option(help="Å.")] = 15.0,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for POSCAR, CIF and PNG files.")
    ] = Path("slabs"),
    json: Json = False,
) -> None:
    """Cut every symmetric, stoichiometric, dipole-free slab of a facet.

    Example: lnmo slabs lnmo.cif --facet 111 --facet 100 -o slabs
    """
    bulk = load(structure)
    facets = distinct_facets([parse_facet(f) for f in facet], bulk)
    found = [slab for f in facets for slab in make_slabs(bulk, f, thickness, vacuum)]
    folder = make_folder(output)
    for slab in found:
        write(slab.structure, folder / f"{slab.name}.vasp")
        write(slab.structure, folder / f"{slab.name}.cif")
    draw_slabs(found, folder)
    if json:
        print_json([_slab_facts(slab) for slab in found])
        return
    columns = ("slab", "atoms", "thick\nÅ", "area\nÅ²", "layers", "dipole\ne/Å", "faces equal by")
    rows = [
        (
            slab.name,
            slab.certificate.atoms,
            slab.certificate.thickness,
            slab.certificate.area,
            slab.certificate.layers,
            round(slab.certificate.dipole, 6) + 0.0,
            slab.certificate.flip.name if slab.certificate.flip else None,
        )
        for slab in found
    ]
    table(
        f"{counted(len(found), 'slab')}, all symmetric, stoichiometric, dipole-free", columns, rows
    )
    for text in dict.fromkeys(
        slab.certificate.changed for slab in found if slab.certificate.changed
    ):
        names = [slab.name for slab in found if slab.certificate.changed == text]
        shown = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)})"
        note(f"{shown}: {text}")
    note(f"POSCAR (*.vasp), CIF and PNG files in {folder}")


def _slab_facts(slab: Slab) -> dict[str, object]:
    c = slab.certificate
    return {
        "slab": slab.name,
        "facet": list(slab.facet),
        "formula": c.formula,
        "formula_units": c.formula_units,
        "atoms": c.atoms,
        "symmetric": c.symmetric,
        "stoichiometric": c.stoichiometric,
        "dipole_free": c.dipole_free,
        "flip": c.flip.name if c.flip else None,
        "flip_residual_A": c.flip.residual if c.flip else None,
        "total_charge_e": c.total_charge,
        "dipole_e_per_A": c.dipole,
        "area_A2": c.area,
        "thickness_asked_A": c.thickness_asked,
        "thickness_A": c.thickness,
        "vacuum_A": c.vacuum,
        "layers": c.layers,
        "changed": c.changed,
    }


def hops(
    structure: StructureFile = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for POSCAR files of each hop.")
    ] = Path("hops"),
    json: Json = False,
) -> None:
    """Find every symmetry-distinct Li hop through an empty octahedron; write its end points.

    The files are unrelaxed: lnmo migrate relaxes them.

    Example: lnmo hops lnmo.cif -o hops
    """
    bulk = load(structure)
    found = find_hops(bulk)
    folder = make_folder(output)
    still = np.zeros((len(bulk), 3))
    for hop in found:
        images = path_images(bulk, hop, still, still, 3)
        place = make_folder(folder / f"{hop.name}-{hop.start}-{hop.end}")
        for name, image in zip(("initial", "octahedron", "final"), images, strict=True):
            write(image, place / f"{name}.vasp")
    if json:
        print_json([hop_facts(hop) for hop in found])
        return
    table(
        f"{len(found)} distinct hops, {sum(hop.multiplicity for hop in found)} in the cell",
        ("hop", "sites", "multiplicity", "ring of six cations", "length / Å"),
        [
            (h.label, f"{h.start} → {h.end}", h.multiplicity, h.ring_formula, h.length)
            for h in found
        ],
    )
    note(f"POSCAR files (*.vasp) of end points and octahedra in {folder}")


def hop_facts(hop: Hop) -> dict[str, object]:
    """A hop for JSON."""
    return {
        "hop": hop.label,
        "start_site": hop.start,
        "end_site": hop.end,
        "end_image": [int(i) for i in hop.end_image],
        "octahedron": [float(x) for x in hop.octahedron],
        "ring": list(hop.ring),
        "multiplicity": hop.multiplicity,
        "length_A": hop.length,
    }
