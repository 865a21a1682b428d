"""The Wulff shape: the equilibrium form of a crystal from the surface energies of its facets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, pi

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from scipy.spatial import HalfspaceIntersection

from lnmo_atoms.analyzers.families import (
    best_ranked,
    bracketed,
    group_by_family,
    listed,
)
from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.slabs import Facet, equivalent_facets
from lnmo_atoms.results import SurfaceResult

ON_PLANE = 1e-8
"""Distance from a plane, relative to the lowest γ, up to which a vertex lies on it."""


@dataclass(frozen=True)
class WulffForm:
    """One family of symmetry-equal facets.

    Attributes:
        facet: Miller indices, as computed.
        termination: the one of lowest relaxed γ, such as ``"111-a"``.
        gamma: J/m², relaxed.
        multiplicity: faces in the family.
        share: of the shape's surface, 0 to 1; 0 where γ is too high for the facet to appear.
    """

    facet: Facet
    termination: str
    gamma: float
    multiplicity: int
    share: float


@dataclass(frozen=True)
class WulffFace:
    """One face of the shape.

    Attributes:
        facet: Miller indices of its family.
        indices: Miller indices of this face.
        normal: shape (3,), outward, of length 1, Cartesian in the frame of the bulk.
        polygon: shape (corners, 3), counter-clockwise seen from outside, in γ's scale: one unit
            from the centre is 1 J/m².
        area: of the polygon, in γ's scale squared.
    """

    facet: Facet
    indices: Facet
    normal: NDArray[np.float64]
    polygon: NDArray[np.float64]
    area: float


@dataclass(frozen=True)
class WulffShape:
    """Equilibrium shape of the facets computed.

    Lengths are in γ's scale, in which every face stands γ (J/m²) away from the centre: only
    ratios have a meaning.

    Attributes:
        forms: one per family, lowest γ first; their shares add up to 1.
        faces: those that appear.
        volume: γ's scale cubed.
        effective_radius: of the ball of equal volume, γ's scale.
        weighted_gamma: J/m², mean over the surface.
        lattice: shape (3, 3), rows are the bulk's lattice vectors in Å.
        engine: whose surface energies they are.
        left_out: facets computed of which no termination was relaxed to convergence.
    """

    forms: tuple[WulffForm, ...]
    faces: tuple[WulffFace, ...]
    volume: float
    effective_radius: float
    weighted_gamma: float
    lattice: NDArray[np.float64]
    engine: str
    left_out: tuple[Facet, ...] = ()

    @property
    def shares(self) -> dict[Facet, float]:
        """Share of the surface by facet; they add up to 1."""
        return {form.facet: form.share for form in self.forms}

    @property
    def caveat(self) -> str:
        """What the shape rests on, in one line."""
        text = f"shape of the facets computed: {listed([form.facet for form in self.forms])}"
        if self.left_out:
            text += f"; {listed(self.left_out)} left out: no termination relaxed to convergence"
        return text


def wulff_shape(surfaces: Sequence[SurfaceResult]) -> WulffShape:
    """Wulff construction (G. Wulff, Z. Kristallogr. 34, 449, 1901) of relaxed surface energies.

    The shape is the set of points r with n·r ≤ γ(n) for every face normal n. Each family of
    facets, equal under the Laue class of the bulk, has the γ of its lowest termination that was
    relaxed to convergence.

    Args:
        surfaces: of one crystal and one engine; a facet without any ranked termination is left
            out and named.

    Returns:
        The shape of the facets computed; a facet that was not computed could still cut it.

    Raises:
        RequestError: where a γ is not a positive number, no facet is ranked, the facets enclose
            no shape, or the results are of more than one crystal or engine.
    """
    groups = group_by_family(surfaces)
    for result in surfaces:
        _require_number(result)
    found = {facet: best_ranked(members) for facet, members in groups.items()}
    best = {facet: result for facet, result in found.items() if result is not None}
    if not best:
        raise RequestError(
            f"no termination of {listed(list(groups))} was relaxed to convergence: no Wulff shape"
            if groups
            else "there are no surface energies: no Wulff shape"
        )
    for facet, result in best.items():
        _require_positive(facet, result)
    bulk = surfaces[0].bulk
    families = {facet: equivalent_facets(facet, bulk) for facet in best}
    _require_closed(families, bulk)
    gammas = {facet: float(result.gamma or 0) for facet, result in best.items()}
    scale = min(gammas.values())
    faces = tuple(_faces(families, {f: gamma / scale for f, gamma in gammas.items()}, bulk))
    return _shape(faces, scale, families, best, tuple(f for f in groups if f not in best))


def _shape(
    faces: tuple[WulffFace, ...],
    scale: float,
    families: Mapping[Facet, tuple[Facet, ...]],
    best: Mapping[Facet, SurfaceResult],
    left_out: tuple[Facet, ...],
) -> WulffShape:
    """The shape from its faces in units of the lowest γ, the scale.

    Shares are taken before scaling: the square of a tiny γ may be less than any float.
    """
    surface = sum(face.area for face in faces)
    forms = [
        WulffForm(
            facet=facet,
            termination=result.slab.name,
            gamma=float(result.gamma or 0),
            multiplicity=len(families[facet]),
            share=sum(face.area for face in faces if face.facet == facet) / surface,
        )
        for facet, result in best.items()
    ]
    weighted = sum(form.share * form.gamma for form in forms)
    volume = (
        surface * scale**2 * weighted / 3
    )  # pyramids from the centre: γ high, a face their base
    first = next(iter(best.values()))
    return WulffShape(
        forms=tuple(sorted(forms, key=lambda form: form.gamma)),
        faces=tuple(
            replace(face, polygon=face.polygon * scale, area=face.area * scale**2) for face in faces
        ),
        volume=volume,
        effective_radius=(3 * volume / (4 * pi)) ** (1 / 3),
        weighted_gamma=weighted,
        lattice=np.array(first.bulk.lattice.matrix),
        engine=first.engine,
        left_out=left_out,
    )


# --- geometry ---------------------------------------------------------------------------------


def _faces(
    families: Mapping[Facet, tuple[Facet, ...]], gammas: Mapping[Facet, float], bulk: Structure
) -> Iterator[WulffFace]:
    """Faces that appear, from the intersection of all half-spaces n·r ≤ γ, in units of γ."""
    planes = [(facet, indices) for facet, members in families.items() for indices in members]
    normals = np.array([indices for _, indices in planes]) @ bulk.lattice.reciprocal_lattice.matrix
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    distances = np.array([gammas[facet] for facet, _ in planes])
    corners = HalfspaceIntersection(
        np.column_stack([normals, -distances]), np.zeros(3)
    ).intersections
    for (facet, indices), normal, distance in zip(planes, normals, distances, strict=True):
        polygon = _polygon(corners[np.abs(corners @ normal - distance) < ON_PLANE], normal)
        area = _area(polygon, normal)
        if area > ON_PLANE:
            yield WulffFace(facet, indices, normal, polygon, area)


def _polygon(corners: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distinct corners of a convex face, counter-clockwise seen from outside."""
    if len(corners) == 0:
        return corners
    arms = corners - corners.mean(axis=0)
    first = arms[np.linalg.norm(arms, axis=1).argmax()]
    angles = np.arctan2(arms @ np.cross(normal, first), arms @ first)
    corners = corners[angles.argsort()]
    steps = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    distinct: NDArray[np.float64] = corners[steps > ON_PLANE]
    return distinct


