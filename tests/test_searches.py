"""Searches over executors: the same numbers everywhere, side by side, nothing asked twice."""

import sys
from collections import Counter
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest
from toy_engines import HALF_TURN, valley_path

from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import SerialExecutor, make_executor
from lnmo_atoms.formats import to_atoms
from lnmo_atoms.results import BandResult, Failure
from lnmo_atoms.searches import run_searches
from lnmo_atoms.store import Study, status_of
from lnmo_atoms.tasks import Task, band, cost
from lnmo_atoms.tasks.band import band_search
from lnmo_atoms.tasks.evaluation import evaluate

SHAPES = [({}, HALF_TURN), ({"height": 0.1, "hump": 0.15}, None), ({"tilt": 0.1}, None)]


def task(name="path", mirror=None, images=5, extra=None, **shape):
    tilt = shape.get("tilt", 0.0)
    return Task.band(
        name, valley_path(images),
        CalculatorSpec.parse("toy_engines:Valley", **shape, **(extra or {})),
        end_energies=(-tilt / 2, tilt / 2), mirror=mirror, fmax=0.01,
    )  # fmt: skip


def tasks(extra=None):
    return [
        task(f"path {i}", mirror, extra=extra, **shape) for i, (shape, mirror) in enumerate(SHAPES)
    ]


def lines(path):
    file = path.with_suffix(".txt")
    return file.read_text().splitlines() if file.exists() else []


class Threads(ThreadPoolExecutor):
    def __init__(self):
        super().__init__(3)


EXECUTORS = {
    "serial": lambda: make_executor("serial"),
    "processes": lambda: make_executor("processes", 2),
    "threads": Threads,
}


@pytest.mark.parametrize("kind", EXECUTORS)
def test_every_executor_finds_the_paths_of_this_process(tmp_path, kind):
    events, notes = [], tmp_path / "notes"
    asked = tasks({"notes": str(notes)})
    with Study(tmp_path / "study") as study, EXECUTORS[kind]() as executor:
        results = run_searches([*asked, asked[0]], study, executor, events.append)
        count = len(lines(notes))
        again = run_searches(asked, study, executor, events.append)
    assert list(results) == [t.key for t in asked]
    assert count == len(lines(notes)) == sum(r.force_calls for r in results.values())
    for one, t in zip(results.values(), tasks(), strict=True):
        assert isinstance(one, BandResult)
        alone = band(t.structures, t.spec, **t.options)
        assert one.energies.tolist() == alone.energies.tolist()
        assert one.curvatures.tolist() == alone.curvatures.tolist()
        assert (one.kinds, one.force_calls) == (alone.kinds, alone.force_calls)
    assert [r.energies.tolist() for r in again.values()] == [
        r.energies.tolist() for r in results.values()
    ]
    settled = [event for event in events if event.status != "running"]
    assert [event.status for event in settled] == ["done"] * 3 + ["cached"] * 3
    assert [event.done for event in settled] == [1, 2, 3] * 2
    assert settled[2].cost_done == settled[2].cost_total == pytest.approx(sum(map(cost, asked)))


def test_images_of_one_path_are_in_flight_at_the_same_time():
    """The engine waits until two evaluations meet: one thread at a time would wait in vain."""
    path, plain = valley_path(7), CalculatorSpec.parse("toy_engines:Valley")
    meeting = CalculatorSpec.parse("toy_engines:Valley", meet=2)
    pair = next(asked for asked in batches_of(path, plain) if len(asked) > 1)[:2]
    atoms = to_atoms(path[0])
    with Threads() as executor:
        calls = [executor.submit(evaluate, atoms, question, meeting) for question in pair]
        energies = [call.result(timeout=20).energy for call in calls]
    assert energies == [evaluate(atoms, question, plain).energy for question in pair]


def batches_of(path, spec):
    """What a search asks for together, batch after batch."""
    search, batches = band_search(path, end_energies=(0, 0), fmax=0.01), []
    asked = next(search)
    while True:
        batches.append(asked)
        try:
            asked = search.send([evaluate(to_atoms(path[0]), q, spec) for q in asked])
        except StopIteration:
            return batches


class Held(Executor):
    """Answers only when nothing more is asked: counts what is asked at the same time."""

    def __init__(self):
        self.calls, self.most = [], 0

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.calls.append((future, fn, args, kwargs))
        self.most = max(self.most, len(self.calls))
        return future

    def answer(self):
        for future, fn, args, kwargs in self.calls:
            future.set_result(fn(*args, **kwargs))
        self.calls = []


