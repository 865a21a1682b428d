"""``OUTCAR``: the moments of a run, and the rest of it where there is no ``vasprun.xml``."""

import gzip
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.vasp.kpoints import Mesh
from lnmo_atoms.vasp.run import Run, Settings, require_no_pressure
from lnmo_atoms.vasp.vasprun import functional

END = "General timing and accounting informations for this job"
"""VASP's last words."""
NUMBER = r"(-?\d+\.\d*(?:E[-+]\d+)?)"
ROW = re.compile(rf" *\d+(?: +-?\d+\.\d*)* +{NUMBER} *")
"""Of a table of moments: the last number counts."""
MOST_ATOMS = 1_000_000


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
    def seconds(self) -> float:
        """Wall time; 0 where it is not told."""
        found = re.search(rf"Elapsed time \(sec\):\s*{NUMBER}", self.text)
        return float(found[1]) if found else 0.0

    def moments(self) -> NDArray[np.float64] | None:
        """μB, shape (n,), of the last geometry; None where there are none.

        The table is LORBIT's, ``ion  s  p  d  (f)  tot``.
        """
        start = self.text.rfind("magnetization (x)")
        table = self.text[start:].splitlines()[4:] if start >= 0 else []
        rows = itertools.takewhile(bool, (ROW.fullmatch(line) for line in table))
        found = [float(row[1]) for row in rows if row]
        return np.array(found) if found else None

    def run(self) -> Run:
        """All that a run gives; the file must be whole.

        Raises:
            RequestError: where it is not.
        """
        if not self.ended:
            raise RequestError("OUTCAR is cut off: let VASP end, or run it again")
        try:
            run = self._run()
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
        titles = [" ".join(title.split()) for title in re.findall(r"TITEL\s*=(.*)", text)]
        elements = [re.split(r"[_\s]", title.split()[1])[0] for title in titles]
        symbols = np.repeat(elements, counts).tolist()
        tables = text.split("TOTAL-FORCE (eV/Angst)")[1:]
        cells = [_cell(part) for part in text.split("direct lattice vectors")[1:]]
        first, last = (_table(tables[i], len(symbols)) for i in (0, -1))
        cell = cells[-1]
        loops = [int(number) for number in re.findall(r"Iteration\s+\d+\(\s*(\d+)\)", text)]
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
            electronic=loops[-1] < int(self._tag("NELM")),
            ionic=int(self._tag("NSW")) <= 1 or len(tables) < int(self._tag("NSW")),
            steps=len(tables),
            seconds=self.seconds,
        )

    def _settings(self, elements: list[str], titles: list[str]) -> Settings:
        hubbard: dict[str, float] = {}
        if "LDAUU =" in self.text:
            values = zip(
                self._after("LDAUU =").split(), self._after("LDAUJ =").split(), strict=True
            )
            given = dict(zip(elements, (float(u) - float(j) for u, j in values), strict=True))
            hubbard = {element: u for element, u in given.items() if u}
        meta = "" if "METAGGA" not in self.text else self._tag("METAGGA")
        tags = {"GGA": self._tag("GGA"), "METAGGA": meta}
        hybrid = {"LHFCALC": self._tag("LHFCALC") == "T"}
        version = re.search(r"vasp\.(\d+\.\d+\.\d+)", self.text)
        return Settings(
            version=version[1] if version else "",
            functional=functional({**tags, **hybrid}, titles, bool(hubbard)),
            cutoff=float(self._tag("ENCUT")),
            hubbard=hubbard,
            potentials=dict(zip(elements, titles, strict=True)),
            spin=int(self._tag("ISPIN")),
            aspherical=self._tag("LASPH") == "T",
            precision=self._tag("PREC")[0].lower(),
            real_space=self._tag("LREAL") == "T",
            smearing=int(self._tag("ISMEAR")),
            width=float(self._tag("SIGMA")),
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
