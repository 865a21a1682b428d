"""Structures only: crystals, slabs and hops, with charges and moments; no energies, no calculator."""
