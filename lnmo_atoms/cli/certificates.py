"""Certificates of slabs as lines of a table and on the screen."""

from collections import Counter
from collections.abc import Mapping, Sequence

from lnmo_atoms.analyzers.rows import Row
from lnmo_atoms.builders.slabs import Certificate, Slab
from lnmo_atoms.cli.screen import counted, line, note, table

IONS = ("Mn", "Ni", "Li", "O")
"""Exposed ions in the order of what matters to a cathode's surface; others follow."""
CERTIFIED = "symmetric, stoichiometric, dipole-free"


def certificate_row(certificate: Certificate) -> Row:
    """All that a certificate says: unit-bearing column name → value."""
    c, flip = certificate, certificate.flip
    return {
        "formula": c.formula,
        "formula_units": c.formula_units,
        "atoms": c.atoms,
        "certified": not c.problems,
        "symmetric": c.symmetric,
        "stoichiometric": c.stoichiometric,
        "dipole_free": c.dipole_free,
        "flip": flip.name if flip else None,
        "flip_residual_A": flip.residual if flip else None,
        "flip_rotation": flip.rotation.ravel().tolist() if flip else None,
        "flip_translation": flip.translation.tolist() if flip else None,
        "total_charge_e": c.total_charge,
        "dipole_e_per_A": c.dipole,
        "area_A2": c.area,
        "thickness_asked_A": c.thickness_asked,
        "thickness_A": c.thickness,
        "vacuum_A": c.vacuum,
        "tilt_deg": c.tilt,
        "layers": c.layers,
        **{f"excess_{e}": n for e, n in c.excess.items()},
        **{f"{e}_per_nm2": n for e, n in c.atoms_per_area.items()},
        **{f"exposed_{e}_per_nm2": n for e, n in c.exposed.items()},
        **{f"missing_O_of_exposed_{e}": list(n) for e, n in c.coordination_lost.items()},
        "changed": c.changed,
        "problems": list(c.problems),
    }


def show_slabs(slabs: Sequence[Slab]) -> None:
    """Tables of slabs, of what was moved and of what is exposed, then what is wrong with any."""
    wrong = [slab for slab in slabs if slab.certificate.problems]
    charged = [slab for slab in slabs if slab.certificate.total_charge is not None]
    verdict = ", ".join(
        f"{'all' if n == len(slabs) else n} {name}"
        for name, n in (
            ("symmetric", sum(slab.certificate.symmetric for slab in slabs)),
            ("stoichiometric", sum(slab.certificate.stoichiometric for slab in slabs)),
            ("dipole-free", sum(slab.certificate.dipole_free for slab in charged)),
        )
        if name != "dipole-free" or charged
    )
    moves = list(dict.fromkeys(s.certificate.changed for s in slabs if s.certificate.changed))
    table(
        f"{counted(len(slabs), 'slab')}, {verdict}",
        ("slab", "atoms", "asked\nÅ", "thick\nÅ", "dipole\ne/Å", "faces equal by", "moved"),
        [
            (
                slab.name,
                slab.certificate.atoms,
                slab.certificate.thickness_asked,
                slab.certificate.thickness,
                _dipole(slab.certificate),
                _faces(slab.certificate),
                moves.index(slab.certificate.changed) + 1 if slab.certificate.changed else None,
            )
            for slab in slabs
        ],
    )
    if moves:
        table("What was moved", ("moved", "what"), list(enumerate(moves, start=1)))
    _show_exposed(slabs)
    problems = dict.fromkeys(problem for s in wrong for problem in s.certificate.problems)
    for problem in problems:
        names = [slab.name for slab in wrong if problem in slab.certificate.problems]
        shown = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)})"
        note(f"{shown}: {problem}")


def _show_exposed(slabs: Sequence[Slab]) -> None:
    """Table of the ions that each slab exposes; nothing without oxygen."""
    present = {ion: None for slab in slabs for ion in slab.certificate.exposed}
    ions = sorted(present, key=lambda ion: IONS.index(ion) if ion in IONS else len(IONS))
    if ions:
        table(
            "Exposed ions, with fewer neighbours than in the bulk, per nm², mean of both faces",
            ("slab", *ions),
            [(s.name, *(s.certificate.exposed.get(ion) for ion in ions)) for s in slabs],
        )


def show_certificate(name: str, certificate: Certificate) -> None:
    """A certificate as a table of two columns, then each problem on a line of its own."""
    c = certificate
    verdict = "not certified" if c.problems else CERTIFIED
    rows: list[tuple[str, object]] = [
        ("formula", c.formula),
        ("formula units", c.formula_units),
        ("atoms", c.atoms),
        ("atoms beyond whole formula units", _amounts(c.excess, "+d") or "none"),
        ("faces equal by", _faces(c)),
        ("largest miss of that operation / Å", c.flip and f"{c.flip.residual:.6f}"),
        ("total charge / e", c.total_charge),
        ("dipole / (e/Å)", None if c.total_charge is None else f"{round(c.dipole, 6) + 0.0:.3g}"),
        ("area of one face / Å²", c.area),
        ("thickness / Å", c.thickness),
        ("vacuum / Å", c.vacuum),
        ("c off the normal / °", c.tilt),
        ("atomic planes", c.layers),
        ("atoms per nm²", _amounts(c.atoms_per_area, ".2f")),
        ("exposed ions per nm² of one face", _amounts(c.exposed, ".2f") or None),
        *(
            (f"O neighbours lost by exposed {cation}", _repeats(lost))
            for cation, lost in c.coordination_lost.items()
            if lost
        ),
    ]
    table(f"{name}: {verdict}", ("quantity", "value"), rows)
    for problem in c.problems:
        line(problem)


def _dipole(certificate: Certificate) -> float | None:
    """In e/Å; None where no oxidation states tell."""
    return None if certificate.total_charge is None else round(certificate.dipole, 6) + 0.0


def _faces(certificate: Certificate) -> str:
    flip = certificate.flip
    return flip.name if flip is not None and certificate.symmetric else "faces differ"


def _amounts(amounts: Mapping[str, float], form: str) -> str:
    """``Li 2.60, Mn 0.00``."""
    return ", ".join(f"{element} {amount:{form}}" for element, amount in amounts.items())


def _repeats(numbers: Sequence[int]) -> str:
    """``6 × 3, 2 × 1``: six ions have lost three neighbours, two have lost one."""
    return ", ".join(f"{count} × {n}" for n, count in sorted(Counter(numbers).items()))
