"""Unrelaxed images of hops as folders for VASP's nudged elastic band."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.paths import (
    DefectCell,
    Mode,
    compensation,
    end_states,
    ion_index,
    path_images,
)
from lnmo_atoms.cli.folders import make_folder
from lnmo_atoms.formats import magmom_line, poscar_order, write


def write_images(
    cell: DefectCell, hops: Sequence[Hop], mode: Mode, images: int, folder: Path
) -> None:
    """Write the path of every hop, from ideal sites through the octahedron, as POSCAR files.

    Each hop gets a folder such as ``8c-12d-8c-0-3``, named by its sites in the enlarged crystal,
    with ``00/POSCAR`` to ``06/POSCAR`` and ``hop.json``. One order of atoms holds in all of them,
    and the moving ion may leave the cell rather than wrap around.

    Args:
        cell: the crystal that the hops take place in.
        hops: of ``cell.bulk``.
        mode: which sites are vacant.
        images: end points included; odd.
        folder: made if need be.

    Raises:
        RequestError: for an even number of images, or a folder that cannot be written or holds
            images already.
    """
    crystal = cell.structure
    still = np.zeros((len(crystal), 3))
    for hop in map(cell.hop, hops):
        before, _ = end_states(crystal, hop, mode)
        path = path_images(crystal, hop, before, still, still, images)
        place = make_folder(Path(folder) / f"{hop.name}-{hop.start}-{hop.end}")
        if any(place.iterdir()):
            raise RequestError(f"{place} holds images already: give another folder with -o")
        for number, image in enumerate(path):
            write(image, make_folder(place / f"{number:02d}") / "POSCAR")
        ion = poscar_order(path[0]).index(ion_index(crystal, before, hop))
        facts = {
            "hop": hop.label,
            "ring": list(hop.ring),
            "multiplicity_in_given_cell": hop.multiplicity,
            "length_A": hop.length,
            "mode": mode.describe(crystal, crystal[hop.start].specie.symbol),
            "charge_compensation": compensation(crystal, before).text,
            "images": images,
            "moving_atom_in_POSCAR_from_0": ion,
            "moving_atom_in_POSCAR_from_1": ion + 1,
            "supercell_matrix": cell.matrix.tolist(),
            "vacant_sites_before": sorted(before),
            "separation_of_images_A": cell.separation,
            "INCAR": [f"IMAGES = {images - 2}", *_moments(path[0])],
            "note": "unrelaxed: relax 00 and the last image first; the moments are those of the "
            "full crystal's formal valences",
        }
        write_json(place / "hop.json", facts)


def _moments(image: Structure) -> list[str]:
    """The INCAR's line of moments, in the order of the POSCAR, where the crystal has any."""
    return [magmom_line(image)] if "magmom" in image.site_properties else []
