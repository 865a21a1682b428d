"""Names of what is in a study's folder."""

RESULTS = "results.db"
PROVENANCE = "study.json"
TASKS = "tasks"
NAME = "name.txt"
"""File in a task's folder that holds its name."""
LOGS = "logs"
"""What engines wrote of finished tasks, a folder for each."""
