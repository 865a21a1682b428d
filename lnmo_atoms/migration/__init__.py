"""Workflow: migration barriers of a mobile ion through empty octahedra."""

from lnmo_atoms.migration.workflow import migration_barriers, plan_migration

__all__ = ["migration_barriers", "plan_migration"]