def test_all_paths_ask_at_the_same_time(tmp_path, monkeypatch):
    """The first questions of all searches lie with the executor before any is answered."""
    import lnmo_atoms.searches as module

    held, waited = Held(), module.wait

    def answer_then_wait(pending, **kwargs):
        held.answer()
        return waited(pending, **kwargs)

    monkeypatch.setattr(module, "wait", answer_then_wait)
    asked = tasks()
    with Study(tmp_path) as study:
        results = run_searches(asked, study, held)
    batches = [len(b) for t in asked for b in batches_of(t.structures, t.spec)]
    assert held.most > max(batches)  # more than one search ever asks for
    assert all(isinstance(r, BandResult) for r in results.values())


def test_a_search_at_work_is_running(tmp_path):
    states = set()

    class Looking(SerialExecutor):
        def submit(self, fn, /, *args, **kwargs):
            states.update(state.state for state in status_of(tmp_path))
            return super().submit(fn, *args, **kwargs)

    with Study(tmp_path) as study:
        run_searches([task()], study, Looking())
    assert states == {"running"}


@pytest.mark.parametrize("kind", ["serial", "threads"])
def test_a_path_that_fails_is_recorded_and_the_others_go_on(tmp_path, kind):
    bad = {"notes": str(tmp_path / "notes"), "fail_at": 6}
    wrong = Task.band(
        "even", valley_path(4), CalculatorSpec.parse("toy_engines:Valley"), end_energies=(0, 0)
    )
    asked = [task("first"), task("bad", extra=bad), wrong, task("last", tilt=0.1)]
    with Study(tmp_path / "study") as study, EXECUTORS[kind]() as executor:
        first, failed, even, last = run_searches(asked, study, executor).values()
        assert first.converged
        assert last.converged
        assert failed == Failure("bad", "RuntimeError: the engine gave up")
        assert even.cause.startswith("a path needs an odd number of images")
        assert study.failures() == [failed, even] or study.failures() == [even, failed]
        before = len(lines(tmp_path / "notes"))
        again = run_searches([asked[1]], study, executor)
        assert again[asked[1].key].converged
        assert study.failures() == [even]
    # what was said before it failed is not asked again
    assert len(lines(tmp_path / "notes")) <= again[asked[1].key].force_calls + 1
    assert before >= 6


@pytest.mark.parametrize("k", [1, 2, 5, 11, 20])
def test_a_killed_run_goes_on_where_it_was(tmp_path, k):
    notes = tmp_path / "notes"
    asked = tasks({"notes": str(notes)})

    class Killed(SerialExecutor):
        left = k

        def submit(self, fn, /, *args, **kwargs):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return super().submit(fn, *args, **kwargs)

    with Study(tmp_path / "study") as study:
        with pytest.raises(KeyboardInterrupt):
            run_searches(asked, study, Killed())
        assert study.failures() == []
        kept = sum(state.steps or 0 for state in status_of(tmp_path / "study"))
        results = run_searches(asked, study, SerialExecutor())
    total = sum(result.force_calls for result in results.values())
    assert total - k <= len(lines(notes)) - k <= total - kept
    for result, t in zip(results.values(), tasks(), strict=True):
        assert result.energies.tolist() == band(t.structures, t.spec, **t.options).energies.tolist()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_path_that_kills_its_worker_fails_alone(tmp_path):
    """Whichever questions lie with the worker when it dies are asked again one by one."""
    fatal = task("fatal", extra={"notes": str(tmp_path / "notes"), "die_at": 9})
    with Study(tmp_path / "study") as study, make_executor("processes", 1) as executor:
        outcomes = run_searches([*tasks(), fatal], study, executor)
    *good, bad = outcomes.values()
    assert bad == Failure("fatal", "its worker process died: killed, or out of memory")
    for result, t in zip(good, tasks(), strict=True):
        assert result.energies.tolist() == band(t.structures, t.spec, **t.options).energies.tolist()


class Broken(Executor):
    """Every worker dies before it begins."""

    submitted = 0

    def submit(self, fn, /, *args, **kwargs):
        del fn, args, kwargs
        self.submitted += 1
        future = Future()
        future.set_exception(BrokenProcessPool("again"))
        return future


def test_an_executor_that_never_works_ends(tmp_path):
    broken = Broken()
    with Study(tmp_path) as study:
        outcomes = run_searches(tasks(), study, broken)
    assert Counter(type(o) for o in outcomes.values()) == {Failure: 3}
    assert all("worker process died" in o.cause for o in outcomes.values())
    assert broken.submitted < 20
