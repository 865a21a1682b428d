"""What a calculation has done so far, kept in a file that a restart reads."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lnmo_atoms.builders.files import write_text_atomically
from lnmo_atoms.tasks.files import Effort
from lnmo_atoms.tasks.gauge import Gauge

log = logging.getLogger(__name__)

SCHEMA = 1
INTERVAL = 2.0
"""Seconds between two writes of the checkpoint."""


class Journal:
    """Geometries under way and the effort spent on them.

    Args:
        path: the checkpoint; None keeps nothing.
        images: geometries, moved to where the checkpoint left them if there is one. Their
            calculators are gauges.
    """

    def __init__(self, path: Path | None, images: Sequence[Atoms]) -> None:
        """Read the checkpoint if there is a sound one."""
        self._path = path
        self._images = images
        self._started = self._written = time.perf_counter()
        self._before = self._restore()
        self._steps = 0

    @property
    def effort(self) -> Effort:
        """In all, that before a restart included."""
        gauges = [image.calc for image in self._images if isinstance(image.calc, Gauge)]
        return Effort(
            steps=self._before.steps + self._steps,
            force_calls=self._before.force_calls + sum(gauge.evaluations for gauge in gauges),
            seconds=self._before.seconds + time.perf_counter() - self._started,
        )

    def step(self) -> None:
        """Count one step; write the checkpoint if the last one is old enough."""
        self._steps += 1
        if time.perf_counter() - self._written >= INTERVAL:
            self.write()

    def write(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self._path is None:
            return
        document = {
            "schema": SCHEMA,
            **asdict(self.effort),
            "cells": [image.cell.tolist() for image in self._images],
            "positions": [image.positions.tolist() for image in self._images],
        }
        write_text_atomically(self._path, json.dumps(document))
        self._written = time.perf_counter()

    def _restore(self) -> Effort:
        if self._path is None or not self._path.exists():
            return Effort()
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            effort, cells, positions = self._parsed(document)
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            log.warning("checkpoint %s cannot be used, starting afresh: %s", self._path, error)
            return Effort()
        for image, cell, place in zip(self._images, cells, positions, strict=True):
            image.set_cell(cell)
            image.positions = place
        log.info("continuing from %s after %d steps", self._path, effort.steps)
        return effort

    def _parsed(self, document: dict[str, Any]) -> tuple[Effort, Any, Any]:
        """Effort, cells and positions; ValueError and its like for anything unsound."""
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']} is not {SCHEMA}")
        cells, positions = np.array(document["cells"]), np.array(document["positions"])
        expected = np.shape([image.positions for image in self._images])
        if positions.shape != expected or cells.shape != (len(self._images), 3, 3):
            raise ValueError("it is of other atoms")
        if not (np.isfinite(cells).all() and np.isfinite(positions).all()):
            raise ValueError("it holds numbers that are not finite")
        effort = Effort(
            int(document["steps"]), int(document["force_calls"]), float(document["seconds"])
        )
        return effort, cells, positions