def _area(polygon: NDArray[np.float64], normal: NDArray[np.float64]) -> float:
    """Area of a plane polygon: half the sum of the cross products of its corners along n."""
    if len(polygon) < 3:
        return 0.0
    return float(np.cross(polygon, np.roll(polygon, -1, axis=0)).sum(axis=0) @ normal / 2)


# --- refusals ---------------------------------------------------------------------------------


def _require_number(result: SurfaceResult) -> None:
    if result.ranked and result.gamma is not None and not isfinite(result.gamma):
        raise RequestError(
            f"γ of {bracketed(result.facet)}, termination {result.slab.name}, is not a number: "
            "no Wulff shape"
        )


def _require_positive(facet: Facet, result: SurfaceResult) -> None:
    if result.gamma is not None and result.gamma <= 0:
        raise RequestError(
            f"γ of {bracketed(facet)} is {result.gamma:.3f} J/m², termination "
            f"{result.slab.name}: a crystal whose surface costs nothing has no Wulff shape; check "
            "the slab and its bulk, or leave the facet out"
        )


def _require_closed(families: Mapping[Facet, tuple[Facet, ...]], bulk: Structure) -> None:
    """Faces come with their negatives, so they enclose a shape where they span three dimensions."""
    planes = [face for members in families.values() for face in members]
    if _rank(planes) == 3:
        return
    missing: list[Facet] = []
    for facet in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        wider = [*planes, *equivalent_facets(facet, bulk)]
        if _rank(wider) > _rank(planes):
            planes = wider
            missing.append(facet)
    names = listed(list(families)) + (" alone" if len(families) == 1 else "")
    raise RequestError(
        f"{names} enclose{'s' if len(families) == 1 else ''} no shape: the crystal stays open on "
        f"some sides; compute {listed(missing)} too"
    )


def _rank(planes: Sequence[Facet]) -> int:
    return int(np.linalg.matrix_rank(np.array(planes)))
