"""Figures of results: no engine is called, no global state of matplotlib is left changed."""

from lnmo_atoms.plots.diffusion import plot_diffusion
from lnmo_atoms.plots.gamma import plot_gammas
from lnmo_atoms.plots.hops import plot_hops
from lnmo_atoms.plots.order_disorder import plot_ordering
from lnmo_atoms.plots.ranking import plot_orderings
from lnmo_atoms.plots.rings import plot_rings
from lnmo_atoms.plots.slab import plot_slab
from lnmo_atoms.plots.style import check_figure_path, save
from lnmo_atoms.plots.summary import plot_comparison
from lnmo_atoms.plots.thickness import plot_thickness
from lnmo_atoms.plots.wulff import plot_wulff

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
