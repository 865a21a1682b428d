"""Li migration barriers of ordered LNMO through its two kinds of empty octahedra, in eV."""

import lnmo_atoms as la

bulk = la.ordered_spinel()
hops = la.find_hops(bulk)
results = la.migration_barriers(bulk, hops, "chgnet", "migration-study", "processes")

for result in results:
    hop, state = result.hop, "converged" if result.converged else "not converged"
    print(f"{hop.label}  ring {hop.ring_formula}  barrier {result.barrier:.3f} eV, {state}")
