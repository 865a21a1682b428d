"""Begin a hand-off: what to calculate, and the first folders."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pymatgen.core import Structure

from lnmo_atoms.builders.bulk import require_bulk
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.paths import defect_cell, parse_mode
from lnmo_atoms.builders.slabs import Slab, distinct_facets, kind_of, make_slabs
from lnmo_atoms.records import SURFACES_FILE, load_surfaces
from lnmo_atoms.surfaces import by_facet_and_gamma, require_stoichiometric
from lnmo_atoms.vasp.inputs import write_inputs
from lnmo_atoms.vasp.manifest import MANIFEST, Calculation, Plan, save_plan
from lnmo_atoms.vasp.stages import cell_stage, crystal_stage, cut_slabs, extended

LARGE = 100
"""Atoms of the largest cell, above which projectors are evaluated in real space.

In reciprocal space they are exact, and their cost grows with the square of the number of atoms; in
real space linearly. VASP's guide advises real space (LREAL = Auto) above 20 atoms, pymatgen's
``auto_lreal`` above 16, for speed; we stay exact as long as that is affordable.
"""


def export_vasp(
    bulk: Structure,
    folder: Path | str,
    facets: Sequence[Sequence[int]] = ((1, 1, 1), (1, 0, 0), (1, 1, 0)),
    hops: Sequence[Hop] = (),
    *,
    terminations: int = 1,
    best_of: Path | str | None = None,
    reconstructions: Sequence[str] = (),
    thickness: float = 12.0,
    vacuum: float = 15.0,
    fmax: float = 0.05,
    mode: str = "vacancy",
    seed: int = 0,
    images: int = 5,
    fixed_cell: bool = False,
) -> list[Calculation]:
    """Write VASP inputs, a folder for each calculation that can begin, and ``export.json``.

    The bulk comes first, relaxed with its cell. Once it is finished :func:`collect_vasp` writes
    the bulk as reference, the slabs and the end points in the relaxed cell, and later the paths.

    Args:
        bulk: an ordered crystal with oxidation states and moments.
        folder: made if need be.
        facets: Miller indices in the cell of ``bulk``; none writes no slabs.
        hops: from :func:`find_hops` on ``bulk``; none writes no paths.
        terminations: of each facet: the first, in the order of :func:`make_slabs`, each with the
            reconstructions asked for.
        best_of: a study's folder, of any engine, whose ``terminations`` of lowest relaxed γ are
            taken instead, as thick and reconstructed as they are there.
        reconstructions: kinds, see :func:`reconstruct`.
        thickness: Å, least distance between a slab's outermost atoms.
        vacuum: Å.
        fmax: eV/Å, of slabs and paths.
        mode: ``"vacancy"``, or the filled fraction of the mobile sites, such as ``"0.5"``.
        seed: of the random arrangement of a content.
        images: of each path, end points included; odd.
        fixed_cell: keep the cell of ``bulk``: all but the paths is written at once.

    Returns:
        the calculations written.

    Raises:
        RequestError: for a wrong request, or a folder that holds anything already.
    """
    require_bulk(bulk)
    root = Path(folder)
    _require_empty(root)
    if images < 3 or images % 2 == 0:
        raise RequestError("a path has an odd number of images, 3 or more, end points included")
    if hops and parse_mode(mode, seed).kind == "empty-host":
        raise RequestError(
            "the empty host is another crystal: export it as a STRUCTURE of its own, or give a "
            "filled fraction as --mode"
        )
    plan = Plan(
        bulk=bulk,
        crystal=bulk if fixed_cell else None,
        slabs=(),
        reconstructions=tuple(reconstructions),
        thickness=thickness,
        vacuum=vacuum,
        fmax=fmax,
        hops=tuple(hops),
        mode=mode,
        seed=seed,
        images=images,
        real_space=False,
    )
    distinct = distinct_facets(facets, bulk) if facets else []
    if best_of is None:
        chosen = [slab for f in distinct for slab in _first(plan, f, terminations)]
        plan = replace(plan, slabs=tuple(chosen))
    else:
        plan = _like(plan, Path(best_of), [tuple(f) for f in distinct], terminations)
    require_stoichiometric(plan.slabs)
    plan = replace(plan, real_space=_largest(plan) > LARGE)
    stage = list(crystal_stage(plan)) if fixed_cell else [cell_stage(plan)]
    return hand_off(plan, stage, root)


def _require_empty(root: Path) -> None:
    """Refuse a folder of other files, such as a study's.

    Raises:
        RequestError: naming what it holds.
    """
    if (root / MANIFEST).exists():
        raise RequestError(
            f"{root} holds a hand-off already: lnmo collect goes on with it, or give another folder"
        )
    if root.is_dir() and (inside := sorted(path.name for path in root.iterdir())):
        raise RequestError(
            f"{root} is not empty, it holds {inside[0]}: give a folder of its own with -o"
        )


def hand_off(plan: Plan, stage: Sequence[Calculation], root: Path) -> list[Calculation]:
    """Write the folders of a stage, then the manifest that tells of them."""
    for calculation in stage:
        write_inputs(calculation, plan, root)
    save_plan(extended(plan, stage), root)
    return list(stage)


def _first(plan: Plan, facet: Sequence[int], count: int) -> list[Slab]:
    """The first terminations of a facet with their reconstructions."""
    slabs = make_slabs(
        plan.bulk, facet, plan.thickness, plan.vacuum, reconstructions=plan.reconstructions
    )
    letters = list(dict.fromkeys(slab.termination.split("-")[0] for slab in slabs))[:count]
    return [slab for slab in slabs if slab.termination.split("-")[0] in letters]


def _largest(plan: Plan) -> int:
    """Atoms of the largest cell that the plan will come to."""
    cells = [plan.bulk, *(slab.structure for slab in plan.slabs)]
    return max(map(len, [*cells, *([defect_cell(plan.bulk).structure] if plan.hops else [])]))


def _like(plan: Plan, study: Path, facets: Sequence[tuple[int, ...]], count: int) -> Plan:
    """The plan with the slabs of lowest γ of a study.

    Raises:
        RequestError: where the study has none of these facets, or is of another crystal.
    """
    if not (study / SURFACES_FILE).exists():
        raise RequestError(
            f"{study} holds no surface energies: run lnmo surface --study {study} first"
        )
    results = [r for r in load_surfaces(study / SURFACES_FILE) if r.ranked and r.facet in facets]
    if not results:
        raise RequestError(
            f"{study} holds no relaxed slab of these facets: lnmo surface makes some"
        )
    if len({r.slab.certificate.formula for r in results} | {_formula(plan.bulk)}) > 1:
        raise RequestError(f"{study} is of another crystal than {_formula(plan.bulk)}")
    chosen = [
        result.slab
        for facet in facets
        for result in [r for r in by_facet_and_gamma(results) if r.facet == facet][:count]
    ]
    certificate = chosen[0].certificate
    kinds = {kind_of(slab.termination) for slab in chosen} - {""}
    like = replace(
        plan,
        slabs=tuple(chosen),
        reconstructions=tuple(sorted(kinds)),
        thickness=certificate.thickness_asked,
        vacuum=certificate.vacuum,
    )
    cut_slabs(like, plan.bulk)
    return like


def _formula(bulk: Structure) -> str:
    return str(bulk.composition.element_composition.reduced_formula)
