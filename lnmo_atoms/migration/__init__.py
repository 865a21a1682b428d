"""Workflow: migration barriers of a mobile ion through empty octahedra."""

from lnmo_atoms.migration.frequencies import attempt_frequencies
from lnmo_atoms.migration.workflow import migration_barriers, plan_migration

__all__ = ["attempt_frequencies", "migration_barriers", "plan_migration"]
