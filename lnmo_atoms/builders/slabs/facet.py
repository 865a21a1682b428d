"""Miller indices."""

from collections.abc import Sequence

from lnmo_atoms.builders.errors import RequestError

Facet = tuple[int, int, int]
"""Miller indices in the cell of the bulk that the slab was cut from."""

LARGEST_INDEX = 20


def facet_name(facet: Facet) -> str:
    """Miller indices as in text: ``"111"``, ``"1-10"``."""
    return "".join(str(index) for index in facet)


def valid_facet(facet: Sequence[int]) -> Facet:
    """Three whole Miller indices, not all zero.

    Raises:
        RequestError: otherwise.
    """
    indices = tuple(facet)
    if len(indices) != 3 or any(int(i) != i or abs(i) > LARGEST_INDEX for i in indices):
        raise RequestError(f"a facet is three whole Miller indices such as 1 1 1, not {facet}")
    h, k, m = (int(i) for i in indices)
    if not (h or k or m):
        raise RequestError("facet 000 has no normal: give three Miller indices such as 111")
    return h, k, m
