"""From samples to the surface energy of a termination and its standard error."""

from collections.abc import Iterable, Sequence

import numpy as np

from lnmo_atoms.builders.slabs import Facet, Slab, parent_termination
from lnmo_atoms.disordered_surfaces.reference import DisorderedReference, Mean, mean
from lnmo_atoms.results import EV_PER_A2, DisorderedSurfaceResult, SurfaceResult


def mean_gamma(gammas: Sequence[float], slab: Slab, bulk_error: float) -> Mean:
    """Mean γ of samples with its standard error, in J/m²: σ² = s²/N + (n σ_bulk / 2A)².

    Args:
        gammas: J/m², shape (N,), one of each sample, all with one mean energy of the bulk.
        slab: any of the samples: its certificate knows n and A, the same for all.
        bulk_error: eV per formula unit, standard error of that mean.

    Raises:
        RequestError: for fewer than two samples.
    """
    of_samples = mean(gammas)
    certificate = slab.certificate
    of_bulk = (certificate.formula_units or 0) * bulk_error / (2 * certificate.area) * EV_PER_A2
    return Mean(of_samples.value, float(np.hypot(of_samples.standard_error, of_bulk)))


def means(
    samples: Iterable[SurfaceResult], reference: DisorderedReference, asked: int
) -> list[DisorderedSurfaceResult]:
    """One mean per termination; one with fewer than two samples is left out.

    Args:
        samples: of any terminations.
        reference: the bulk's energies and their errors.
        asked: samples that each termination should have.
    """
    groups: dict[tuple[Facet, str], list[SurfaceResult]] = {}
    for sample in samples:
        groups.setdefault((sample.facet, parent_termination(sample.slab)), []).append(sample)
    return [
        _mean(termination, group, reference, asked)
        for (_, termination), group in groups.items()
        if len(group) > 1
    ]


def _mean(
    termination: str, samples: Sequence[SurfaceResult], reference: DisorderedReference, asked: int
) -> DisorderedSurfaceResult:
    """The mean over the samples of one termination; γ over those relaxed to convergence."""
    slab = samples[0].slab
    cut = mean_gamma(
        [s.gamma_unrelaxed for s in samples], slab, reference.ideal_energy.standard_error
    )
    gammas = [s.gamma for s in samples if s.gamma is not None and s.ranked]
    enough = len(gammas) > 1
    relaxed = mean_gamma(gammas, slab, reference.energy.standard_error) if enough else None
    was_relaxed = any(s.gamma is not None or s.flags for s in samples)
    finished = len(gammas) if was_relaxed else len(samples)
    flags = [f"{s.slab.name}: {flag}" for s in samples for flag in s.flags]
    if finished < asked:
        flags.insert(0, f"{finished} of {asked} samples finished")
    return DisorderedSurfaceResult(
        termination=termination,
        gamma_unrelaxed=cut.value,
        standard_error_unrelaxed=cut.standard_error,
        gamma=relaxed.value if relaxed else None,
        standard_error=relaxed.standard_error if relaxed else None,
        averaged=len(gammas) if relaxed else len(samples),
        bulk_energy=reference.energy.value,
        bulk_standard_error=reference.energy.standard_error,
        samples=tuple(samples),
        flags=tuple(flags),
    )
