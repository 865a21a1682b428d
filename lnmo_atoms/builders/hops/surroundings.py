"""What a hop is told by: the sites' names, the ring of cations, the faces that the ion passes."""

from dataclasses import dataclass

from pymatgen.core import Structure

from lnmo_atoms.builders.hops.hop import Equivalent, Hop
from lnmo_atoms.builders.hops.labels import wyckoff_labels
from lnmo_atoms.builders.hops.ring import Arms, cations_around, ring, smallest_face
from lnmo_atoms.builders.octahedra import Octahedra


@dataclass(frozen=True)
class Surroundings:
    """A crystal with its empty octahedra.

    Attributes:
        bulk: the crystal.
        octahedra: its empty octahedra.
        site_labels: Wyckoff site of every atom.
        octahedron_labels: Wyckoff site of every octahedron.
        around: cations around every octahedron.
    """

    bulk: Structure
    octahedra: Octahedra
    site_labels: list[str]
    octahedron_labels: list[str]
    around: list[Arms]

    @classmethod
    def of(cls, bulk: Structure, octahedra: Octahedra) -> "Surroundings":
        """Look around every octahedron."""
        labels = wyckoff_labels(bulk, octahedra.centres)
        return cls(bulk, octahedra, *labels, cations_around(bulk, octahedra))

    def hop(self, octahedron: int, length: float, members: tuple[Equivalent, ...]) -> Hop:
        """The hop through an octahedron that stands for its equivalents, the first of them.

        Args:
            octahedron: which one.
            length: Å.
            members: the equivalents.
        """
        first, corners = members[0], self.octahedra.corners[octahedron]
        ends = self.bulk.frac_coords[[first.start, first.end]] + [(0, 0, 0), first.end_image]
        ways = (ends - first.octahedron) @ self.bulk.lattice.matrix
        cations = ring(self.around[octahedron], ways[1] - ways[0])
        face, area = smallest_face(self.octahedra.arms[octahedron], ways)
        a, b, c = sorted(corners[face].tolist())
        labels = self.site_labels
        return Hop(
            start=first.start,
            end=first.end,
            end_image=first.end_image,
            octahedron=first.octahedron,
            label="–".join(
                (labels[first.start], self.octahedron_labels[octahedron], labels[first.end])
            ),
            ring=tuple(self.bulk[i].species_string for i in cations.tolist()),
            multiplicity=len(members),
            length=length,
            bottleneck=area,
            bottleneck_anions=(a, b, c),
            equivalents=members,
        )
