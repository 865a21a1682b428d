"""Atomistic modelling of the high-voltage spinel cathode LiNi0.5Mn1.5O4."""
