"""A few hops of each kind of ring, where a disordered cell has too many to calculate."""

from collections.abc import Sequence

import numpy as np

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop
from lnmo_atoms.builders.seeds import generator


def select_hops(hops: Sequence[Hop], per_ring: int, seed: int) -> list[Hop]:
    """At most so many hops of each ring class, drawn at random, in the order given.

    Args:
        hops: of one crystal.
        per_ring: of each cyclic order of the ring's ions, rotated and mirrored ones counted as
            one.
        seed: of the random generator.

    Raises:
        RequestError: for fewer than one hop of each ring, or a negative seed.
    """
    if per_ring < 1 or seed < 0:
        raise RequestError("take 1 or more hops of each ring, and a seed of 0 or more")
    classes: dict[tuple[str, ...], list[int]] = {}
    for i, hop in enumerate(hops):
        classes.setdefault(hop.ring_class, []).append(i)
    rng = generator(seed)
    drawn = [rng.permutation(classes[ring])[:per_ring] for ring in sorted(classes)]
    return [hops[i] for i in sorted(np.concatenate(drawn))] if drawn else []
