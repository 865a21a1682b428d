"""Make the files of this folder with the program itself: python structures/make.py [FOLDER].

Every entry names the command that makes it. README.md and index.csv list them all.
"""

import csv
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import lnmo_atoms as la
from lnmo_atoms.builders.symmetry import space_group

LNMO = (sys.executable, "-c", "from lnmo_atoms.cli import main; main()")
HERE = Path(__file__).parent
COLUMNS = ("name", "formats", "formula", "atoms", "space_group", "source", "command")
SLABS = "lnmo slabs --facet 111 --facet 100 --facet 110 --reconstruct exchanged -o made"
HOPS = "lnmo migrate --images 3 --study made"
GPAW = "python structures/gpaw/relax.py made"
SEEDS = (("56", "1 1 1"), ("112", "1 1 2"), ("448", "2 2 2"))

HEAD = """\
# Structures

Ready to use, each as CIF and POSCAR (`.vasp`) with charges and moments. `python
structures/make.py` makes them all; each comes from the command beside it, `FILE` standing for what
it writes. Atoms are where the crystal has them, unrelaxed, except for the hops and in `gpaw`. A
POSCAR cannot hold shared sites: the average crystal is there as CIF alone. The CIF of a disordered
cell says in its first lines how well it is mixed. The last column of `index.csv` holds the same
commands.

"""


@dataclass(frozen=True)
class Entry:
    """A structure of this folder.

    Attributes:
        name: of its files, without suffix.
        command: that makes it.
        made: what the command writes, without suffix.
        source: of positions and lattice, in words.
    """

    name: str
    command: str
    made: str
    source: str

    @property
    def needs_engine(self) -> bool:
        """Whether CHGNet or GPAW relaxes it."""
        return self.command in (HOPS, GPAW)


def _build(name: str, options: str, source: str, poscar: bool = True) -> Entry:
    """A structure that lnmo build makes."""
    files = "-o made.cif" + (" -o made.vasp" if poscar else "")
    return Entry(name, f"lnmo build {options} {files}", "made", source)


def entries() -> Iterator[Entry]:
    """All structures."""
    refined = "refined P4_332 cell of Li2NiMn3O8, a = 8.166 Å (experiment)"
    ideal = "ideal Fd-3m positions, u = 0.2626, a = 8.1726 Å (Chem. Sci. 15, 11302, 2024)"
    yield _build("ordered-P4_332", "ordered", refined)
    yield _build("ordered-P4_132", "ordered --enantiomorph", f"{refined}, inverted")
    yield _build("average-Fd-3m", "average", ideal, poscar=False)
    yield _build("LiMn2O4", "limn2o4", "ideal Fd-3m positions, a = 8.2442 Å (neutron diffraction)")
    yield _build("ordered-R-3m-primitive", "ordered --number 22 --primitive", ideal)
    yield _build("delithiated-NiMn3O8", "ordered --lithium 0", f"{refined}, lithium left out")
    for atoms, cell in SEEDS:
        options = f"disordered --method sqs --cell {cell} --seed 0"
        yield _build(f"quasi-random-{atoms}", options, f"{ideal}; special quasi-random cell")
    for order in ("0.25", "0.5", "0.75", "1"):
        options = f"disordered --method sqs --order {order} --cell 2 2 2 --seed 0"
        yield _build(f"order-parameter-{order}", options, f"{ideal}; S = {order}")
    for number in range(1, la.count_orderings() + 1):
        name = f"ordering-{number:02d}"
        yield Entry(f"orderings/{name}", "lnmo orderings -o made", f"made/{name}", ideal)
    for slab in ("111-a", "111-e-exchanged", "100-a", "100-b", "110-d", "110-g-exchanged-2"):
        source = f"certified slab, cut from the {refined}"
        yield Entry(f"slabs/{slab}", SLABS, f"made/{slab}", source)
    gpaw = "relaxed at Γ with GPAW 26.7, PBE+U, 500 eV, in the fixed cell of ordered-R-3m-primitive"
    yield Entry("gpaw/R-3m-relaxed", GPAW, "made", gpaw)
    relaxed = "relaxed with CHGNet 0.3.0 in its own lattice, a = 8.312 Å, one lithium vacancy"
    for hop, folder in (
        ("8c-4a-8c", "hop-1-8c-4a-8c-4-7"),
        ("8c-12d-8c", "hop-2-8c-12d-8c-6-7"),
    ):
        for number, image in enumerate(("initial", "saddle", "final")):
            made = f"made/structures/{folder}/{number:02d}"
            yield Entry(f"hops/{hop}-{image}", HOPS, made, relaxed)


def make(chosen: Sequence[Entry], folder: Path) -> None:
    """Run the commands and put what they made into the folder, as CIF and POSCAR."""
    for command in dict.fromkeys(entry.command for entry in chosen):
        with tempfile.TemporaryDirectory() as scratch:
            program, *words = shlex.split(command)
            if program == "python":
                words[0] = str(HERE.parent / words[0])
            run = (sys.executable,) if program == "python" else LNMO
            subprocess.run([*run, *words], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
            for entry in chosen:
                if entry.command == command:
                    _keep(entry, Path(scratch), folder)


def _keep(entry: Entry, scratch: Path, folder: Path) -> None:
    """Copy a structure's files; one that lacks a CIF gets it from its POSCAR."""
    target = folder / entry.name
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".cif", ".vasp"):
        made = scratch / f"{entry.made}{suffix}"
        if made.exists():
            shutil.copyfile(made, f"{target}{suffix}")
    if not Path(f"{target}.cif").exists():
        comments = [f"made by: {entry.command}", entry.source]
        la.write(la.read(f"{target}.vasp"), f"{target}.cif", comments=comments)


def index(folder: Path) -> None:
    """Write README.md and index.csv about the files in the folder."""
    rows = [_row(entry, folder) for entry in entries()]
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = ["| structure | formula | space group | source | command |", "|---|---|---|---|---|"]
    lines += [
        f"| [{row['name']}]({row['name']}.cif) | {row['formula']} | {row['space_group']} "
        f"| {row['source']} | `{row['command']}` |"
        for row in rows
    ]
    (folder / "README.md").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def _row(entry: Entry, folder: Path) -> dict[str, str | int]:
    """What the index says of a structure."""
    structure = la.read(folder / f"{entry.name}.cif")
    group = space_group(structure)
    formats = [s for s in ("cif", "vasp") if (folder / f"{entry.name}.{s}").exists()]
    return {
        "name": entry.name,
        "formats": " ".join(formats),
        "formula": structure.composition.element_composition.formula,
        "atoms": len(structure),
        "space_group": f"{group.symbol} ({group.number})",
        "source": entry.source,
        "command": entry.command.replace("made", "FILE"),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    make(list(entries()), folder)
    index(folder)
