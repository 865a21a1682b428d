"""The bulk in a cell that matches a slab's: for equal k-points, and errors that cancel."""

import numpy as np
from pymatgen.core import Lattice, Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs.orientation import doublings, enlarge, orient
from lnmo_atoms.builders.slabs.slab import Slab
from lnmo_atoms.builders.symmetry import ideal_crystal


def matching_bulk(slab: Slab, bulk: Structure) -> Structure:
    """One repeat of the bulk with the in-plane vectors of a slab, in the slab's orientation.

    Its energy per formula unit, with the slab's k-points in plane, is the reference that leaves
    the least sampling error in γ. The third vector leads to an equivalent atom and leans off the
    normal in general.

    Args:
        slab: as :func:`make_slabs` cut it, reconstructed or not.
        bulk: the crystal that it was cut from.

    Returns:
        the cell, with ``bulk_site`` among its site properties.

    Raises:
        RequestError: for a bulk that the slab was not cut from.
    """
    ideal, operations = ideal_crystal(bulk)
    crystal = orient(ideal, operations, slab.facet)
    wanted = slab.structure.lattice.matrix[:2, :2]
    cells = (crystal, *(enlarge(crystal, multiple) for multiple in doublings(crystal)))
    fits = [cell for cell in cells if np.allclose(cell.basis[:2, :2], wanted, atol=1e-3)]
    if not fits:
        raise RequestError(
            f"slab {slab.name} was not cut from this bulk: give the one it came from"
        )
    crystal = fits[0]
    sites = crystal.bulk_sites.tolist()
    properties = {
        name: [values[i] for i in sites] for name, values in ideal.site_properties.items()
    }
    return Structure(
        Lattice(crystal.basis),
        [ideal[i].species for i in sites],
        crystal.coords,
        site_properties=properties | {"bulk_site": sites},
    )
