"""Does disorder speed lithium up? D(T) of a Li vacancy in ordered and in disordered LNMO.

Takes 24 minutes on two busy cores. Finished calculations are kept: start it again to go on.
"""

import numpy as np

import lnmo_atoms as la
from lnmo_atoms.analyzers.kinetics import diffusivity, hop_network
from lnmo_atoms.plots import plot_diffusion, save
from lnmo_atoms.records import load_hop_bulk

CELLS = 4  # random ones; two at least
TEMPERATURES = np.linspace(250, 600, 8)


def diffusivities(bulk, study):
    """D in cm²/s at each temperature, by the engine's barriers of all hops."""
    results = la.migration_barriers(bulk, None, "chgnet", study, "processes")
    for result in results:
        state = "" if result.converged else ", not converged"
        print(f"{study}  {result.hop.ring_formula}  {result.barrier:.3f} eV{state}")
    network = hop_network(load_hop_bulk(f"{study}/hops.json"), results)
    return diffusivity(network, TEMPERATURES).diffusivities


ordered = diffusivities(la.ordered_spinel(), "ordered-study")
disordered = np.log(
    [
        diffusivities(la.disordered_spinel(seed=seed), f"disordered-study-{seed}")
        for seed in range(CELLS)
    ]
)
mean, spread = disordered.mean(axis=0), disordered.std(axis=0, ddof=1)
bounds = np.exp(mean - spread), np.exp(mean + spread)
for kelvin, regular, random in zip(TEMPERATURES, ordered, np.exp(mean), strict=True):
    print(f"{kelvin:.0f} K  ordered {regular:.1e} cm²/s  disordered {random:.1e} cm²/s")

curves = {
    "ordered": (TEMPERATURES, ordered),
    f"disordered, mean of {CELLS}": (TEMPERATURES, np.exp(mean), *bounds),
}
rests_on = (
    "one Li vacancy, 1e13 attempts/s; mean and band: of ln D over the cells, ± standard deviation",
    la.CalculatorSpec("chgnet").trust(),
)
save(plot_diffusion(curves, " · ".join(rests_on)), "diffusion.png")
