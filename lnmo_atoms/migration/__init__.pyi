from .frequencies import attempt_frequencies
from .workflow import migration_barriers, plan_migration

__all__ = ["attempt_frequencies", "migration_barriers", "plan_migration"]
