"""Reconstructed surfaces: what a cut crystal's face may turn into, alike on both faces."""

from lnmo_atoms.builders.slabs.reconstructions.kinds import (
    KINDS,
    kind_of,
    reconstruct,
    reconstructions,
    valid_kind,
    why_not,
)

__all__ = ["KINDS", "kind_of", "reconstruct", "reconstructions", "valid_kind", "why_not"]
