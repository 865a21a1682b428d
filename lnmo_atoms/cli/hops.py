"""Command hops: where a mobile ion can go."""

import json as json_format
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from pymatgen.core import Structure
from rich.progress import track

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.builders.hops import Hop, Percolation, find_hops, percolation
from lnmo_atoms.builders.paths import path_images
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.cli.options import Json, StructureFile
from lnmo_atoms.cli.screen import counted, err, line, note, print_json, table
from lnmo_atoms.cli.structures import load
from lnmo_atoms.formats import write
from lnmo_atoms.records import HOPS_FILE
from lnmo_atoms.records.packing import pack
from lnmo_atoms.store.files import RESULTS

LONGEST_TABLE = 20
"""Hops, beyond which the table has a line for each ring composition instead."""


def hops(
    structure: StructureFile = None,
    mobile: Annotated[str, typer.Option(help="Element that hops.")] = "Li",
    longest: Annotated[
        float | None,
        typer.Option(help="Å, the longest hop, site to octahedron to site; default: all."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for hops.json and POSCAR files.")
    ] = Path("hops"),
    every: Annotated[
        bool, typer.Option("--all", help="A line for every hop, however many there are.")
    ] = False,
    json: Json = False,
) -> None:
    """Find every symmetry-distinct hop through an empty octahedron; write its end points.

    The files are unrelaxed: lnmo migrate relaxes them.

    "Alone": in how many dimensions, 0D to 3D, the hop by itself leads through the crystal.

    hops.json holds every hop in full, with the operations that reach its equivalents.

    Example: lnmo hops lnmo.cif -o hops
    """
    if (output / RESULTS).exists():
        raise RequestError(f"{output} holds a study with its own {HOPS_FILE}: give another -o")
    bulk = load(structure, facets=False)
    found = find_hops(bulk, mobile, longest)
    together = percolation(found)
    folder = make_folder(output)
    document = {
        "formula": bulk.composition.element_composition.formula,
        "atoms": len(bulk),
        "mobile": mobile,
        "longest_A": longest,
        "percolation": pack(together),
        "hops": [hop_facts(hop, place) for hop, place in _write_ends(bulk, found, folder)],
    }
    write_text_atomically(folder / HOPS_FILE, json_format.dumps(document) + "\n")
    if json:
        print_json(document)
        return
    total = sum(hop.multiplicity for hop in found)
    title = f"{counted(len(found), f'distinct {mobile} hop')}, {total} in the cell"
    if every or len(found) <= LONGEST_TABLE:
        _show_hops(title, found)
    else:
        _show_rings(title, found)
    line(f"All hops together lead {mobile} {_reach(together)}.")
    note(f"POSCAR files (*.vasp) of end points and octahedra in {folder}, all data in {HOPS_FILE}")


def hop_facts(hop: Hop, place: str | None) -> dict[str, object]:
    """A hop for JSON.

    Args:
        hop: the hop.
        place: folder of its POSCAR files; None where there are none.
    """
    return {
        **pack(hop),
        "ring_class": list(hop.ring_class),
        "percolation": pack(percolation([hop])),
        "poscars": place,
    }


def _write_ends(
    bulk: Structure, found: Sequence[Hop], folder: Path
) -> list[tuple[Hop, str | None]]:
    """Both end points and the octahedron of each hop as POSCAR files; the folder of each hop."""
    still, places, taken = np.zeros((len(bulk), 3)), list[str | None](), Counter[str]()
    for hop in track(found, "writing end points", console=err, transient=True):
        if hop.start == hop.end:
            note(
                f"{hop.label} leads from a site to its own image: its end points need a larger cell"
            )
            places.append(None)
            continue
        name = f"{hop.name}-{hop.start}-{hop.end}"
        taken[name] += 1
        name += f"-{taken[name]}" if taken[name] > 1 else ""
        places.append(name)
        place = make_folder(folder / name)
        images = path_images(bulk, hop, frozenset({hop.end}), still, still, 3)
        for file, image in zip(("initial", "octahedron", "final"), images, strict=True):
            write(image, place / f"{file}.vasp")
    return list(zip(found, places, strict=True))


def _show_hops(title: str, found: Sequence[Hop]) -> None:
    """A line for every hop."""
    table(
        title,
        ("hop", "sites", "per\ncell", "ring in order", "length\nÅ", "bottleneck\nÅ²", "alone"),
        [
            (
                hop.label,
                f"{hop.start} → {hop.end}",
                hop.multiplicity,
                hop.ring_order,
                hop.length,
                hop.bottleneck,
                _dimension(percolation([hop])),
            )
            for hop in found
        ],
    )


def _show_rings(title: str, found: Sequence[Hop]) -> None:
    """A line for every composition of the ring."""
    species = sorted({ion for hop in found for ion in hop.ring})
    rings: Mapping[tuple[int, ...], list[Hop]] = defaultdict(list)
    for hop in found:
        rings[tuple(map(hop.ring.count, species))].append(hop)
    table(
        f"{title}, by what is in the ring",
        (*species, "hops", "per\ncell", "mean\nlength\nÅ", "mean\nbottleneck\nÅ²", "alone"),
        [
            (
                *numbers,
                len(members),
                sum(hop.multiplicity for hop in members),
                _mean([hop.length for hop in members], members),
                _mean([hop.bottleneck for hop in members], members),
                _dimension(percolation(members)),
            )
            for numbers, members in sorted(rings.items())
        ],
    )
    note(f"--all shows all {len(found)} hops")


def _mean(values: Sequence[float], found: Sequence[Hop]) -> float:
    """Over the hops of the cell."""
    return float(np.average(values, weights=[hop.multiplicity for hop in found]))


def _dimension(network: Percolation) -> str:
    """``"3D"``, or ``"0D, 2 sites"`` for a network that is nowhere."""
    return f"{network.dimension}D" if network.dimension else f"0D, {network.sites} sites"


def _reach(network: Percolation) -> str:
    """Where an ion gets in a network."""
    return (
        f"nowhere: it stays in groups of {network.sites} sites (0D)",
        "through the crystal along channels (1D)",
        "through the crystal in planes (2D)",
        "through the crystal in all directions (3D)",
    )[network.dimension]
