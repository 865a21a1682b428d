"""Compare the facets of LiMn2O4: energy, share of the Wulff shape, exposed manganese, Li hop."""

import lnmo_atoms as la

bulk = la.lithium_manganate()
study = "limn2o4-study"
surfaces = la.surface_energies(bulk, study=study, executor="processes")
hops = la.migration_barriers(bulk, study=study, executor="processes")

comparison = la.compare_facets(surfaces, hops)
comparison.write_csv("limn2o4-facets.csv")
print("facet    γ relaxed    Wulff share    exposed Mn")
for row in comparison.facets:
    if row.best.gamma is not None:
        share = "refused" if row.wulff_share is None else f"{row.wulff_share:.0%}"
        manganese = row.best.top.density["Mn"]
        print(
            f"{row.best.termination:16} {row.best.gamma:.2f} J/m² {share:>8} {manganese:.1f} /nm²"
        )
for hop in comparison.hops:
    state = "" if hop.converged else "  (not converged)"
    print(f"{hop.label}  barrier {hop.barrier:.2f} eV{state}")
for line in (*comparison.notes, *(flag for hop in comparison.hops for flag in hop.flags)):
    print("note:", line)
