"""What a migration calculation starts from: cells, states, end points and images of a hop."""

from lnmo_atoms.builders.paths.cell import (
    LEAST_SEPARATION,
    DefectCell,
    defect_cell,
    defect_matrix,
    least_image_distance,
)
from lnmo_atoms.builders.paths.compensation import Compensation, compensation, confirmed
from lnmo_atoms.builders.paths.end_points import (
    Displacements,
    StateSymmetry,
    closest,
    displacements,
)
from lnmo_atoms.builders.paths.images import ion_index, path_images
from lnmo_atoms.builders.paths.reversal import Reversal, reversals
from lnmo_atoms.builders.paths.selection import select_hops
from lnmo_atoms.builders.paths.states import (
    Mode,
    State,
    end_states,
    kept_sites,
    mobile_sites,
    parse_mode,
    state_cell,
)

__all__ = [
    "LEAST_SEPARATION",
    "Compensation",
    "DefectCell",
    "Displacements",
    "Mode",
    "Reversal",
    "State",
    "StateSymmetry",
    "closest",
    "compensation",
    "confirmed",
    "defect_cell",
    "defect_matrix",
    "displacements",
    "end_states",
    "ion_index",
    "kept_sites",
    "least_image_distance",
    "mobile_sites",
    "parse_mode",
    "path_images",
    "reversals",
    "select_hops",
    "state_cell",
]
