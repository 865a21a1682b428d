"""Shared by all tests."""

import importlib.util
import os
import signal

import matplotlib as mpl
import pytest
from slurm_cluster import missing

mpl.use("Agg")
os.environ["OMP_NUM_THREADS"] = "1"
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """Run the test inside an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


collect_ignore = ["test_slurm.py"] if missing() else []


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of GPAW where it is not installed: it compiles against libraries."""
    if importlib.util.find_spec("gpaw") is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("gpaw")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("gpaw")]
