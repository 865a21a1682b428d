"""What an engine has said during a search, kept in a file: a restart is told the same again."""

import json
import logging
import time
from pathlib import Path
from typing import TypeVar

import numpy as np
from ase import Atoms

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.tasks.evaluation import Evaluation, Question, Search, engine_changed, evaluate

log = logging.getLogger(__name__)

T = TypeVar("T")

SAME_GEOMETRY = 1e-6
"""Å, within which a geometry is one that was evaluated."""


class Notebook:
    """Evaluations by one engine in the order in which they were asked for.

    A search asks the same questions in the same order whenever it starts again, so that it comes
    to the point where it was stopped without a single evaluation.
    """

    def __init__(self, path: Path | None, spec: CalculatorSpec) -> None:
        """Read what is there; a torn last line is dropped.

        Args:
            path: JSON, one line for each evaluation; None keeps nothing.
            spec: the engine.
        """
        self._path = path
        self._spec, self._engine = spec, spec.fingerprint()
        self._pages = [] if path is None else _mended(path)
        self._before = self._pages[-1][2] if self._pages else 0.0
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Wall time of the search, that before a restart included."""
        return self._before + time.perf_counter() - self._started

    def folder(self, place: int) -> Path | None:
        """For the engine's files on the question at this place among those asked together."""
        return None if self._path is None else self._path.with_name(f"question-{place}")

    def known(self, question: Question) -> Evaluation | None:
        """What the engine said to this question before the search was stopped."""
        for i, (asked, evaluation, _) in enumerate(self._pages):
            if (
                asked.moments == question.moments
                and asked.positions.shape == question.positions.shape
                and np.allclose(asked.positions, question.positions, rtol=0, atol=SAME_GEOMETRY)
            ):
                del self._pages[i]
                return evaluation
        return None

    def note(self, question: Question, evaluation: Evaluation) -> Evaluation:
        """Keep an evaluation, and give it back.

        Raises:
            CalculationFailed: where the engine, or a file that its options name, has changed since
                the notebook was opened: two engines do not make one search.
        """
        if self._spec.fingerprint() != self._engine:
            raise engine_changed(self._spec)
        if self._path is not None:
            moments = evaluation.moments
            page = {
                "seconds": self.seconds,
                "asked": "moments" if question.moments else "forces",
                "positions": question.positions.tolist(),
                "energy": evaluation.energy,
                "forces": evaluation.forces.tolist(),
                "moments": None if moments is None else np.asarray(moments).tolist(),
            }
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(page) + "\n")
        return evaluation


def answered(search: Search[T], atoms: Atoms, spec: CalculatorSpec, notebook: Notebook) -> T:
    """What a search finds, its geometries evaluated one after the other in this process.

    Args:
        search: not begun.
        atoms: whose positions it asks about.
        spec: the engine.
        notebook: knows what was evaluated before, and keeps what is.

    Raises:
        CalculationFailed: where the engine gives no finite numbers, or changes meanwhile.
    """
    try:
        asked = next(search)
        while True:
            asked = search.send(
                [
                    notebook.known(q)
                    or notebook.note(q, evaluate(atoms, q, spec, notebook.folder(place)))
                    for place, q in enumerate(asked)
                ]
            )
    except StopIteration as found:
        value: T = found.value
        return value


Page = tuple[Question, Evaluation, float]


def _mended(path: Path) -> list[Page]:
    """Every sound line; the file is cut off behind the last one."""
    if not path.exists():
        return []
    pages, sound = _read(path)
    if sound < path.stat().st_size:
        log.warning("%s is damaged after %d evaluations: going on from there", path, len(pages))
        with path.open("r+b") as file:
            file.truncate(sound)
    return pages


def _read(path: Path) -> tuple[list[Page], int]:
    """Every sound line up to the first that is not, and how many bytes they are."""
    pages: list[Page] = []
    sound = 0
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            pages.append(_page(line))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            break
        sound += len(line)
    return pages, sound


def _page(line: bytes) -> Page:
    """One evaluation; ValueError and its like for anything unsound."""
    if not line.endswith(b"\n"):
        raise ValueError("a line was not written to its end")
    page = json.loads(line)
    question = Question(
        np.array(page["positions"], dtype=float), {"moments": True, "forces": False}[page["asked"]]
    )
    forces, moments = np.array(page["forces"], dtype=float), page["moments"]
    energy, seconds = float(page["energy"]), float(page["seconds"])
    if question.positions.shape != forces.shape or forces.ndim != 2:
        raise ValueError("a line holds no forces")
    if moments is not None:
        moments = np.array(moments, dtype=float).reshape(len(forces))
    if not np.isfinite([*forces.ravel(), energy, seconds]).all():
        raise ValueError("a line holds numbers that are not finite")
    return question, Evaluation(energy, forces, moments), seconds
