"""The comparison of facets: surface energy, share of the crystal, exposed cations, hop barriers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

from lnmo_atoms.analyzers.exposure import exposed_cations
from lnmo_atoms.analyzers.families import best_ranked, bracketed, group_by_family, listed
from lnmo_atoms.analyzers.hop_rows import HopRow, hop_notes, hop_row
from lnmo_atoms.analyzers.refined import refinement_note
from lnmo_atoms.analyzers.rows import FacetRow, Row, TerminationRow, csv_text
from lnmo_atoms.analyzers.wulff import WulffShape, wulff_shape
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.files import write_json, write_text_atomically
from lnmo_atoms.builders.slabs import Facet, facet_name
from lnmo_atoms.results import HopResult, SurfaceResult

FORMAT = "lnmo_atoms comparison"
SCHEMA = 1


@dataclass(frozen=True)
class FacetComparison:
    """Facets side by side.

    Attributes:
        facets: one row per facet, lowest relaxed γ first, facets without a ranked one last.
        terminations: all of them, in the order given.
        hops: in the order given.
        engine: of the surface energies; empty without any.
        wulff: the shape, or None.
        wulff_refusal: why there is no shape, or None.
        notes: what the numbers rest on, one line each.
        trust: how far the engine can be trusted, in words.
    """

    facets: tuple[FacetRow, ...]
    terminations: tuple[TerminationRow, ...]
    hops: tuple[HopRow, ...]
    engine: str
    wulff: WulffShape | None
    wulff_refusal: str | None
    notes: tuple[str, ...]
    trust: str = ""

    @property
    def lowest(self) -> Facet | None:
        """The facet of lowest relaxed γ; None where none is ranked."""
        return next((row.facet for row in self.facets if row.best.ranked), None)

    def rows(self) -> list[Row]:
        """One row per facet, column names with units, never NaN."""
        return [row.as_row() for row in self.facets]

    def termination_rows(self) -> list[Row]:
        """One row per termination, column names with units, never NaN."""
        return [row.as_row() for row in self.terminations]

    def hop_rows(self) -> list[Row]:
        """One row per hop, column names with units, never NaN."""
        return [row.as_row() for row in self.hops]

    def write_csv(self, path: str | Path) -> tuple[Path, ...]:
        """Write the facets to ``path``, terminations and hops beside it.

        Their names end in ``-terminations.csv`` and ``-hops.csv``. No number is an empty cell;
        several flags in one cell are separated by ``"; "``.

        Returns:
            The files written; empty tables write none.

        Raises:
            RequestError: where a file cannot be written.
        """
        path = Path(path)
        tables = (
            (path, self.rows()),
            (path.with_name(f"{path.stem}-terminations{path.suffix}"), self.termination_rows()),
            (path.with_name(f"{path.stem}-hops{path.suffix}"), self.hop_rows()),
        )
        written = tuple((file, rows) for file, rows in tables if rows)
        for file, rows in written:
            write_text_atomically(file, csv_text(rows))
        return tuple(file for file, _ in written)

    def write_json(self, path: str | Path) -> None:
        """Write all three tables, the Wulff shape's figures, notes and trust.

        Raises:
            RequestError: where the file cannot be written.
        """
        document = {
            "format": FORMAT,
            "schema": SCHEMA,
            "engine": self.engine,
            "lowest_facet": None if self.lowest is None else facet_name(self.lowest),
            "facets": self.rows(),
            "terminations": self.termination_rows(),
            "hops": self.hop_rows(),
            "wulff_weighted_gamma_J_per_m2": self.wulff and self.wulff.weighted_gamma,
            "wulff_refusal": self.wulff_refusal,
            "notes": list(self.notes),
            "trust": self.trust,
        }
        write_json(Path(path), document)


def compare_facets(
    surfaces: Sequence[SurfaceResult], hops: Sequence[HopResult] = (), *, trust: str = ""
) -> FacetComparison:
    """Put the facets of one crystal, computed with one engine, side by side.

    Args:
        surfaces: every termination of every facet, relaxed or not.
        hops: of the same crystal.
        trust: how far the engine can be trusted, in words; handed on to whoever reads.

    Raises:
        RequestError: where the surfaces are of more than one crystal or engine.
    """
    groups = group_by_family(surfaces)
    try:
        shape, refusal = wulff_shape(surfaces), None
    except RequestError as error:
        shape, refusal = None, str(error)
    facets = [_facet_row(facet, members, shape) for facet, members in groups.items()]
    facets.sort(key=lambda row: inf if row.best.gamma is None else row.best.gamma)
    facets.sort(key=lambda row: not row.best.ranked)
    hop_rows = tuple(map(hop_row, hops))
    return FacetComparison(
        facets=tuple(facets),
        terminations=tuple(map(_termination_row, surfaces)),
        hops=hop_rows,
        engine=surfaces[0].engine if surfaces else "",
        wulff=shape,
        wulff_refusal=refusal,
        notes=tuple(_notes(facets, hop_rows, shape, refusal)),
        trust=trust,
    )


def _facet_row(
    facet: Facet, results: Sequence[SurfaceResult], shape: WulffShape | None
) -> FacetRow:
    best = best_ranked(results) or min(
        results, key=lambda r: r.gamma_unrelaxed if isfinite(r.gamma_unrelaxed) else inf
    )
    return FacetRow(
        best=_termination_row(best),
        wulff_share=None if shape is None else shape.shares.get(facet),
        terminations_computed=len(results),
        terminations_relaxed=sum(result.gamma is not None for result in results),
    )


def _termination_row(result: SurfaceResult) -> TerminationRow:
    certificate = result.slab.certificate
    top, bottom = exposed_cations(result.slab)
    gamma = _number(result.gamma)
    return TerminationRow(
        facet=result.facet,
        termination=result.slab.name,
        gamma_unrelaxed=_number(result.gamma_unrelaxed),
        gamma=gamma,
        converged=result.converged,
        ranked=result.ranked and gamma is not None,
        thickness=float(certificate.thickness),
        atoms=int(certificate.atoms),
        symmetric=certificate.symmetric,
        stoichiometric=certificate.stoichiometric,
        dipole_free=certificate.dipole_free,
        changed=certificate.changed,
        top=top,
        bottom=bottom,
        flags=(*_state(result), *result.flags),
        gamma_refined=None if result.refined is None else _number(result.refined.gamma),
        refined_by="" if result.refined is None else result.refined.engine,
    )


def _state(result: SurfaceResult) -> list[str]:
    """Why a termination is not ranked, if it is not."""
    if result.gamma is None:
        return ["not relaxed, not ranked"]
    if not result.converged:
        return ["relaxation not converged, not ranked"]
    return [] if isfinite(result.gamma) else ["γ is not a number, not ranked"]


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


def _notes(
    facets: Sequence[FacetRow],
    hops: Sequence[HopRow],
    shape: WulffShape | None,
    refusal: str | None,
) -> list[str]:
    notes = []
    ranked = [row for row in facets if row.best.ranked]
    if ranked:
        best = ranked[0].best
        notes.append(
            f"lowest relaxed γ of the facets computed: {bracketed(best.facet)}, {best.gamma:.3f} "
            f"J/m² (termination {best.termination})"
        )
    unranked = [row.facet for row in facets if not row.best.ranked]
    if unranked:
        notes.append(f"{listed(unranked)} not ranked: no termination relaxed to convergence")
    best_of = [row.best for row in ranked]
    refined = [
        (best.termination, best.gamma, best.gamma_refined)
        for best in best_of
        if best.gamma is not None and best.gamma_refined is not None
    ]
    if refined:
        engine = next(best.refined_by for best in best_of if best.refined_by)
        notes.append(refinement_note("γ", "J/m²", engine, refined))
    waiting = sum(row.terminations_computed - row.terminations_relaxed for row in facets)
    if waiting:
        notes.append(
            f"{waiting} of {sum(row.terminations_computed for row in facets)} terminations were "
            "not relaxed: one of them could be lower"
        )
    unequal = [row.best.termination for row in facets if not row.best.symmetric]
    if unequal:
        notes.append(f"γ of {', '.join(unequal)} is the mean of two different faces")
    if facets:
        notes.append(f"Wulff: {shape.caveat if shape else refusal}")
        notes.append("exposed: fewer oxygen neighbours than in the bulk, slab as built")
    return notes + hop_notes(hops)
