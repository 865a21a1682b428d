from .cell import (
    LEAST_SEPARATION,
    DefectCell,
    defect_cell,
    defect_matrix,
    least_image_distance,
)
from .compensation import Compensation, compensation, confirmed
from .end_points import (
    Displacements,
    StateSymmetry,
    closest,
    displacements,
)
from .images import ion_index, path_images
from .reversal import Reversal, reversals
from .selection import select_hops
from .states import (
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
