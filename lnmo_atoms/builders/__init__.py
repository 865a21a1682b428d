"""Structures only: crystals, slabs, hops, with charges and moments; no energies."""
