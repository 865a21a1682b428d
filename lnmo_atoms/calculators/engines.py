"""The table of engines: one row each, nothing heavy imported."""

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ase.data import chemical_symbols

from lnmo_atoms.builders.errors import RequestError

Options = Mapping[str, Any]
Quantity = Literal[
    "surface energies", "barriers", "differences between orderings", "formation energies"
]
"""What an engine's trust is spoken of."""

CHGNET_MODEL = "0.3.0"
CHGNET_MODELS = (CHGNET_MODEL, "0.2.0", "r2scan")


@dataclass(frozen=True)
class Engine:
    """What is known of an engine without loading it.

    Attributes:
        label: how people call it.
        factory: ``"module:callable"`` that takes the options and returns an ASE calculator.
        package: distribution whose version is the engine's version; None if there is none.
        trust: one sentence on how far to believe its numbers, ``{}`` for the quantities.
        module: top-level module that must be importable; None where it always is.
        install: how to install it.
        options: names of the options it takes; None where only the factory knows.
        elements: symbols it knows; None where that is not known beforehand.
        variant: what to add to label and version, from the options.
        evidence: a sentence more on some quantities.
        blind: takes neither charges nor moments, so that ions of one element are alike to it.
        by_hand: why it does not run from here, and what to do; empty where it does.
        valid: refuses values that an option cannot have.
        data_file: file that decides the numbers beside the version (weights, source code).
        named_files: the files that its options name decide the numbers, too.
        neutral: options that change how fast it computes, not what.
    """

    label: str
    factory: str
    package: str | None
    trust: str
    module: str | None = None
    install: str = ""
    options: frozenset[str] | None = frozenset()
    elements: frozenset[str] | None = None
    variant: Callable[[Options], str] = field(default=lambda _: "")
    valid: Callable[[Options], None] = field(default=lambda _: None)
    data_file: Callable[[Options], Path | None] = field(default=lambda _: None)
    evidence: Mapping[Quantity, str] = field(default_factory=dict)
    blind: bool = False
    named_files: bool = False
    neutral: frozenset[str] = frozenset()
    by_hand: str = ""


def _chgnet_weights(options: Options) -> Path:
    """The checkpoint inside CHGNet's wheel, found without importing it."""
    model = options.get("model", CHGNET_MODEL)
    spec = importlib.util.find_spec("chgnet")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for place in places:
        if model in CHGNET_MODELS and (found := list(place.glob(f"pretrained/{model}/*.pth.tar"))):
            return found[0]
    raise RequestError(f"CHGNet has no model {model!r}: use {', '.join(CHGNET_MODELS)}")


def _torch_device(options: Options) -> None:
    """A device by the names that torch has for those CHGNet runs on; torch itself stays unloaded.

    Whether there is such a device is known where the calculation runs only.
    """
    device = options.get("device")
    if device is not None and not re.fullmatch(r"(cpu|cuda|mps)(:\d+)?", str(device)):
        raise RequestError(
            f"CHGNet has no device {device!r}: use cpu, cuda, mps, or one by its number as in "
            "cuda:1"
        )


CHGNET = Engine(
    label="CHGNet",
    factory="lnmo_atoms.calculators.chgnet:ChgnetCalculator",
    package="chgnet",
    trust=(
        "Universal potentials such as CHGNet soften the energy surface: {} come out too low, "
        "largely systematically (Deng et al., npj Comput. Mater. 11, 9, 2025), and their order is "
        "more reliable than their values."
    ),
    evidence={
        "barriers": "Of nine Li spinels in the migration-barrier dataset of the sai-mat-group "
        "eight have too low a barrier, median 0.77 of GGA (LiMn2O4 0.235 against 0.371 eV)."
    },
    module="chgnet",
    install="pip install chgnet",
    options=frozenset({"model", "device"}),
    # the 89 elements of its training set, MPtrj
    elements=frozenset(chemical_symbols[1:95]) - {"Po", "At", "Rn", "Fr", "Ra"},
    variant=lambda options: str(options.get("model", CHGNET_MODEL)),
    valid=_torch_device,
    data_file=_chgnet_weights,
    blind=True,
)

EMT = Engine(
    label="EMT",
    factory="ase.calculators.emt:EMT",
    package="ase",
    trust="EMT is a toy for a few fcc metals: it shows that the machinery runs, nothing more.",
    blind=True,
    elements=frozenset({"Ag", "Al", "Au", "C", "Cu", "H", "N", "Ni", "O", "Pd", "Pt"}),
)


def _ranks_and_mesh(options: Options) -> None:
    """Refuse what GPAW itself refuses late, or takes for something else.

    Raises:
        RequestError: naming the option.
    """
    ranks, mesh = options.get("ranks", 1), options.get("kpts", {})
    if type(ranks) is not int or ranks < 1:
        raise RequestError(f"GPAW has no ranks {ranks!r}: give a whole number, 1 or more")
    if isinstance(mesh, list) and mesh and all(isinstance(point, list) for point in mesh):
        return
    whole = isinstance(mesh, list) and len(mesh) == 3 and all(type(n) is int for n in mesh)
    if not isinstance(mesh, dict) and not (whole and min(mesh) > 0):
        raise RequestError(
            f"GPAW has no kpts {mesh!r}: give a mesh such as [2, 2, 2], or "
            "{ density = 2.5, gamma = true }"
        )


GPAW = Engine(
    label="GPAW",
    factory="lnmo_atoms.calculators.gpaw:pbe_u",
    package="gpaw",
    trust=(
        "GPAW with PBE+U (Mn 3.9, Ni 6.2 eV) is DFT with its usual errors: {} are reasonable once "
        "cutoff, k-points and the size of cells are converged, which is yours to check."
    ),
    module="gpaw",
    install="pip install gpaw compiles it against libxc and BLAS: the README's lines on GPAW say "
    "what that needs",
    options=frozenset(
        {
            "mode",
            "xc",
            "kpts",
            "occupations",
            "setups",
            "convergence",
            "maxiter",
            "mixer",
            "symmetry",
            "nbands",
            "charge",
            "basis",
            "h",
            "spinpol",
            "hund",
            "eigensolver",
            "poissonsolver",
            "parallel",
            "ranks",
            "semicore",
        }
    ),
    variant=lambda _: "PBE+U",
    valid=_ranks_and_mesh,
    neutral=frozenset({"parallel", "ranks"}),
)

VASP = Engine(
    label="VASP",
    factory="ase.calculators.vasp:Vasp",
    package=None,
    trust=(
        "VASP with PBE+U is DFT with its usual errors: surface energies and barriers are "
        "reasonable once cutoff, k-points and slab thickness are converged, which is yours to "
        "check."
    ),
    options=None,
    variant=lambda options: f"{options.get('version', '')} {options.get('functional', '')}".strip(),
    by_hand="VASP runs on your own machines: lnmo export writes its inputs, lnmo collect reads "
    "what it gives",
)

ENGINES: Mapping[str, Engine] = MappingProxyType(
    {"chgnet": CHGNET, "emt": EMT, "gpaw": GPAW, "vasp": VASP}
)
