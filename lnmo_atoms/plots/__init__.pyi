from .diffusion import plot_diffusion
from .gamma import plot_gammas
from .hops import plot_hops
from .order_disorder import plot_ordering
from .ranking import plot_orderings
from .rings import plot_rings
from .slab import plot_slab
from .style import check_figure_path, save
from .summary import plot_comparison
from .thickness import plot_thickness
from .wulff import plot_wulff

__all__ = [
    "check_figure_path",
    "plot_comparison",
    "plot_diffusion",
    "plot_gammas",
    "plot_hops",
    "plot_ordering",
    "plot_orderings",
    "plot_rings",
    "plot_slab",
    "plot_thickness",
    "plot_wulff",
    "save",
]
