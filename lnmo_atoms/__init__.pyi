from .analyzers.chemical_potentials import chemical_potentials
from .analyzers.facets import FacetComparison, compare_facets
from .analyzers.formation import formation_energies
from .analyzers.kinetics import (
    Diffusivity,
    HopNetwork,
    MonteCarloResult,
    diffusivity,
    hop_network,
    monte_carlo,
    ring_model,
    ring_network,
)
from .analyzers.order_disorder import (
    LatticeFit,
    LatticeModel,
    OrderingTransition,
    canonical_monte_carlo,
    fit_lattice_model,
    load_lattice_model,
    ordering_transition,
)
from .analyzers.ranking import OrderingRanking, rank_orderings
from .analyzers.wulff import WulffShape, wulff_shape
from .builders.charges import assign_charges, charge_orders, total_charge
from .builders.defects import Defect, delithiated, make_defects, with_random_defects
from .builders.errors import RequestError
from .builders.hops import Hop, Percolation, find_hops, percolation
from .builders.octahedra import empty_octahedra
from .builders.orderings import count_orderings, enumerate_orderings, sample_orderings
from .builders.paths import Mode
from .builders.quasirandom import (
    DisorderFigures,
    OrbitFigure,
    disorder_figures,
    order_parameter,
)
from .builders.slabs import (
    Certificate,
    Slab,
    certify,
    check,
    disordered_slabs,
    make_slabs,
    matching_bulk,
    reconstruct,
    reconstructions,
)
from .builders.spinel import (
    average_spinel,
    disordered_spinel,
    lithium_manganate,
    ordered_spinel,
)
from .calculators import CalculatorSpec
from .defect_energies import defect_energies
from .disordered_surfaces import disordered_surface_energies
from .executors import SlurmJob, make_executor
from .formats import magmom_line, read, to_atoms, to_structure, write
from .migration import attempt_frequencies, migration_barriers
from .ordering_energies import ordering_energies
from .reference_energies import reference_energies
from .refinement import refine_hops, refine_surfaces
from .results import (
    DefectResult,
    DisorderedSurfaceResult,
    HopResult,
    OrderingResult,
    PhaseResult,
    RefinedHop,
    RefinedSurface,
    SurfaceResult,
    ThicknessFit,
    ThicknessResult,
)
from .surfaces import surface_energies
from .thickness import converge_thickness
from .thickness_fit import fit_surface_energy
from .vasp import Collected, collect_vasp, export_vasp

__version__: str

__all__ = [
    "CalculatorSpec",
    "Certificate",
    "Collected",
    "Defect",
    "DefectResult",
    "Diffusivity",
    "DisorderFigures",
    "DisorderedSurfaceResult",
    "FacetComparison",
    "Hop",
    "HopNetwork",
    "HopResult",
    "LatticeFit",
    "LatticeModel",
    "Mode",
    "MonteCarloResult",
    "OrbitFigure",
    "OrderingRanking",
    "OrderingResult",
    "OrderingTransition",
    "Percolation",
    "PhaseResult",
    "RefinedHop",
    "RefinedSurface",
    "RequestError",
    "Slab",
    "SlurmJob",
    "SurfaceResult",
    "ThicknessFit",
    "ThicknessResult",
    "WulffShape",
    "assign_charges",
    "attempt_frequencies",
    "average_spinel",
    "canonical_monte_carlo",
    "certify",
    "charge_orders",
    "check",
    "chemical_potentials",
    "collect_vasp",
    "compare_facets",
    "converge_thickness",
    "count_orderings",
    "defect_energies",
    "delithiated",
    "diffusivity",
    "disorder_figures",
    "disordered_slabs",
    "disordered_spinel",
    "disordered_surface_energies",
    "empty_octahedra",
    "enumerate_orderings",
    "export_vasp",
    "find_hops",
    "fit_lattice_model",
    "fit_surface_energy",
    "formation_energies",
    "hop_network",
    "lithium_manganate",
    "load_lattice_model",
    "magmom_line",
    "make_defects",
    "make_executor",
    "make_slabs",
    "matching_bulk",
    "migration_barriers",
    "monte_carlo",
    "order_parameter",
    "ordered_spinel",
    "ordering_energies",
    "ordering_transition",
    "percolation",
    "rank_orderings",
    "read",
    "reconstruct",
    "reconstructions",
    "reference_energies",
    "refine_hops",
    "refine_surfaces",
    "ring_model",
    "ring_network",
    "sample_orderings",
    "surface_energies",
    "to_atoms",
    "to_structure",
    "total_charge",
    "with_random_defects",
    "write",
    "wulff_shape",
]
