"""Surface energies: of a slab, of slabs of growing thickness, of a disordered crystal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from lnmo_atoms.builders.slabs import Facet, Slab, facet_name
from lnmo_atoms.results.refined import RefinedSurface

EV_PER_A2 = 16.02176634
"""J/m² per eV/Å² (CODATA 2018, exact)."""


@dataclass(frozen=True)
class SurfaceResult:
    """Surface energy of one termination.

    γ = (E_slab − n E_bulk) / 2A, with n formula units and area A of one face.

    Attributes:
        slab: as built, with its certificate.
        bulk: the relaxed bulk that the slab was cut from; the facet's indices refer to its cell.
        engine: name and version of the engine.
        energy_unrelaxed: eV, of the slab as built.
        energy: eV, of the relaxed slab; None if it was not relaxed.
        bulk_energy: eV per formula unit, relaxed bulk, same engine.
        gamma_unrelaxed: J/m².
        gamma: J/m², relaxed; None if the slab was not relaxed.
        converged: of the relaxation; None if the slab was not relaxed. An unconverged slab keeps
            its numbers but is never ranked.
        relaxed: geometry; None if the slab was not relaxed.
        flags: what a user must know, one line each: atoms that left, moments that changed.
        refined: γ by another engine at these geometries; None where none was asked.
    """

    slab: Slab
    bulk: Structure
    engine: str
    energy_unrelaxed: float
    energy: float | None
    bulk_energy: float
    gamma_unrelaxed: float
    gamma: float | None
    converged: bool | None
    relaxed: Structure | None
    flags: tuple[str, ...] = ()
    refined: RefinedSurface | None = None

    @property
    def facet(self) -> Facet:
        """Miller indices."""
        return self.slab.facet

    @property
    def ranked(self) -> bool:
        """Relaxed to convergence: its γ may be compared with others'."""
        return self.gamma is not None and bool(self.converged)


@dataclass(frozen=True)
class ThicknessFit:
    """E(N) = 2Aγ + N e: the line through the energies of slabs of N formula units.

    Attributes:
        gamma: J/m².
        error: J/m², the 95 % bar: statistical half-width plus ``drift``.
        standard_error: J/m², of ``gamma``, from the scatter about the line.
        drift: J/m², change of γ when the thinnest slab of the line is left out.
        bulk_energy: eV per formula unit, the slope e.
        bulk_energy_standard_error: eV per formula unit.
        residuals: eV, shape (slabs,), energy minus line, the dropped slabs' included.
        dropped: thinnest slabs left out of the line, because their faces still feel each other.
    """

    gamma: float
    error: float
    standard_error: float
    drift: float
    bulk_energy: float
    bulk_energy_standard_error: float
    residuals: NDArray[np.float64]
    dropped: int


@dataclass(frozen=True)
class ThicknessResult:
    """Surface energy of one termination from slabs of growing thickness.

    Attributes:
        slabs: whose energies are in the fits, thinnest first.
        fits: through the first three slabs, the first four, …; the last one counts.
        tolerance: J/m², the error asked for.
        flags: what a user must know, one line each: slabs without an energy, a slope that the
            relaxed bulk contradicts.
    """

    slabs: tuple[SurfaceResult, ...]
    fits: tuple[ThicknessFit, ...]
    tolerance: float
    flags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Facet and termination, such as ``"111-a"``."""
        return self.slabs[0].slab.name

    @property
    def relaxed(self) -> bool:
        """The energies are those of the relaxed slabs, else of the slabs as built."""
        return self.slabs[0].gamma is not None

    @property
    def fit(self) -> ThicknessFit:
        """Through all slabs."""
        return self.fits[-1]

    @property
    def gamma(self) -> float:
        """J/m²."""
        return self.fit.gamma

    @property
    def error(self) -> float:
        """J/m², the 95 % bar of ``gamma``."""
        return self.fit.error

    @property
    def converged(self) -> bool:
        """The error is within the tolerance."""
        return self.error <= self.tolerance

    @property
    def gammas(self) -> NDArray[np.float64]:
        """J/m², shape (slabs,): each slab against the relaxed bulk, γ = (E − N e_bulk) / 2A."""
        return np.array([r.gamma_unrelaxed if r.gamma is None else r.gamma for r in self.slabs])

    @property
    def bulk_difference(self) -> float:
        """EV per formula unit, slope of the fit minus energy of the relaxed bulk."""
        return self.fit.bulk_energy - self.slabs[0].bulk_energy

    @property
    def bulk_shift(self) -> float:
        """J/m², by which γ would change if the relaxed bulk's energy were the line's slope.

        The line passes through the mean of its slabs, so this is N̄ (e_fit − e_bulk) / 2A.
        """
        return float(self.gammas[self.fit.dropped :].mean()) - self.gamma


@dataclass(frozen=True)
class DisorderedSurfaceResult:
    """Surface energy of one termination of a disordered crystal: a mean over random samples.

    γ = ⟨E_slab − n E_bulk⟩ / 2A with its standard error σ, σ² = s²/N + (n σ_bulk / 2A)²: s is the
    standard deviation of the N samples' γ, σ_bulk the standard error of E_bulk.

    Attributes:
        termination: of the parent, such as ``"a"``; its samples are ``"a-s1"``, ``"a-s2"``, ….
        gamma_unrelaxed: J/m², slabs and bulk both on the parent's ideal positions.
        standard_error_unrelaxed: J/m², of ``gamma_unrelaxed``.
        gamma: J/m², slabs and bulk relaxed; None if fewer than two samples relaxed to convergence.
        standard_error: J/m², of ``gamma``.
        averaged: samples whose mean ``gamma`` is; those of ``gamma_unrelaxed`` where it is None.
        bulk_energy: eV per formula unit, mean of the relaxed bulk cells.
        bulk_standard_error: eV per formula unit, of ``bulk_energy``.
        samples: one result per slab; their ``bulk`` is the average crystal that they were cut
            from, their ``gamma_unrelaxed`` refers to bulk cells on ideal positions.
        flags: what a user must know, one line each.
    """

    termination: str
    gamma_unrelaxed: float
    standard_error_unrelaxed: float
    gamma: float | None
    standard_error: float | None
    averaged: int
    bulk_energy: float
    bulk_standard_error: float
    samples: tuple[SurfaceResult, ...]
    flags: tuple[str, ...] = ()

    @property
    def facet(self) -> Facet:
        """Miller indices."""
        return self.samples[0].facet

    @property
    def name(self) -> str:
        """Facet and termination, such as ``"111-a"``."""
        return f"{facet_name(self.facet)}-{self.termination}"
