"""Compare the facets of LiMn2O4: energy, share of the Wulff shape, exposed manganese, Li hop."""

import lnmo_atoms as la

bulk = la.lithium_manganate()
study = "limn2o4-study"
surfaces = la.surface_energies(bulk, study=study, executor="processes")
hops = la.migration_barriers(bulk, study=study, executor="processes")

comparison = la.compare_facets(surfaces, hops)
comparison.write_csv("limn2o4-facets.csv")
for row in comparison.rows():
    print(row["facet"], row["gamma_J_per_m2"], row["wulff_share"], row["exposed_Mn_top_per_nm2"])
