"""From barriers to diffusivity: exactly for one carrier, by Monte Carlo for many."""
