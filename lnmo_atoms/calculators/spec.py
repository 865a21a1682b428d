"""Which calculator to use: a name and options, small enough to travel to any process."""

import contextlib
import importlib.metadata
import importlib.util
import json
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.calculators.engines import ENGINES, Engine, Quantity
from lnmo_atoms.calculators.files import by_content, files_named, require_files, sha256
from lnmo_atoms.calculators.plugins import plugin_engine, plugin_names
from lnmo_atoms.calculators.user import load_factory, require_unedited, user_engine

_kept = threading.local()
"""Calculators of this thread by spec: they are costly to build and must not be shared."""


@dataclass(frozen=True)
class _Kept:
    """A calculator, the files it was built from, and the folder that it had then."""

    calculator: Any
    files: Mapping[str, str]
    directory: Any


@dataclass(frozen=True)
class CalculatorSpec:
    """Name and options of a calculator; the calculator itself is built where it is used.

    Attributes:
        name: ``"chgnet"``, ``"emt"``, ``"gpaw"``, the name that another package gives its engine
            among the entry points ``lnmo_atoms.calculators``, or ``"module:factory"``, a function
            that takes the options and returns an ASE calculator.
        options: plain numbers, text, lists and tables. A text that names a file or
            a folder, from the working directory on, stands for what is in it.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, calculator: "str | CalculatorSpec", **options: Any) -> "CalculatorSpec":
        """A checked spec from a name, or another spec with some options changed.

        Raises:
            RequestError: for an unknown engine, an option it does not take, or an option's value
                that is not made of numbers, text, lists and tables.
        """
        if isinstance(calculator, CalculatorSpec):
            spec = cls(calculator.name, {**calculator.options, **_plain(options)})
        elif not isinstance(calculator, str):
            raise RequestError(
                f"name the calculator, such as 'chgnet' or 'module:factory', instead of giving a "
                f"{type(calculator).__name__}: it is built in the process that uses it"
            )
        else:
            name = calculator if ":" in calculator else calculator.lower()
            spec = cls(name, _plain(options))
        engine = spec._engine
        if engine.options is not None and (wrong := sorted(set(spec.options) - engine.options)):
            takes = ", ".join(sorted(engine.options)) or "none"
            raise RequestError(f"{engine.label} has no option {wrong[0]!r}; its options: {takes}")
        return spec

    @property
    def _engine(self) -> Engine:
        if ":" in self.name:
            return user_engine(self.name)
        if self.name in ENGINES:
            return ENGINES[self.name]
        if self.name in (plugins := plugin_names()):
            return plugin_engine(self.name)
        from_here = [name for name, engine in ENGINES.items() if not engine.by_hand]
        raise RequestError(
            f"calculator {self.name!r} is not known: use {', '.join([*from_here, *plugins])}, or "
            "module:factory for your own"
        )

    def calculator(self, folder: Path | None = None) -> Any:
        """The ASE calculator, built at the first call in this thread and kept.

        Args:
            folder: of the calculation at hand alone, for an engine that writes files (one with
                ASE's ``directory``); None is the engine's own choice.

        Raises:
            RequestError: where the engine is not installed, its factory fails, or the source of
                the user's own was edited after it was imported.
        """
        if ":" in self.name:
            require_unedited(self.name)
        built: dict[CalculatorSpec, _Kept] = _kept.__dict__.setdefault("built", {})
        files = self.files
        if self not in built or built[self].files != files:
            made = self._made()
            built[self] = _Kept(made, files, getattr(made, "directory", None))
        kept = built[self]
        if hasattr(kept.calculator, "directory"):
            kept.calculator.directory = kept.directory if folder is None else folder
        return kept.calculator

    def _made(self) -> Any:
        self._require_installed()
        with contextlib.redirect_stdout(sys.stderr):  # many factories print what they load
            made = load_factory(self._engine.factory, self.options)(**self.options)
        if not hasattr(made, "get_property"):
            raise RequestError(
                f"{self.name} returned {type(made).__name__} instead of an ASE calculator"
            )
        return made

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of the files and folders that a user's options name, by absolute path."""
        named = files_named(self.options) if self._engine.named_files else {}
        return {str(path): sha256(path) for path in named.values()}

    @contextlib.contextmanager
    def renewed_on_failure(self) -> Iterator[None]:
        """Let go of this thread's calculator when what is done with it inside fails.

        It may be broken from then on; the next call builds another one.
        """
        try:
            yield
        except Exception:
            _kept.__dict__.setdefault("built", {}).pop(self, None)
            raise

    def engine(self) -> str:
        """Engine and version for people, such as ``"CHGNet 0.3.0 (chgnet 0.4.2)"``."""
        engine = self._engine
        name = " ".join(filter(None, (engine.label, engine.variant(self.options))))
        version = self._version()
        return f"{name} ({engine.package} {version})" if version else name

    def fingerprint(self) -> dict[str, Any]:
        """All that decides the numbers, for keys and provenance; the engine is not loaded.

        Keys: ``engine``, ``version``, ``options`` and ``sha256``, that of the weights or of the
        source file of the user's own factory (None where there is neither). Of files and
        folders that the options name it is the content that counts, wherever they lie.
        """
        self._require_installed()
        engine = self._engine
        data = engine.data_file(self.options)
        options = {k: v for k, v in self.options.items() if k not in engine.neutral}
        return {
            "engine": self.name,
            "version": self._version(),
            "options": by_content(options) if engine.named_files else options,
            "sha256": sha256(data) if data else None,
        }

    def check(self, elements: Iterable[str]) -> None:
        """Refuse, before anything is calculated, what this engine cannot do.

        Args:
            elements: symbols of all elements that it will see.

        Raises:
            RequestError: where the engine does not run from here or is not installed, an option
                has a value that cannot be, or names a file that is missing or a folder that holds
                too much, its factory cannot be called, or it does not know an element.
        """
        engine = self._engine
        if engine.by_hand:
            raise RequestError(engine.by_hand)
        engine.valid(self.options)
        self._require_installed()
        engine.data_file(self.options)
        if engine.module is None:
            load_factory(engine.factory, self.options)
        if engine.named_files:
            require_files(self.name, self.options)
        if engine.elements is None or not (unknown := sorted(set(elements) - engine.elements)):
            return
        verb = "knows neither" if len(unknown) > 1 else "does not know"
        few = len(engine.elements) < 20
        only = f" (only {', '.join(sorted(engine.elements))})" if few else ""
        other = "module:factory" if self.name == "chgnet" else "chgnet for LNMO"
        raise RequestError(
            f"{engine.label} {verb} {' nor '.join(unknown)}{only}: use --calculator {other}"
        )

    @property
    def ranks(self) -> int:
        """MPI processes of one calculation; 1 where only the factory knows what ``ranks`` means."""
        known = self._engine.options or frozenset()
        return int(self.options.get("ranks", 1)) if "ranks" in known else 1

    @property
    def blind(self) -> bool:
        """Whether ions of one element are alike to the engine, whatever their charge and moment."""
        return self._engine.blind

    def trust(self, first: Quantity, *others: Quantity) -> str:
        """How far to trust the engine's numbers of some quantities, in a sentence or two."""
        engine, quantities = self._engine, (first, *others)
        evidence = [
            engine.evidence[quantity] for quantity in quantities if quantity in engine.evidence
        ]
        return " ".join([engine.trust.format(" and ".join(quantities)), *evidence])

    def _require_installed(self) -> None:
        engine = self._engine
        if engine.module is not None and importlib.util.find_spec(engine.module) is None:
            raise RequestError(f"{engine.label} is not installed: {engine.install}")

    def _version(self) -> str | None:
        package = self._engine.package
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(package) if package else None
        return None


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as JSON would give them back, so that equal ones compare equal."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(options, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"a calculator's options must be plain numbers, text, lists and tables: {error}"
        ) from error
    return plain
