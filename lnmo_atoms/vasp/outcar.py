"""``OUTCAR``: what it alone tells of a run, and the rest where there is no ``vasprun.xml``."""

import gzip
import itertools
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.vasp.kpoints import Mesh
from lnmo_atoms.vasp.run import Ending, Run, require_neutral, require_no_pressure
from lnmo_atoms.vasp.settings import DEFAULTS, Settings, Tag, unusual
from lnmo_atoms.vasp.vasprun import functional

END = "General timing and accounting informations for this job"
"""VASP's last words."""
NUMBER = r"(-?\d+\.\d*(?:E[-+]\d+)?)"
ROW = re.compile(rf" *\d+(?: +-?\d+\.\d*)* +{NUMBER} *")
"""Of a table of moments: the last number counts."""
MOST_ATOMS = 1_000_000
SOFT_STOP = "soft stop encountered!  aborting job"
HARD_STOP = "aborting loop because hard stop was set"
"""Of a STOPCAR: after a geometry, or in the midst of its electrons."""
TOLD = re.compile(rf"\b({'|'.join(DEFAULTS)})\s*=\s*([^\s;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Outcar:
    """The text of an OUTCAR."""

    text: str

    @classmethod
    def read(cls, path: Path) -> "Outcar":
        """The file, packed or not.

        Raises:
            RequestError: where it cannot be read.
        """
        try:
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else None
            return cls((content or path.read_bytes()).decode("latin-1"))
        except (OSError, EOFError) as error:
            raise RequestError(f"{path.name} cannot be read: {error}") from error

    @property
    def ended(self) -> bool:
        """VASP came to its end."""
        return END in self.text

    @property
    def stopped(self) -> bool:
        """A STOPCAR ended it."""
        return SOFT_STOP in self.text or self.interrupted

    @property
    def interrupted(self) -> bool:
        """A STOPCAR ended it before the electrons of the last geometry were converged."""
        return HARD_STOP in self.text

    @property
    def seconds(self) -> float:
        """Wall time; 0 where it is not told."""
        found = re.search(rf"Elapsed time \(sec\):\s*{NUMBER}", self.text)
        return float(found[1]) if found else 0.0

    @cached_property
    def tags(self) -> dict[str, Tag]:
        """Of those that decide an energy all that are told and are not VASP's default.

        Dispersion is told below the electrons of the first geometry.
        """
        return unusual(dict(TOLD.findall(self.text.partition("FREE ENERGIE OF THE ION")[0])))

    def moments(self) -> NDArray[np.float64] | None:
        """μB, shape (n,), of the last geometry; None where there are none.

        The table is LORBIT's, ``ion  s  p  d  (f)  tot``.
        """
        start = self.text.rfind("magnetization (x)")
        table = self.text[start:].splitlines()[4:] if start >= 0 else []
        rows = itertools.takewhile(bool, (ROW.fullmatch(line) for line in table))
        found = [float(row[1]) for row in rows if row]
        return np.array(found) if found else None

    def beside(self, run: Run) -> Run:
        """A run of ``vasprun.xml`` with what OUTCAR alone tells: moments, dispersion, a STOPCAR.

        Raises:
            RequestError: where the file is damaged.
        """
        try:
            told = self.tags
        except ValueError as error:
            raise RequestError("OUTCAR is damaged: run VASP again") from error
        moments = self.moments()
        fits = moments is not None and moments.shape == (len(run.symbols),)
        return replace(
            run,
            settings=replace(run.settings, tags={**told, **run.settings.tags}),
            moments=moments if fits else None,
            electronic=run.electronic and not self.interrupted,
            ending=replace(run.ending, stopped=self.stopped),
            seconds=self.seconds,
        )

    def run(self) -> Run:
        """All that a run gives; the file must be whole.

        Raises:
            RequestError: where it is not, or of a run under pressure or of a charged cell.
        """
        if not self.ended:
            raise RequestError("OUTCAR is cut off: let VASP end, or run it again")
        try:
            run = self._run()
        except RequestError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise RequestError("OUTCAR is damaged: run VASP again") from error
        if not run.whole:
            raise RequestError("OUTCAR is damaged: its numbers are not those of one run")
        return run

    def _run(self) -> Run:
        text = self.text
        require_no_pressure(float(self._tag("PSTRESS")))
        counts = [int(word) for word in self._after("ions per type =").split()]
        if sum(counts) > MOST_ATOMS:
            raise ValueError(counts)
        valences = [float(word) for word in re.findall(r"\d+\.\d\d", self._after("ZVAL   ="))]
        require_neutral(float(self._tag("NELECT")), float(np.dot(counts, valences)))
        titles = [" ".join(title.split()) for title in re.findall(r"TITEL\s*=(.*)", text)]
        elements = [re.split(r"[_\s]", title.split()[1])[0] for title in titles]
        symbols = np.repeat(elements, counts).tolist()
        tables = text.split("TOTAL-FORCE (eV/Angst)")[1:]
        cells = [_cell(part) for part in text.split("direct lattice vectors")[1:]]
        first, last = (_table(tables[i], len(symbols)) for i in (0, -1))
        cell = cells[-1]
        steps = dict(re.findall(r"Iteration\s+(\d+)\(\s*(\d+)\)", text))
        loops, most_loops = [int(last) for last in steps.values()], int(self._tag("NELM"))
        return Run(
            settings=self._settings(elements, titles),
            mesh=self._mesh(),
            symbols=tuple(symbols),
            first_lattice=cells[0],
            lattice=cell,
            first_positions=first[:, :3] @ np.linalg.inv(cells[0]),
            positions=last[:, :3] @ np.linalg.inv(cell),
            first_energy=_energy(tables[0]),
            energy=_energy(tables[-1]),
            forces=last[:, 3:],
            moments=self.moments(),
            free=np.ones((len(symbols), 3), dtype=bool),
            dipole=self._tag("LDIPOL") == "T",
            first_electronic=loops[0] < most_loops,
            electronic=loops[-1] < most_loops and not self.interrupted,
            ending=Ending(
                most=int(self._tag("NSW")),
                limit=float(self._tag("EDIFFG")),
                method=int(self._tag("IBRION")),
                freedom=int(self._tag("ISIF")),
                stopped=self.stopped,
            ),
            steps=len(tables),
            seconds=self.seconds,
        )

    def _settings(self, elements: list[str], titles: list[str]) -> Settings:
        us, hund, shells = (
            dict(zip(elements, self._after(words).split(), strict=True))
            if (words := f"for each species {tag} =") in self.text
            else {}
            for tag in ("LDAUU", "LDAUJ", "LDAUL")
        )
        differences = {element: float(u) - float(hund[element]) for element, u in us.items()}
        hubbard = {element: u for element, u in differences.items() if u}
        meta = "" if "METAGGA" not in self.text else self._tag("METAGGA")
        tags = {"GGA": self._tag("GGA"), "METAGGA": meta}
        hybrid = {"LHFCALC": self._tag("LHFCALC") == "T"}
        version = re.search(r"vasp\.(\d+\.\d+\.\d+)", self.text)
        return Settings(
            version=version[1] if version else "",
            functional=functional({**tags, **hybrid}, titles, bool(hubbard)),
            cutoff=float(self._tag("ENCUT")),
            hubbard=hubbard,
            hund={element: float(hund[element]) for element in hubbard if float(hund[element])},
            shells={element: int(shells[element]) for element in hubbard},
            potentials=dict(zip(elements, titles, strict=True)),
            spin=int(self._tag("ISPIN")),
            fixed_moment=float(self._tag("NUPDOWN")) >= 0,
            aspherical=self._tag("LASPH") == "T",
            precision=self._tag("PREC")[0].lower(),
            real_space=self._tag("LREAL") == "T",
            smearing=int(self._tag("ISMEAR")),
            width=float(self._tag("SIGMA")),
            tags=self.tags,
        )

    def _mesh(self) -> Mesh | None:
        found = re.search(r"generate k-points for:\s+(\d+)\s+(\d+)\s+(\d+)", self.text)
        return None if found is None else (int(found[1]), int(found[2]), int(found[3]))

    def _after(self, words: str) -> str:
        return self.text.split(words)[-1].splitlines()[0]

    def _tag(self, name: str) -> str:
        """The value in the list of parameters, which follows an echo of the INCAR."""
        values: list[str] = re.findall(rf"\b{name}\s*=\s*([^\s;]+)", self.text)
        return values[-1]


def _cell(text: str) -> NDArray[np.float64]:
    """Å, shape (3, 3): direct and reciprocal vectors stand side by side."""
    rows = text.splitlines()[1:4]
    return np.array([re.findall(NUMBER, row)[:3] for row in rows], dtype=float)


def _table(text: str, atoms: int) -> NDArray[np.float64]:
    """Å and eV/Å, shape (n, 6): positions and forces."""
    rows = text.splitlines()[2 : 2 + atoms]
    return np.array([re.findall(NUMBER, row) for row in rows], dtype=float)


def _energy(text: str) -> float:
    """EV, the first total that follows a table of forces."""
    return float(re.search(rf"energy\(sigma->0\)\s*=\s*{NUMBER}", text)[1])  # type: ignore[index]
