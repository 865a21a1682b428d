"""Surface energies of three facets of ordered LNMO, in J/m²."""

import lnmo_atoms as la

bulk = la.ordered_spinel()
facets = [(1, 1, 1), (1, 0, 0), (1, 1, 0)]
results = la.surface_energies(bulk, facets, "chgnet", "surface-study", "processes")

for result in results:
    if result.ranked:
        changed = result.slab.certificate.changed or "as cut"
        print(f"{result.slab.name:16} {result.gamma:.3f} J/m²  {changed}")
