"""Shared by all tests."""

import os

import matplotlib as mpl
import pytest
from slurm_cluster import missing

mpl.use("Agg")
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """Run the test inside an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


collect_ignore = ["test_slurm.py"] if missing() else []
