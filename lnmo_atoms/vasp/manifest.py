"""``export.json``: what was asked for, and what each folder of a hand-off is.

The file is read back as data: folders are plain names inside the hand-off's own, and no class that
a file may name is built but pymatgen's structures.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.slabs import Slab
from lnmo_atoms.records.files import reading, write
from lnmo_atoms.records.packing import pack, plain, unpack

log = logging.getLogger("lnmo_atoms.vasp")

MANIFEST = "export.json"
FORMAT = "lnmo_atoms export"
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")

Kind = Literal["cell", "bulk", "slab", "end point", "hop"]


@dataclass(frozen=True)
class Calculation:
    """One folder of the hand-off.

    Attributes:
        folder: its name, such as ``"slab-111-a"``.
        kind: cell (the bulk with its cell relaxed), bulk (in the cell of all others), slab, end
            point, or hop.
        structures: one, or the images of a path; atoms in our order, not the file's.
        slab: with its certificate; None for other kinds.
        number: of the end point or hop among those of the plan; None for other kinds.
    """

    folder: str
    kind: Kind
    structures: tuple[Structure, ...]
    slab: Slab | None = None
    number: int | None = None


@dataclass(frozen=True)
class Plan:
    """What was asked for, and the folders written so far.

    Attributes:
        bulk: as given.
        crystal: what slabs are cut from and ions hop in: the relaxed bulk, or the given one where
            its cell is kept; None as long as it is not known.
        slabs: wanted, as cut from the given bulk or calculated in another study.
        reconstructions: kinds among them.
        thickness: Å, asked of the slabs.
        vacuum: Å.
        fmax: eV/Å, of slabs and paths.
        hops: of the bulk.
        mode: how full of mobile ions the crystal is.
        seed: of the random arrangement of a content.
        images: of each path, end points included.
        real_space: project in real space (LREAL = Auto) in every folder, the bulk's included.
        calculations: written so far.
    """

    bulk: Structure
    crystal: Structure | None
    slabs: tuple[Slab, ...]
    reconstructions: tuple[str, ...]
    thickness: float
    vacuum: float
    fmax: float
    hops: tuple[Hop, ...]
    mode: str
    seed: int
    images: int
    real_space: bool
    calculations: tuple[Calculation, ...] = ()


def save_plan(plan: Plan, root: Path) -> None:
    """Write the manifest, whole or not at all."""
    document = {
        "for": "vasp",
        "bulk": plan.bulk.as_dict(),
        "crystal": None if plan.crystal is None else plan.crystal.as_dict(),
        "slabs": [pack(slab) for slab in plan.slabs],
        "reconstructions": list(plan.reconstructions),
        "thickness_A": plan.thickness,
        "vacuum_A": plan.vacuum,
        "fmax_eV_per_A": plan.fmax,
        "hops": [pack(hop) for hop in plan.hops],
        "mode": plan.mode,
        "seed": plan.seed,
        "images": plan.images,
        "real_space": plan.real_space,
        "calculations": [_pack_calculation(each) for each in plan.calculations],
    }
    write(root / MANIFEST, FORMAT, [], [document | {"sha256": digest(document)}])


def load_plan(root: Path) -> Plan:
    """Read the manifest.

    Raises:
        RequestError: where it is missing, damaged, or something else.
    """
    path = root / MANIFEST
    if not path.exists():
        raise RequestError(f"there is no {MANIFEST} in {root}: lnmo export writes one")
    with reading(path, FORMAT) as document:
        (entries,) = document["records"]
        if entries.pop("sha256") != digest(entries):
            raise ValueError("it is not as lnmo export wrote it")
        crystal = entries["crystal"]
        return Plan(
            bulk=Structure.from_dict(entries["bulk"]),
            crystal=None if crystal is None else Structure.from_dict(crystal),
            slabs=tuple(unpack(Slab, slab) for slab in entries["slabs"]),
            reconstructions=tuple(map(str, entries["reconstructions"])),
            thickness=float(entries["thickness_A"]),
            vacuum=float(entries["vacuum_A"]),
            fmax=float(entries["fmax_eV_per_A"]),
            hops=tuple(unpack(Hop, hop) for hop in entries["hops"]),
            mode=str(entries["mode"]),
            seed=int(entries["seed"]),
            images=int(entries["images"]),
            real_space=bool(entries["real_space"]),
            calculations=tuple(map(_unpack_calculation, entries["calculations"])),
        )


def digest(document: Mapping[str, Any]) -> str:
    """Of all that the manifest says, by which damage is seen."""
    text = json.dumps(document, sort_keys=True, default=plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _pack_calculation(calculation: Calculation) -> dict[str, Any]:
    return {
        "folder": calculation.folder,
        "kind": calculation.kind,
        "number": calculation.number,
        "slab": None if calculation.slab is None else pack(calculation.slab),
        "structures": [structure.as_dict() for structure in calculation.structures],
    }


def _unpack_calculation(entry: Mapping[str, Any]) -> Calculation:
    folder = str(entry["folder"])
    if not FOLDER.fullmatch(folder):
        raise ValueError(f"{folder!r} is no name of a folder in it")
    if entry["kind"] not in Kind.__args__:  # type: ignore[attr-defined]
        raise ValueError(f"{entry['kind']!r} is no kind of calculation")
    return Calculation(
        folder=folder,
        kind=entry["kind"],
        structures=tuple(map(Structure.from_dict, entry["structures"])),
        slab=None if entry["slab"] is None else unpack(Slab, entry["slab"]),
        number=None if entry["number"] is None else int(entry["number"]),
    )
