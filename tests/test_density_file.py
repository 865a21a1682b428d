"""The density on a full disk: whole or not there, and no error in the middle of writing it."""

import errno
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.io import ulm

from lnmo_atoms.calculators.density_file import DensityFile

FULL = Path("/dev/full")


def write_arrays(file, values):
    """As GPAW does: an array in pieces, then the rest when it is closed."""
    with ulm.Writer(file, tag="gpaw") as writer:
        writer.add_array("psit", values.shape)
        for row in values:
            writer.fill(row)
        writer.write(energy=-1.0)


def test_what_was_written_takes_the_place_of_the_last(tmp_path):
    path, values = tmp_path / "density.gpw", np.random.default_rng(0).normal(size=(3, 5000))
    path.write_bytes(b"an older one")
    file = DensityFile(path)
    write_arrays(file, values)
    assert path.read_bytes() == b"an older one"
    assert file.settle() is None
    with ulm.open(path) as reader:
        assert np.array_equal(reader.psit, values)
        assert reader.energy == -1.0
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a device that is always full")
@pytest.mark.parametrize("rows", [1, 3, 5000])
def test_a_full_disk_keeps_the_last_one_and_no_piece_of_the_new(tmp_path, rows):
    """Whether it shows while writing or in the end, when the buffer is emptied."""
    path = tmp_path / "density.gpw"
    path.write_bytes(b"an older one")
    (tmp_path / ".density.gpw").symlink_to(FULL)
    file = DensityFile(path)
    write_arrays(file, np.zeros((rows, 10)))
    assert file.settle().errno == errno.ENOSPC
    assert path.read_bytes() == b"an older one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_gone_is_an_error_like_others(tmp_path):
    file = DensityFile(tmp_path / "gone" / "density.gpw")
    write_arrays(file, np.zeros((3, 10)))
    assert isinstance(file.settle(), FileNotFoundError)
