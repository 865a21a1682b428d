"""A slab and the certificate that it carries."""

from dataclasses import dataclass

from pymatgen.core import Structure

from lnmo_atoms.builders.files import file_name
from lnmo_atoms.builders.slabs.certificate import Certificate
from lnmo_atoms.builders.slabs.facet import Facet, facet_name


@dataclass(frozen=True)
class Slab:
    """A slab of one termination.

    Attributes:
        structure: the slab with vacuum, c along the normal, centred in the cell. Site properties
            are those of the bulk, and ``bulk_site``: the index of each atom's site in the bulk.
        facet: Miller indices.
        termination: a letter, ``"a"`` first; ``"a-exchanged"`` for its reconstruction, and
            ``"a-exchanged-2"`` for another of the same kind.
        certificate: what the slab is; its faces may differ, and it says so.
        bulk_coordination: oxygen neighbours of each cation's site of the bulk, by ``bulk_site``
            index, see :mod:`lnmo_atoms.builders.coordination`; 0 in metals.
    """

    structure: Structure
    facet: Facet
    termination: str
    certificate: Certificate
    bulk_coordination: tuple[int, ...]

    @property
    def name(self) -> str:
        """Facet and termination, such as ``"111-a"``, for files: unique within a study."""
        return file_name(f"{facet_name(self.facet)}-{self.termination}")
