"""What came of the orderings that were calculated."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from lnmo_atoms.builders.symmetry import SpaceGroup, space_group
from lnmo_atoms.flags import atoms_that_left, moment_changes
from lnmo_atoms.ordering_energies.asked import AskedOrdering
from lnmo_atoms.reference import SAME_GROUP
from lnmo_atoms.results import Failure, OrderingResult, TaskResult, formula_units

log = logging.getLogger(__name__)


class Judge:
    """Makes results of what the engine gave."""

    def __init__(
        self,
        orderings: Sequence[AskedOrdering],
        outcomes: Mapping[str, TaskResult | Failure],
        engine: str,
    ) -> None:
        """Take in all orderings, since the usual moments are theirs.

        Args:
            orderings: any number.
            outcomes: of their calculations, by key.
            engine: name and version.
        """
        self._outcomes, self._engine = outcomes, engine
        self._usual = self._usual_moments(orderings)

    def _usual_moments(self, orderings: Sequence[AskedOrdering]) -> dict[str, float]:
        """μB, median over all relaxed orderings of each species; empty without moments."""
        moments: dict[str, list[float]] = defaultdict(list)
        for one in orderings:
            outcome = self._outcomes[one.relaxation.key]
            if isinstance(outcome, TaskResult) and outcome.moments is not None:
                for site, moment in zip(one.cell.structure, outcome.moments, strict=True):
                    moments[site.species_string].append(float(moment))
        return {species: float(np.median(values)) for species, values in moments.items()}

    def result(self, one: AskedOrdering) -> OrderingResult | None:
        """What came of an ordering; None where a calculation of it failed."""
        static = self._outcomes[one.static.key]
        relaxation = self._outcomes[one.relaxation.key]
        if isinstance(static, Failure) or isinstance(relaxation, Failure):
            return None
        if not relaxation.converged:
            log.warning("%s: not converged after %d steps", one.name, relaxation.steps)
        relaxed = one.cell.unfolded(relaxation.structure)
        group = space_group(relaxed, SAME_GROUP)
        units = formula_units(one.cell.structure)
        return OrderingResult(
            number=one.number,
            structure=one.structure,
            degeneracy=one.degeneracy,
            space_group=one.group,
            engine=self._engine,
            energy_per_formula=relaxation.energy / units,
            energy_unrelaxed_per_formula=static.energy / units,
            relaxed=relaxed,
            relaxed_space_group=group,
            atoms_calculated=len(one.cell.structure),
            converged=relaxation.converged,
            flags=self._flags(one, relaxation, group),
        )

    def _flags(
        self, one: AskedOrdering, relaxation: TaskResult, group: SpaceGroup
    ) -> tuple[str, ...]:
        """What a user must know; moments are compared with those usual of their species."""
        cell = one.cell.structure
        usual = np.array([self._usual.get(site.species_string, 0.0) for site in cell])
        unusual = moment_changes(cell, usual, relaxation.moments)
        became = f"space group {one.group.symbol} became {group.symbol} on relaxing"
        flags = [
            None if relaxation.converged else f"not converged after {relaxation.steps} steps",
            atoms_that_left(cell, relaxation.structure),
            unusual and f"against the median of all orderings, {unusual}",
            became if one.group.number != group.number else None,
        ]
        return tuple(filter(None, flags))
